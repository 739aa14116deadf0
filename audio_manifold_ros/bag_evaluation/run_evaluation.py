# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation of a bundle on a bag: predictions, ground truth, controls, and the folder with the results."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

from audio_manifold_ros.bag_evaluation.bag_scores import BagScores
from audio_manifold_ros.bag_evaluation.evaluation_session import (
    EvaluationOptions,
    EvaluationSession,
    describe_session,
    open_session,
    session_warnings,
)
from audio_manifold_ros.bag_evaluation.ground_truth import BagGroundTruth, GroundTruthReport
from audio_manifold_ros.bag_evaluation.html_report import report_html
from audio_manifold_ros.bag_evaluation.result_folder import ResultFolder
from audio_manifold_ros.bag_evaluation.snapshots import (
    SnapshotSampler,
    choose_snapshots,
    make_snapshot,
)
from audio_manifold_ros.bag_evaluation.time_shift_control import choose_shift_s
from audio_manifold_ros.bag_evaluation.video_sound import write_sound
from audio_manifold_ros.bags.decoding.audio_blocks import audio_blocks
from audio_manifold_ros.bags.decoding.recorded_audio import RecordedAudio
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.drawing.images import save_png
from audio_manifold_ros.evaluation.controls.pixel_prior import PixelPrior
from audio_manifold_ros.evaluation.reporting.contact_sheet import Snapshot, contact_sheet
from audio_manifold_ros.evaluation.reporting.metric_labels import BAG_VARIANTS
from audio_manifold_ros.evaluation.reporting.video import Mp4Writer
from audio_manifold_ros.modalities.registry import MODALITIES
from audio_manifold_ros.rig.extrinsics import Extrinsics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from audio_manifold_ros.inference.bundle.prediction import Prediction

REPORT_FILE, METRICS_FILE, SHEET_FILE, VIDEO_FILE = 'report.html', 'metrics.json', 'contact_sheet.png', 'drive.mp4'
VIDEO_RATE_HZ = 10.0
MAX_REPEATED_FRAMES = 600
SHEET_COLUMNS = 6


class PredictionSource(Protocol):
    """Source of predictions for a bag."""

    def predictions(self) -> Iterator[Prediction]:
        """Yield predictions as the node publishes them, in order of time, each with its features."""

    def report(self) -> Mapping[str, Any]:
        """Return `mode` and statistics as values for JSON. Call it after all predictions."""


class OfflineSource:
    """Offline inference directly from the bag."""

    def __init__(self, session: EvaluationSession) -> None:
        """Compute nothing yet."""
        self._run = session.offline()

    def predictions(self) -> Iterator[Prediction]:
        """Yield the predictions of the pipeline."""
        return self._run.predictions()

    def report(self) -> Mapping[str, Any]:
        """Return the use of the audio."""
        return {'mode': 'offline', 'audio_usage': asdict(self._run.audio_usage())}


def evaluate_bag(
    options: EvaluationOptions,
    make_source: Callable[[EvaluationSession], PredictionSource] = OfflineSource,
    progress: Callable[[float], None] = lambda _: None,
) -> Mapping[str, Any]:
    """Evaluate a bag and write report, metrics, contact sheet and video into a folder.

    Args:
        options: Options.
        make_source: Function that returns the source of predictions.
        progress: Called with the fraction that is done, 0 to 1.

    Returns:
        Content of `metrics.json`.

    Raises:
        BagError: The bag cannot be used, or gives no prediction.
        InferenceError: The bundle or the backend cannot be used.
        RigError: The rig cannot be used.
        EvaluationError: Ground truth or prior are invalid, or a file cannot be written.

    """
    with open_session(options) as session:
        description, warnings = describe_session(session), session_warnings(session)
        folder = ResultFolder(options.out)
        source = make_source(session)
        evaluation, snapshots, ground_truth, unfit, video = _run(session, source, progress)
        result = {
            **description,
            'warnings': [*warnings, *unfit, *_outside_warnings(ground_truth)],
            **source.report(),
            'truth': {head: asdict(report) for head, report in ground_truth.items()},
            **evaluation.result(),
            'video': video,
        }
        sheet = contact_sheet(choose_snapshots(snapshots, SHEET_COLUMNS), _title(session), _subtitle(result))
        save_png(options.out / SHEET_FILE, sheet)
        text = report_html(result, evaluation.curves, (options.out / SHEET_FILE).read_bytes(), VIDEO_FILE)
        folder.write(REPORT_FILE, text)
        folder.write(METRICS_FILE, json.dumps(result, indent=1, ensure_ascii=False) + '\n')
    return result


def _run(
    session: EvaluationSession, source: PredictionSource, progress: Callable[[float], None]
) -> tuple[BagScores, list[Snapshot], dict[str, GroundTruthReport], tuple[str, ...], dict[str, object]]:
    """Process all predictions.

    Return scores, snapshots, the report and the defects of the ground truth, and codec and notes of the video.
    """
    options, manifest = session.options, session.bundle.manifest
    prior = PixelPrior.of_bundle(session.bundle)
    window_s = manifest.window_s
    span_s = max(session.bag.duration_s - window_s, 0.0)
    evaluation = BagScores(manifest, prior, choose_shift_s(span_s))
    offset_s = Extrinsics.from_yaml(session.rig.folder / 'extrinsics.yaml').audio_time_offset_s
    span_ns = RecordedAudio(session.bag, session.topics, options.stated).span_ns()
    snapshots: SnapshotSampler[Snapshot] = SnapshotSampler()
    # Sparse ground truth rarely falls on the instants of the other sampler.
    with_ground_truth: SnapshotSampler[Snapshot] = SnapshotSampler()
    first_ns, frames_written, time_s = None, 0, 0.0
    previous: Snapshot | None = None
    with (
        BagGroundTruth(session.bag, session.topics, span_ns, session.rig_depth, offset_s) as ground_truth,
        Mp4Writer(options.out / VIDEO_FILE, _title(session), VIDEO_RATE_HZ) as video,
    ):
        for prediction in source.predictions():
            first_ns = prediction.stamp_ns if first_ns is None else first_ns
            time_s = (prediction.stamp_ns - first_ns) / NS_PER_S
            true_images = ground_truth.at(prediction.stamp_ns)
            evaluation.add(
                time_s, prediction, true_images, None if true_images is None else session.predict_mirrored(prediction)
            )
            snapshot = make_snapshot(prediction, *ground_truth.shown(prediction.stamp_ns), manifest, time_s)
            snapshots.add(prediction.stamp_ns, snapshot)
            if snapshot.has_current_ground_truth:
                with_ground_truth.add(prediction.stamp_ns, snapshot)
            slot = int(time_s * VIDEO_RATE_HZ)
            # The last image stands still where predictions are missing, so that the video keeps the speed of the drive.
            if previous is not None:
                for _ in range(min(slot - frames_written, MAX_REPEATED_FRAMES)):
                    video.add(previous)
            if slot >= frames_written:
                video.add(snapshot)
                frames_written = slot + 1
            previous = snapshot
            progress(min(max(time_s / max(session.bag.duration_s, 1e-3), 0.0), 1.0))
    if first_ns is None:
        reasons = '; '.join(
            f'{count} × {reason}' for reason, count in source.report()['audio_usage']['refusals'].items()
        )
        needed = f'A window needs {window_s:.3g} s of audio without gaps.'
        msg = f'{options.bag}: no window can be predicted. {reasons or needed}'
        raise BagError(msg)
    notes = [video.note] if video.note else []
    if options.video_audio:
        notes += _add_sound(session, video, first_ns, time_s + 1 / VIDEO_RATE_HZ)
    described: dict[str, object] = {'codec': video.codec, 'notes': notes}
    shown = [*snapshots.items, *with_ground_truth.items]
    return evaluation, shown, ground_truth.report(), ground_truth.obstacles(), described


def _add_sound(session: EvaluationSession, video: Mp4Writer, start_ns: int, length_s: float) -> list[str]:
    """Add the sound of the bag to its video. Return notes for the user."""
    decoded = audio_blocks(session.bag, session.topics, session.options.stated)
    blocks = (message.block for message in decoded if message.block is not None)
    # The sound of a drive is private. The temporary folder is readable by its owner only.
    with TemporaryDirectory(prefix='audio_manifold_sound_') as folder:
        sound = Path(folder) / 'drive.wav'
        write_sound(sound, blocks, start_ns, length_s)
        note = video.add_sound(sound)
    return [note] if note else []


def _outside_warnings(ground_truth: Mapping[str, GroundTruthReport]) -> list[str]:
    return [
        f'{report.outside} images of {head} have stamps outside the recording and were ignored: '
        'check that camera and audio use the same clock.'
        for head, report in ground_truth.items()
        if report.outside
    ]


def _title(session: EvaluationSession) -> str:
    return f'Predicted from {len(session.array.microphones)} microphones: {session.bag.path.name}'


def _subtitle(result: Mapping[str, Any]) -> str:
    scores = result['scores']
    parts = [f'{result["predictions"]} predictions, {result["with_truth"]} with ground truth']
    for head, modality in MODALITIES.items():
        key = modality.main_metric.key
        model, prior = scores[head].get(key), scores[head].get(f'{key}_prior')
        if model is not None:
            parts.append(f'{key} {model:.3f}' + ('' if prior is None else f' ({BAG_VARIANTS["_prior"]} {prior:.3f})'))
    return ', '.join(parts)
