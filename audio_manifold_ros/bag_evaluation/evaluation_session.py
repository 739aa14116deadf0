# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Options of an evaluation, and the opened bag, bundle, rig and backend."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from audio_manifold_ros.bag_evaluation.bag_scores import as_published
from audio_manifold_ros.bag_evaluation.offline_inference import DEFAULT_RATE_HZ, OfflineInference
from audio_manifold_ros.bags.decoding.audio_blocks import audio_blocks
from audio_manifold_ros.bags.decoding.audio_message_adapters import AUDIO_BLOCK_TYPE
from audio_manifold_ros.bags.decoding.bag_rig import BagRig, bag_rig
from audio_manifold_ros.bags.decoding.dataset_topics import DatasetTopics, find_topics
from audio_manifold_ros.bags.decoding.recorded_audio import RecordedAudio
from audio_manifold_ros.bags.decoding.rig_depth import RigDepth
from audio_manifold_ros.bags.decoding.rig_mismatch import rig_warning
from audio_manifold_ros.bags.statistics.fitness import require_fit_audio
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.datasets.drive_attributes import METRES
from audio_manifold_ros.evaluation.controls.audio_control import mirrored_features, mirrored_microphones
from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle_rig import BundleRig
from audio_manifold_ros.rig.depth_calibration import DEPTH_FILE, DepthCalibration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audio_manifold_ros.bags.decoding.audio_chunk import AudioFormat
    from audio_manifold_ros.inference.backends.backend import Backend
    from audio_manifold_ros.inference.bundle.prediction import Prediction
    from audio_manifold_ros.modalities.modality_images import ModalityImages
    from audio_manifold_ros.rig.rig import MicrophoneArray

FORMAT_VERSION = 1


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
        video_audio: Add the sound of the bag to the video.

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
    video_audio: bool = False


@dataclass(frozen=True)
class EvaluationSession:
    """Open resources of an evaluation."""

    options: EvaluationOptions
    bag: BagReader
    topics: DatasetTopics
    bundle: Bundle
    rig: BagRig
    backend: Backend
    bundle_rig: BundleRig
    rig_depth: RigDepth

    @property
    def array(self) -> MicrophoneArray:
        """The microphones."""
        return self.bundle_rig.array

    def offline(self) -> OfflineInference:
        """Return a new offline inference over the bag."""
        return OfflineInference(
            audio_blocks(self.bag, self.topics, self.options.stated),
            self.bundle,
            self.backend,
            self.array,
            self.options.rate_hz,
            self.bundle_rig.geometry,
        )

    def predict_mirrored(self, prediction: Prediction) -> ModalityImages | None:
        """Return the output of the network with left and right microphones exchanged (see `mirrored_features`)."""
        order = mirrored_microphones(self.array.positions_m)
        features = mirrored_features(prediction.require_features(), self.bundle.manifest.features, order)
        return None if features is None else as_published(self.bundle.manifest, self.backend.run(features))


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
        used = BundleRig.open(bundle, rig.folder)
        bundle = used.bundle
        backend = open_backend(bundle, options.backend, device=options.device, threads=options.threads)
        topics = find_topics(str(bag.path), bag.topics, audio=options.audio, depth=options.depth, labels=options.labels)
        require_fit_audio(bag, topics, options.stated)
        depth_file = rig.folder / DEPTH_FILE
        rig_depth = RigDepth(DepthCalibration.from_yaml(depth_file) if topics.depth and depth_file.exists() else None)
        yield EvaluationSession(options, bag, topics, bundle, rig, backend, used, rig_depth)


def describe_session(session: EvaluationSession) -> dict[str, object]:
    """Return the description of bag, bundle, rig and backend."""
    bag, manifest, topics = session.bag, session.bundle.manifest, session.topics
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
    }


def session_warnings(session: EvaluationSession) -> list[str]:
    """Return the warnings on bag, rig and bundle that are known before the evaluation."""
    bag = session.bag
    warnings = [
        session.bundle_rig.warning,
        ''
        if session.rig.origin != 'default'
        else f'No rig is given and the bag contains none: {session.array.array_id!r} is assumed.',
        rig_warning(bag, session.rig.folder) if session.rig.origin == 'given' else '',
        _depth_unit_warning(session),
        'The audio has no sample index: losses are inferred from stamps.'
        if session.topics.audio_type != AUDIO_BLOCK_TYPE
        else '',
        _bandwidth_warning(session),
        *bag.problems,
    ]
    return [warning for warning in warnings if warning]


def _bandwidth_warning(session: EvaluationSession) -> str:
    """Return the warning that the audio lacks the upper bands of the features, or an empty string."""
    audio = RecordedAudio(session.bag, session.topics, session.options.stated)
    first = next(audio.chunks(), None)
    spec = session.bundle.manifest.features
    return '' if first is None else spec.describe_missing_bandwidth(first.sample_rate_hz)


def _depth_unit_warning(session: EvaluationSession) -> str:
    if not session.topics.depth or session.rig_depth.unit == METRES:
        return ''
    return (
        f'The depth of {session.topics.depth!r} is not scored, because the {DEPTH_FILE} of its rig has no scale. Give '
        'depth_scale, min_m and max_m if they are known.'
    )
