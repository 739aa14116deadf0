# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation of a bundle on a bag: predictions, ground truth, controls, and the folder with the results."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from audio_manifold_ros.bag_evaluation.bag_scores import BagScores, as_published
from audio_manifold_ros.bag_evaluation.ground_truth import BagGroundTruth
from audio_manifold_ros.bag_evaluation.html_report import report_html
from audio_manifold_ros.bag_evaluation.offline_inference import DEFAULT_RATE_HZ, OfflineInference
from audio_manifold_ros.bag_evaluation.result_folder import ResultFolder
from audio_manifold_ros.bag_evaluation.snapshots import SnapshotSampler, evenly_spaced, make_snapshot
from audio_manifold_ros.bag_evaluation.time_shift_control import choose_shift_s
from audio_manifold_ros.bags.decoding.audio_blocks import audio_blocks
from audio_manifold_ros.bags.decoding.audio_message_adapters import AUDIO_BLOCK_TYPE
from audio_manifold_ros.bags.decoding.bag_rig import BagRig, bag_rig
from audio_manifold_ros.bags.decoding.dataset_topics import DatasetTopics, find_topics
from audio_manifold_ros.bags.decoding.recorded_audio import RecordedAudio
from audio_manifold_ros.bags.decoding.rig_depth import RigDepth
from audio_manifold_ros.bags.decoding.rig_mismatch import rig_warning
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.drive_attributes import METRES
from audio_manifold_ros.drawing.images import save_png
from audio_manifold_ros.evaluation.controls.audio_controls import one_microphone
from audio_manifold_ros.evaluation.controls.pixel_prior import PRIOR_FILE, PixelPrior
from audio_manifold_ros.evaluation.reporting.contact_sheet import Snapshot, contact_sheet
from audio_manifold_ros.evaluation.reporting.video import Mp4Writer
from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.rig.depth_calibration import DEPTH_FILE, DepthCalibration
from audio_manifold_ros.rig.extrinsics import Extrinsics
from audio_manifold_ros.rig.rig import MicrophoneArray

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from audio_manifold_ros.bags.decoding.audio_chunk import AudioFormat
    from audio_manifold_ros.evaluation.metrics.depth_and_labels import DepthAndLabels
    from audio_manifold_ros.inference.backends.backend import Backend
    from audio_manifold_ros.inference.bundle.prediction import Prediction

FORMAT_VERSION = 1
REPORT_FILE, METRICS_FILE, SHEET_FILE, VIDEO_FILE = 'report.html', 'metrics.json', 'contact_sheet.png', 'drive.mp4'
VIDEO_RATE_HZ = 10.0
SHEET_COLUMNS = 6


@dataclass(frozen=True)
class EvaluationOptions:
    """Options of an evaluation.

    Attributes:
        bag: Folder or single file of the bag.
        bundle: Folder of the bundle.
        out: Folder for the results.
        rig: Folder of the rig. None for the one in the bag.
        audio: Audio topic. Empty for the only one.
        depth: Topic of ground truth depth. Empty for the default topic.
        labels: Topic of ground truth labels. Empty for the default topic.
        stated: Audio format for messages that do not state it.
        rate_hz: Largest number of predictions per second.
        backend: Name of the backend.
        device: Device of the torch backend.
        threads: Number of threads of the backend on a CPU.

    """

    bag: Path
    bundle: Path
    out: Path
    rig: Path | None = None
    audio: str = ''
    depth: str = ''
    labels: str = ''
    stated: AudioFormat | None = None
    rate_hz: float = DEFAULT_RATE_HZ
    backend: str = 'auto'
    device: str = 'cpu'
    threads: int = 2


@dataclass(frozen=True)
class EvaluationSession:
    """Open resources of an evaluation."""

    options: EvaluationOptions
    bag: BagReader
    topics: DatasetTopics
    bundle: Bundle
    rig: BagRig
    backend: Backend
    array: MicrophoneArray
    rig_depth: RigDepth

    def offline(self) -> OfflineInference:
        """Return a new offline inference over the bag."""
        return OfflineInference(
            audio_blocks(self.bag, self.topics, self.options.stated),
            self.bundle,
            self.backend,
            self.array,
            self.options.rate_hz,
        )

    def predict_mono(self, prediction: Prediction) -> DepthAndLabels:
        """Return the output of the network for the first microphone copied to all channels."""
        return as_published(self.bundle.manifest, self.backend.run(one_microphone(prediction.require_features())))


class PredictionSource(Protocol):
    """Source of predictions for a bag."""

    def predictions(self) -> Iterator[Prediction]:
        """Yield predictions as the node publishes them, in order of time, each with its features."""

    def report(self) -> dict[str, Any]:
        """Return `mode` and statistics as values for JSON. Call it after all predictions."""


class OfflineSource:
    """Offline inference directly from the bag."""

    def __init__(self, session: EvaluationSession) -> None:
        """Compute nothing yet."""
        self._run = session.offline()

    def predictions(self) -> Iterator[Prediction]:
        """Yield the predictions of the pipeline."""
        return self._run.predictions()

    def report(self) -> dict[str, Any]:
        """Return the use of the audio."""
        return {'mode': 'offline', 'heard': asdict(self._run.audio_usage())}


def evaluate_bag(
    options: EvaluationOptions,
    make_source: Callable[[EvaluationSession], PredictionSource] = OfflineSource,
    progress: Callable[[float], None] = lambda _: None,
) -> dict[str, Any]:
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
        description = _describe_run(session)
        folder = ResultFolder(options.out)
        source = make_source(session)
        evaluation, snapshots, ground_truth = _run(session, source, progress)
        description['warnings'] += _outside_warnings(ground_truth)
        result = {**description, **source.report(), 'truth': ground_truth, **evaluation.result()}
        sheet = contact_sheet(evenly_spaced(snapshots.items, SHEET_COLUMNS), _title(session), _subtitle(result))
        save_png(options.out / SHEET_FILE, sheet)
        text = report_html(result, evaluation.curves, (options.out / SHEET_FILE).read_bytes(), VIDEO_FILE)
        folder.write(REPORT_FILE, text)
        folder.write(METRICS_FILE, json.dumps(result, indent=1, ensure_ascii=False) + '\n')
    return result


@contextmanager
def open_session(options: EvaluationOptions) -> Iterator[EvaluationSession]:
    """Open and verify everything that an evaluation needs.

    Raises:
        BagError: The bag cannot be used.
        InferenceError: The bundle or the backend cannot be used.
        RigError: The rig cannot be used.

    """
    bundle = Bundle.load(options.bundle)
    with BagReader(options.bag) as bag, bag_rig(bag, options.rig) as rig:
        array = MicrophoneArray.from_yaml(rig.folder / 'mic_array.yaml')
        backend = open_backend(bundle, options.backend, device=options.device, threads=options.threads)
        topics = find_topics(str(bag.path), bag.topics, audio=options.audio, depth=options.depth, labels=options.labels)
        depth_file = rig.folder / DEPTH_FILE
        rig_depth = RigDepth(DepthCalibration.from_yaml(depth_file) if topics.depth and depth_file.exists() else None)
        yield EvaluationSession(options, bag, topics, bundle, rig, backend, array, rig_depth)


def _run(
    session: EvaluationSession, source: PredictionSource, progress: Callable[[float], None]
) -> tuple[BagScores, SnapshotSampler[Snapshot], dict[str, Any]]:
    """Process all predictions. Return scores, snapshots for the contact sheet, and the report on the ground truth."""
    options, manifest = session.options, session.bundle.manifest
    prior_file = session.bundle.folder / PRIOR_FILE
    prior = PixelPrior.load(prior_file) if prior_file.is_file() else None
    spec = manifest.features
    span_s = max(session.bag.duration_s - spec.window_samples / spec.sample_rate_hz, 0.0)
    evaluation = BagScores(manifest, prior, choose_shift_s(span_s))
    topics = session.topics
    heads = bool(topics.depth) and session.rig_depth.unit == METRES, bool(topics.labels)
    offset_s = Extrinsics.from_yaml(session.rig.folder / 'extrinsics.yaml').audio_time_offset_s
    span_ns = RecordedAudio(session.bag, topics, options.stated).span_ns()
    snapshots: SnapshotSampler[Snapshot] = SnapshotSampler()
    first_ns, frames_written = None, 0
    with (
        BagGroundTruth(session.bag, topics, span_ns, session.rig_depth, offset_s) as ground_truth,
        Mp4Writer(options.out / VIDEO_FILE, _title(session), VIDEO_RATE_HZ) as video,
    ):
        for prediction in source.predictions():
            first_ns = prediction.stamp_ns if first_ns is None else first_ns
            time_s = (prediction.stamp_ns - first_ns) / NS_PER_S
            true_images = ground_truth.at(prediction.stamp_ns)
            evaluation.add(
                time_s, prediction, true_images, None if true_images is None else session.predict_mono(prediction)
            )
            snapshot = make_snapshot(prediction, true_images, heads, manifest, time_s)
            snapshots.add(prediction.stamp_ns, snapshot)
            if time_s * VIDEO_RATE_HZ >= frames_written:
                video.add(snapshot)
                frames_written = int(time_s * VIDEO_RATE_HZ) + 1
            progress(min(max(time_s / max(session.bag.duration_s, 1e-3), 0.0), 1.0))
    if first_ns is None:
        reasons = '; '.join(f'{count} × {reason}' for reason, count in source.report()['heard']['refusals'].items())
        msg = (
            f'{options.bag}: no window can be predicted. {reasons or "A window needs one second of audio."}'
        )
        raise BagError(msg)
    return evaluation, snapshots, ground_truth.report()


def _describe_run(session: EvaluationSession) -> dict[str, Any]:
    """Return the description of bag, bundle, rig and backend."""
    bag, manifest, topics = session.bag, session.bundle.manifest, session.topics
    warnings = [
        session.bundle.describe_array_difference(session.array) or '',
        ''
        if session.rig.origin != 'default'
        else f'No rig is given and the bag contains none: {session.array.array_id!r} is assumed.',
        rig_warning(bag, session.rig.folder) if session.rig.origin == 'given' else '',
        _depth_unit_warning(session),
        'The audio carries no sample index: losses are inferred from stamps.'
        if topics.audio_type != AUDIO_BLOCK_TYPE
        else '',
        *bag.problems,
    ]
    return {
        'format_version': FORMAT_VERSION,
        'bag': {
            'name': bag.path.name,
            'start_ns': bag.start_ns,
            'duration_s': round(bag.duration_s, 3),
            'audio': {'topic': topics.audio, 'type': topics.audio_type},
        },
        'bundle': {'name': manifest.name, 'weights_sha256': manifest.files['weights.safetensors'].sha256},
        'rig': {'array_id': session.array.array_id, 'origin': session.rig.origin},
        'backend': session.backend.name,
        'rate_hz': session.options.rate_hz,
        'warnings': [warning for warning in warnings if warning],
    }


def _depth_unit_warning(session: EvaluationSession) -> str:
    if not session.topics.depth or session.rig_depth.unit == METRES:
        return ''
    return (
        f'The depth of {session.topics.depth!r} is not scored, because the {DEPTH_FILE} of its rig has no scale. Give '
        'depth_scale, min_m and max_m if they are known.'
    )


def _outside_warnings(ground_truth: dict[str, Any]) -> list[str]:
    return [
        f'{track["outside"]} images of {modality} have stamps outside the recording and were ignored: '
        'check that camera and audio use the same clock.'
        for modality, track in ground_truth.items()
        if track.get('outside')
    ]


def _title(session: EvaluationSession) -> str:
    return f'Predicted from {session.bundle.manifest.microphones} microphones: {session.bag.path.name}'


def _subtitle(result: dict[str, Any]) -> str:
    scores = result['scores']
    parts = [f'{result["predictions"]} predictions, {result["with_truth"]} with ground truth']
    for head, key in (('depth', 'abs_rel'), ('segmentation', 'miou')):
        model, prior = scores[head].get(key), scores[head].get(f'{key}_prior')
        if model is not None:
            parts.append(f'{key} {model:.3f}' + ('' if prior is None else f' (training prior {prior:.3f})'))
    return ', '.join(parts)
