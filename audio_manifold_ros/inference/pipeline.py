# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From blocks of audio to predictions."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.microphone_health import Fault, MicrophoneHealth
from audio_manifold_ros.audio.preprocessor import AudioPreprocessor
from audio_manifold_ros.audio.sample_clock import SampleClock
from audio_manifold_ros.common.class_ids import UNLABELLED
from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.bundle.prediction import Prediction
from audio_manifold_ros.inference.channel_policy import DEFAULT_POLICY, plan_channels
from audio_manifold_ros.inference.network_input import open_network_input
from audio_manifold_ros.inference.prediction_scheduler import PredictionScheduler

if TYPE_CHECKING:
    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.inference.backends.backend import Backend
    from audio_manifold_ros.inference.bundle.bundle import Bundle
    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput
    from audio_manifold_ros.rig.rig import MicrophoneArray

SKY = 'sky'


@dataclass(frozen=True)
class PipelineStatus:
    """What a pipeline has done since it was made, for diagnostics.

    Attributes:
        predicted: Windows predicted from.
        skipped: Predictions that were due while the last window was not complete: warm-up and gaps.
        dropped: Predictions that were due but came too late: a newer window was taken.
        withheld: Predictions that were due but not made, because microphones are not trusted.
        gaps: Places where samples were missing, refused or not finite.
        samples_lost: Samples missing at the source's rate.
        window_ready: There is a window free of gaps.
        drift_ppm: How much faster the device counts than it says.
        preprocessing_s: Time that the last block took: channel map, resampling, frames of the spectrogram.
        faults: What is wrong with which microphone, by its name (see `Fault`).
        masked: Names of microphones that are taken as silent.
        substitutes: Name of each microphone that is not trusted, and of the neighbour that stands in.
        stopped: Nothing is predicted, because microphones are not trusted.
        limited: Less is predicted than asked for, because the computer does not sustain it; `dropped` counts the rest.

    """

    predicted: int = 0
    skipped: int = 0
    dropped: int = 0
    gaps: int = 0
    samples_lost: int = 0
    window_ready: bool = False
    drift_ppm: float = 0.0
    preprocessing_s: float = 0.0
    withheld: int = 0
    faults: tuple[tuple[str, Fault], ...] = ()
    masked: tuple[str, ...] = ()
    substitutes: tuple[tuple[str, str], ...] = ()
    stopped: bool = False
    limited: bool = False


class Pipeline:
    """Joins conditioning, health of the microphones, features, networks and confidence.

    One thread may push while another predicts. A refused block counts as lost: the stream goes on after it, and
    no window that it touches is predicted from.

    Attributes:
        array_warning: What makes the array unlike the one that the bundle was trained for, or None.

    """

    def __init__(
        self,
        bundle: Bundle,
        backend: Backend,
        array: MicrophoneArray,
        input_rate_hz: int,
        *,
        max_rate_hz: float = 30.0,
        min_confidence: float = 0.0,
        policy: str = DEFAULT_POLICY,
    ) -> None:
        """Allocate everything that is kept.

        Args:
            bundle: A verified bundle.
            backend: Opened for this bundle.
            array: The microphones in the order of the model's channels.
            input_rate_hz: Rate of the blocks.
            max_rate_hz: Predictions a second, at most.
            min_confidence: Pixels of lower confidence become NaN and unlabelled.
            policy: What is done about microphones that cannot be trusted.

        Raises:
            InferenceError: The array has another number of microphones than the bundle, or a value makes no sense.
            AudioError: The rate is out of range.

        """
        manifest, spec = bundle.manifest, bundle.manifest.features
        self.array_warning = bundle.describe_array_difference(array)
        self._manifest = manifest
        self._spec = spec
        self._input_rate_hz = input_rate_hz
        self._preprocessor = AudioPreprocessor(array, input_rate_hz, spec.sample_rate_hz)
        self._array = array
        self._health = MicrophoneHealth(array, input_rate_hz)
        self._input = open_network_input(backend, spec, manifest.microphones)
        self._clock = SampleClock(spec.sample_rate_hz)
        self._scheduler = PredictionScheduler(spec.sample_rate_hz, spec.hop_samples, max_rate_hz)
        self._lock = threading.Lock()
        self._predicted = self._skipped = self._dropped = self._gaps = self._samples_lost = self._withheld = 0
        self._preprocessing_s = 0.0
        self._input_end: int | None = None
        self._output_end: int | None = None
        self._anchor = 0
        self._faults: dict[int, Fault] = {}
        self.min_confidence = min_confidence
        self.policy = policy

    @property
    def max_rate_hz(self) -> float:
        """Predictions a second, at most; may be changed at any time."""
        return self._scheduler.rate_hz

    @max_rate_hz.setter
    def max_rate_hz(self, rate_hz: float) -> None:
        with self._lock:
            self._scheduler.rate_hz = rate_hz

    def limit(self, rate_hz: float) -> None:
        """Predict no more often than the computer sustains; what is due in between is dropped, and counted."""
        with self._lock:
            self._scheduler.min_spacing_samples = self._spec.sample_rate_hz / rate_hz

    @property
    def min_confidence(self) -> float:
        """Pixels of lower confidence become NaN and unlabelled; may be changed at any time."""
        return self._min_confidence

    @min_confidence.setter
    def min_confidence(self, value: float) -> None:
        if not 0 <= value <= 1:
            msg = f'min_confidence is {value!r}: give a number from 0 to 1.'
            raise InferenceError(msg)
        self._min_confidence = value

    @property
    def policy(self) -> str:
        """What is done about microphones that cannot be trusted; may be changed at any time."""
        return self._policy

    @policy.setter
    def policy(self, policy: str) -> None:
        with self._lock:
            self._plan = plan_channels(self._array, self._faults, policy, self._manifest.tolerates_missing)
            self._policy = policy

    def status(self) -> PipelineStatus:
        """Return the counters."""
        with self._lock:
            return PipelineStatus(
                predicted=self._predicted,
                skipped=self._skipped,
                dropped=self._dropped,
                gaps=self._gaps,
                samples_lost=self._samples_lost,
                window_ready=self._input.newest_window_end is not None,
                drift_ppm=self._clock.drift_ppm,
                preprocessing_s=self._preprocessing_s,
                withheld=self._withheld,
                faults=tuple((self._name(index), fault) for index, fault in sorted(self._faults.items())),
                masked=tuple(map(self._name, self._plan.masked)),
                substitutes=tuple(
                    (self._name(index), self._name(substitute)) for index, substitute in self._plan.substitutes
                ),
                stopped=self._plan.stopped,
                limited=self._scheduler.limited,
            )

    def push(self, block: AudioBlock) -> int:
        """Take in a block and return how many new windows it completes.

        Raises:
            AudioError: The block has another rate than promised, or too few channels for the array.
            InferenceError: The block is not finite, or its index lies before the end of the block before; in the
                latter case the stream begins anew with the next block.

        """
        started = perf_counter()
        with self._lock:
            self._detect_gap(block)
            rejected = self._preprocessor.rejected_samples
            preprocessed = self._preprocessor.process(block)
            if self._preprocessor.rejected_samples > rejected:
                msg = (
                    f'The block of samples {block.first_sample} to {block.end_sample} holds NaN or infinity: it is '
                    'not used; check the source.'
                )
                raise InferenceError(msg)
            self._input_end = block.end_sample
            self._update_health(block)
            hops = 0 if preprocessed is None else self._append(preprocessed)
            self._preprocessing_s = perf_counter() - started
            return hops

    def predict(self, *, with_features: bool = True) -> Prediction | None:
        """Predict from the newest window; None if none is due, or none is complete and free of gaps.

        Args:
            with_features: The prediction is to hold its features wherever they were computed. Without, those of
                another device stay there.

        Raises:
            InferenceError: The networks failed on this window.

        """
        with self._lock:
            end = self._input.newest_window_end
            due = 0 if end is None else self._scheduler.take(end)
            if end is None or not due:
                return None
            plan = self._plan
            if plan.stopped:
                self._withheld += due
                return None
            self._dropped += due - 1
            started = perf_counter()
            self._input.take(end, plan)
            first = end - self._spec.window_samples
            image_sample = first + round(self._manifest.frame_position * self._spec.window_samples)
            stamp_ns, newest_stamp_ns = self._clock.stamp_ns(image_sample), self._clock.stamp_ns(end)
        features_done = perf_counter()
        output, features = self._input.run(with_features=with_features)
        depth_m, labels, confidence = self._postprocess(output, plan.usable_fraction)
        network_s = perf_counter() - features_done
        with self._lock:
            self._predicted += 1
        return Prediction(
            depth_m=depth_m,
            labels=labels,
            confidence=confidence,
            features=features,
            first_sample=first,
            end_sample=end,
            stamp_ns=stamp_ns,
            newest_stamp_ns=newest_stamp_ns,
            features_s=features_done - started,
            network_s=network_s,
            masked=tuple(map(self._name, plan.masked)),
            substituted=tuple(self._name(index) for index, _ in plan.substitutes),
        )

    def flush(self) -> None:
        """Forget all audio, for example after a jump in time; the next block may have any index and stamp."""
        with self._lock:
            self._reset_stream()

    def _update_health(self, block: AudioBlock) -> None:
        """Look after the microphones: what a block shows of them counts for the windows that it completes."""
        self._health.push(block.samples, block.first_sample)
        faults = self._health.faults
        if faults != self._faults:
            self._faults = faults
            self._plan = plan_channels(self._array, faults, self._policy, self._manifest.tolerates_missing)

    def _name(self, index: int) -> str:
        return self._array.microphones[index].name

    def _reset_stream(self) -> None:
        self._reset_windows()
        self._health.reset()
        self._clock.reset()
        self._scheduler.reset()
        self._input_end = None

    def _reset_windows(self) -> None:
        """Let neither the resampler nor a window span what is missing here."""
        self._preprocessor.reset()
        self._input.reset()
        self._output_end = None

    def _detect_gap(self, block: AudioBlock) -> None:
        """Notice what is missing before a block."""
        expected = block.first_sample if self._input_end is None else self._input_end
        lost = block.first_sample - expected
        if lost < 0:
            self._gaps += 1
            self._reset_stream()
            msg = (
                f'A block begins at sample {block.first_sample} where {expected} was expected: the stream begins '
                'anew with the next block; flush the pipeline when a source restarts.'
            )
            raise InferenceError(msg)
        if lost or block.overflow:
            self._gaps += 1
            self._samples_lost += lost
            self._reset_windows()

    def _append(self, block: AudioBlock) -> int:
        """Push a conditioned block, and return how many new windows it completes."""
        if self._output_end is None:
            self._anchor = self._output_end = block.first_sample
        before = self._windows(self._output_end)
        self._input.push(block.samples, block.first_sample)
        self._clock.update(block.first_sample, block.stamp_ns)
        self._output_end = block.end_sample
        after = self._windows(block.end_sample)
        if not after:
            self._skipped += self._scheduler.take(block.end_sample)
        elif not before:
            self._scheduler.reset()  # the first image after a gap does not wait for the next instant
        return after - before

    def _windows(self, end_sample: int) -> int:
        """Return how many windows since the last gap are complete at a sample."""
        return max((end_sample - self._anchor - self._spec.window_samples) // self._spec.hop_samples + 1, 0)

    def _postprocess(
        self, output: NetworkOutput, usable_fraction: float
    ) -> tuple[NDArray[np.float32] | None, NDArray[np.uint8] | None, NDArray[np.float32]]:
        manifest = self._manifest
        depth_m, labels = output.depth_m, output.labels
        confidence = manifest.confidence.image(output, manifest.camera.height, manifest.camera.width)
        confidence *= np.float32(usable_fraction)
        is_low_confidence = confidence < self._min_confidence
        if depth_m is not None:
            depth_m = np.where(
                no_return_mask(manifest, depth_m, labels) | is_low_confidence, np.float32(np.nan), depth_m
            )
        if labels is not None:
            labels = np.where(is_low_confidence, np.uint8(UNLABELLED), labels)
        return depth_m, labels, confidence


def no_return_mask(
    manifest: Manifest, depth_m: NDArray[np.float32], labels: NDArray[np.uint8] | None
) -> NDArray[np.bool_]:
    """Return where a depth is published as NaN: the sky, or, where no labels tell it, the far end of the range."""
    sky = manifest.class_id(SKY)
    if labels is not None and sky is not None:
        return np.equal(labels, sky)
    depth = manifest.depth
    far_m = np.inf if depth is None else depth.max_m - depth.far_margin_m
    return np.greater_equal(depth_m, far_m)
