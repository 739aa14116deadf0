# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Predictions straight from a bag, by the code that runs in the node, wherever a node that keeps up predicts."""

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
    from audio_manifold_ros.inference.backends.backend import Backend
    from audio_manifold_ros.inference.bundle.bundle import Bundle
    from audio_manifold_ros.inference.bundle.prediction import Prediction
    from audio_manifold_ros.rig.rig import MicrophoneArray

DEFAULT_RATE_HZ = 30.0
# A reason may name a sample index: a bag whose every message is refused would have as many.
MAX_REASONS = 20
OTHER_REASONS = 'other reasons'


@dataclass(frozen=True)
class InferenceStep:
    """One audio message and what comes of it.

    Attributes:
        message: As recorded.
        block: Its audio; None if the message makes no sense.
        prediction: What is predicted as soon as it has been heard; None if nothing is due.

    """

    message: BagMessage
    block: AudioBlock | None
    prediction: Prediction | None


@dataclass(frozen=True)
class AudioUsage:
    """What was done with the audio of a bag.

    Attributes:
        messages: Audio messages.
        seconds: Length of the audio in them.
        predicted: Windows predicted from.
        skipped: Predictions that were due while no window was complete: warm-up and gaps.
        dropped: Predictions that were due between the ends of two messages: one was made for all of them.
        gaps: Places where samples are missing or were refused.
        samples_lost: Samples missing, at the rate of the bag.
        restarts: Times that the sample index began anew or the format changed.
        refusals: Messages that could not be used, by reason.
        untrusted: Predictions that were made without a microphone, by its name: masked, or its neighbour stood in.

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
    """Pushes every block of a bag into the node's pipeline, and predicts whenever that is due.

    A node that keeps up with the audio predicts from the same windows, with the same stamps.
    """

    def __init__(
        self,
        audio: Iterable[DecodedAudioMessage],
        bundle: Bundle,
        backend: Backend,
        array: MicrophoneArray,
        rate_hz: float = DEFAULT_RATE_HZ,
    ) -> None:
        """Hear nothing yet.

        Args:
            audio: Of the bag, see `heard_audio`.
            bundle: A verified bundle.
            backend: Opened for this bundle.
            array: The microphones.
            rate_hz: Predictions a second, at most; the node's parameter `prediction.rate_hz`.

        """
        self._audio = audio
        self._pipelines: list[Pipeline] = []
        self._listener = StreamSession(
            lambda input_rate_hz: self._register(
                Pipeline(bundle, backend, array, input_rate_hz, PipelineSettings(max_rate_hz=rate_hz))
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
        """Return what was done so far."""
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
            restarts=self._listener.flushes + max(len(total) - 1, 0),
            refusals=dict(self._rejections),
            untrusted=dict(self._excluded_microphones),
        )

    def _predict(self, block: AudioBlock) -> Prediction | None:
        try:
            pipeline = self._listener.follow(block)
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
