# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Offline inference on a bag with the pipeline of the node: the predictions of a node that keeps up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.inference.pipeline import Pipeline
from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
from audio_manifold_ros.inference.stream_session import StreamSession

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.bags.decoding.audio_blocks import DecodedAudioMessage
    from audio_manifold_ros.bags.storage.bag_message import BagMessage
    from audio_manifold_ros.features.array_geometry import ArrayGeometry
    from audio_manifold_ros.inference.backends.backend import Backend
    from audio_manifold_ros.inference.bundle.bundle import Bundle
    from audio_manifold_ros.inference.bundle.prediction import Prediction
    from audio_manifold_ros.rig.rig import MicrophoneArray

DEFAULT_RATE_HZ = 30.0
# A reason may contain a sample index, so a bag may have as many reasons as messages.
MAX_REASONS = 20
OTHER_REASONS = 'other reasons'


@dataclass(frozen=True)
class InferenceStep:
    """One audio message and its prediction.

    Attributes:
        message: The message as recorded.
        block: Its audio. None if the message is invalid.
        prediction: Prediction after this block. None if none is due.

    """

    message: BagMessage
    block: AudioBlock | None
    prediction: Prediction | None


@dataclass(frozen=True)
class AudioUsage:
    """Use of the audio of a bag.

    Attributes:
        messages: Number of audio messages.
        seconds: Length of their audio.
        predicted: Windows predicted from.
        skipped: Predictions that were due while no window was complete: warm-up and gaps.
        dropped: Predictions that were due between the ends of two messages, where one was made for all of them.
        gaps: Places where samples are missing or were rejected.
        samples_lost: Missing samples, at the rate of the bag.
        restarts: Number of restarts of the sample index and changes of the format.
        refusals: Messages that could not be used, by reason.
        untrusted: Predictions without a microphone, by its name: it was masked or replaced by its neighbour.

    """

    messages: int
    seconds: float
    predicted: int
    skipped: int
    dropped: int
    gaps: int
    samples_lost: int
    restarts: int
    refusals: dict[str, int]
    untrusted: dict[str, int]


class OfflineInference:
    """Pushes every block of a bag to the node's pipeline, and predicts when a prediction is due.

    A node that keeps up with the audio predicts from the same windows, with the same stamps.
    """

    def __init__(
        self,
        audio: Iterable[DecodedAudioMessage],
        bundle: Bundle,
        backend: Backend,
        array: MicrophoneArray,
        rate_hz: float = DEFAULT_RATE_HZ,
        geometry: ArrayGeometry | None = None,
    ) -> None:
        """Create the inference without audio.

        Args:
            audio: Audio of the bag (see `audio_blocks`).
            bundle: A verified bundle.
            backend: Backend opened for this bundle.
            array: The microphones.
            rate_hz: Largest number of predictions per second, as the node's parameter `prediction.rate_hz`.
            geometry: Geometry of the rig, for spatial features.

        """
        self._audio = audio
        self._pipelines: list[Pipeline] = []
        self._session = StreamSession(
            lambda input_rate_hz: self._register(
                Pipeline(bundle, backend, array, input_rate_hz, PipelineSettings(max_rate_hz=rate_hz), geometry)
            )
        )
        self._messages = 0
        self._seconds = 0.0
        self._rejections: dict[str, int] = {}
        self._excluded_microphones: Counter[str] = Counter()

    def steps(self) -> Iterator[InferenceStep]:
        """Yield a step for each audio message, in order of time."""
        for found in self._audio:
            self._messages += 1
            if found.block is None:
                self._count_rejection(found.rejection_reason)
                yield InferenceStep(found.message, None, None)
                continue
            self._seconds += found.block.samples.shape[1] / found.block.sample_rate_hz
            yield InferenceStep(found.message, found.block, self._predict(found.block))

    def predictions(self) -> Iterator[Prediction]:
        """Yield every prediction, in order of time."""
        for step in self.steps():
            if step.prediction is not None:
                yield step.prediction

    def audio_usage(self) -> AudioUsage:
        """Return the use of the audio so far."""
        total = [pipeline.status() for pipeline in self._pipelines]

        def summed(name: str) -> int:
            return sum(int(getattr(status, name)) for status in total)

        return AudioUsage(
            messages=self._messages,
            seconds=round(self._seconds, 6),
            predicted=summed('predicted'),
            skipped=summed('skipped'),
            dropped=summed('dropped'),
            gaps=summed('gaps'),
            samples_lost=summed('samples_lost'),
            restarts=self._session.flushes + max(len(total) - 1, 0),
            refusals=dict(self._rejections),
            untrusted=dict(self._excluded_microphones),
        )

    def _predict(self, block: AudioBlock) -> Prediction | None:
        try:
            pipeline = self._session.follow(block)
            pipeline.push(block)
            prediction = pipeline.predict()
        except AudioManifoldError as error:
            self._count_rejection(str(error))
            return None
        if prediction is not None:
            self._excluded_microphones.update((*prediction.masked, *prediction.substituted))
        return prediction

    def _count_rejection(self, reason: str) -> None:
        is_listed = reason in self._rejections or len(self._rejections) < MAX_REASONS
        key = reason if is_listed else OTHER_REASONS
        self._rejections[key] = self._rejections.get(key, 0) + 1

    def _register(self, pipeline: Pipeline) -> Pipeline:
        self._pipelines.append(pipeline)
        return pipeline
