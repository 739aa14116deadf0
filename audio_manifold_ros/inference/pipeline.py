# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The inference pipeline: blocks of audio in, predictions out."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.bundle.feature_descriptors import describe_features
from audio_manifold_ros.inference.bundle.feature_statistics import familiarity
from audio_manifold_ros.inference.bundle.prediction import Prediction
from audio_manifold_ros.inference.channel_policy import make_planner
from audio_manifold_ros.inference.microphone_monitor import MicrophoneMonitor
from audio_manifold_ros.inference.network_input import open_network_input
from audio_manifold_ros.inference.pipeline_settings import DEFAULT_SETTINGS, PipelineSettings
from audio_manifold_ros.inference.pipeline_status import PipelineStatus, PredictionCounts
from audio_manifold_ros.inference.postprocessing import postprocess
from audio_manifold_ros.inference.prediction_scheduler import PredictionScheduler
from audio_manifold_ros.inference.temporal_smoothing import SmoothedImages, smooth
from audio_manifold_ros.inference.window_stream import WindowStream
from audio_manifold_ros.modalities.modality_images import image_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.features.array_geometry import ArrayGeometry
    from audio_manifold_ros.inference.backends.backend import Backend
    from audio_manifold_ros.inference.bundle.bundle import Bundle
    from audio_manifold_ros.inference.channel_policy import ChannelPlan
    from audio_manifold_ros.inference.window_stream import WindowProgress
    from audio_manifold_ros.rig.rig import MicrophoneArray


# Predictions whose distance to the training set is summarised for diagnostics.
RECENT_PREDICTIONS = 15
MAX_AGE_PERIODS = 2.0


class BlockArrival(NamedTuple):
    """Arrival of the newest audio.

    Attributes:
        end_sample: End of the audio, at the rate of the networks.
        time_s: When it was pushed, on the clock of `perf_counter`.
        previous_end_sample: End of the audio before it.

    """

    end_sample: int = 0
    time_s: float = 0.0
    previous_end_sample: int = 0


class Pipeline:
    """Joins windows (`WindowStream`), microphones (`MicrophoneMonitor`), schedule, networks and postprocessing.

    One thread may push while another predicts: the networks run without the lock. A rejected block counts as lost: the
    stream continues after it, and no window that includes it is predicted from.

    Attributes:
        array_warning: Difference of the array from the one that the bundle was trained for, or None.

    """

    def __init__(
        self,
        bundle: Bundle,
        backend: Backend,
        array: MicrophoneArray,
        input_rate_hz: int,
        settings: PipelineSettings = DEFAULT_SETTINGS,
        geometry: ArrayGeometry | None = None,
    ) -> None:
        """Allocate the buffers.

        Args:
            bundle: A verified bundle.
            backend: Backend opened for this bundle.
            array: The microphones in the order of the model's channels.
            input_rate_hz: Rate of the blocks.
            settings: Initial settings.
            geometry: Geometry of the rig, which bundles with spatial features need.

        Raises:
            InferenceError: The number of microphones does not fit the bundle, or the geometry is missing.
            AudioError: The rate is out of range.

        """
        manifest, spec = bundle.manifest, bundle.manifest.features
        self.array_warning = bundle.describe_array_difference(array)
        self._manifest = manifest
        self._settings = settings
        self._input = open_network_input(backend, manifest, geometry)
        self._stream = WindowStream(array, input_rate_hz, spec, self._input)
        self._microphones = MicrophoneMonitor(
            array,
            input_rate_hz,
            make_planner(manifest, array),
            settings.policy,
            check_relation=manifest.is_spatial,
        )
        self._scheduler = PredictionScheduler(spec.sample_rate_hz, spec.hop_samples, settings.max_rate_hz)
        self._counts = PredictionCounts()
        self._preprocessing_s = 0.0
        self._statistics = bundle.feature_statistics
        self._features_on_cpu = backend.waveform_network is None
        self._distance_ratios: deque[float] = deque(maxlen=RECENT_PREDICTIONS)
        self._arrival = BlockArrival()
        self._flushes = 0
        self._smoothed: SmoothedImages | None = None
        self._bandwidth_warning = spec.describe_missing_bandwidth(input_rate_hz)
        self._lock = threading.RLock()

    def apply(self, settings: PipelineSettings) -> None:
        """Change the settings, at any time and from any thread."""
        with self._lock:
            self._settings = settings
            self._scheduler.rate_hz = settings.max_rate_hz
            self._microphones.set_policy(settings.policy)

    def limit(self, rate_hz: float) -> None:
        """Limit predictions to the rate that the computer sustains. Predictions due in between count as dropped."""
        with self._lock:
            self._scheduler.limit(rate_hz)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep other threads from starting a prediction, while several blocks are pushed that came late together."""
        with self._lock:
            yield

    @property
    def max_age_s(self) -> float:
        """Age from which on images are of no use to a robot: two periods of the rate that the computer sustains."""
        return MAX_AGE_PERIODS * self._scheduler.period_s

    def drop_prediction(self) -> None:
        """Count the last prediction as dropped, because it is too old to be used."""
        with self._lock:
            self._counts.predicted -= 1
            self._counts.dropped += 1

    def status(self) -> PipelineStatus:
        """Return state and counters."""
        with self._lock:
            return PipelineStatus(
                **vars(self._counts),
                gaps=self._stream.gaps,
                samples_lost=self._stream.samples_lost,
                window_ready=self._input.window_count > 0,
                drift_ppm=self._stream.drift_ppm,
                preprocessing_s=self._preprocessing_s,
                faults=self._microphones.named_faults(),
                masked=self._microphones.masked_names(),
                substitutes=self._microphones.substitute_names(),
                stopped=self._microphones.plan.stopped,
                stop_reason=self._microphones.plan.stop_reason,
                limited=self._scheduler.limited,
                distance_ratio=median(self._distance_ratios) if self._distance_ratios else None,
                mixed_channels=self._microphones.mixed_channels,
                bandwidth_warning=self._bandwidth_warning,
            )

    def push(self, block: AudioBlock) -> int:
        """Add a block and return how many new windows it completes.

        Raises:
            AudioError: The block has another rate than promised, or too few channels for the array.
            InferenceError: The block is not finite, or its index is before the end of the previous block. In the
                latter case the stream restarts with the next block.

        """
        started = perf_counter()
        with self._lock:
            try:
                self._stream.check_order(block)
            except InferenceError:
                self._stream.gaps += 1
                self._reset()
                raise
            progress = self._stream.push(block)
            if progress is not None:
                self._arrival = BlockArrival(progress.end_sample, started, self._arrival.end_sample)
            self._microphones.push(block)
            new_windows = 0 if progress is None else self._schedule(progress)
            self._preprocessing_s = perf_counter() - started
            return new_windows

    def predict(self, *, with_features: bool = True) -> Prediction | None:
        """Predict from the newest window.

        Return None if no prediction is due, no window is complete, or the audio was flushed meanwhile.

        Args:
            with_features: Include the features in the prediction, wherever they were computed. Otherwise features of
                another device stay there.

        Raises:
            InferenceError: The networks failed on this window.

        """
        with self._lock:
            end = self._input.newest_window_end
            due = 0 if end is None else self._scheduler.take(end)
            if end is None or not due:
                return None
            plan, settings = self._microphones.plan, self._settings
            if plan.stopped:
                self._counts.withheld += due
                return None
            self._counts.dropped += due - 1
            self._counts.late += self._is_late(end)
            flushes, smoothed = self._flushes, self._smoothed
            started = perf_counter()
            waited_s = self._age_s(end, started)
            window = self._input.take(end, plan)
            first = end - self._manifest.features.window_samples
            image_sample = first + round(self._manifest.frame_position * self._manifest.features.window_samples)
            stamp_ns, newest_stamp_ns = self._stream.stamp_ns(image_sample), self._stream.stamp_ns(end)
            masked, substitutes = self._microphones.masked_names(), self._microphones.substitute_names()
        features_done = perf_counter()
        output, features = window.run(with_features=with_features or self._statistics is not None)
        distance_ratio = self._distance_ratio(features, plan)
        if settings.smoothing_s > 0:
            end_s = end / self._manifest.features.sample_rate_hz
            output, smoothed = smooth(smoothed, output, end_s, settings.smoothing_s)
        else:
            smoothed = None
        images, confidence = postprocess(
            self._manifest,
            output,
            usable_fraction=plan.usable_fraction * familiarity(distance_ratio),
            min_confidence=settings.min_confidence,
        )
        network_s = perf_counter() - features_done
        with self._lock:
            if flushes != self._flushes:
                # The audio was discarded meanwhile.
                self._counts.dropped += 1
                return None
            self._counts.predicted += 1
            self._smoothed = smoothed
            if distance_ratio is not None:
                self._distance_ratios.append(distance_ratio)
        return Prediction(
            **image_fields(images.by_modality()),
            confidence=confidence,
            features=features if with_features or self._features_on_cpu else None,
            first_sample=first,
            end_sample=end,
            stamp_ns=stamp_ns,
            newest_stamp_ns=newest_stamp_ns,
            waited_s=waited_s,
            features_s=features_done - started,
            network_s=network_s,
            masked=masked,
            substituted=tuple(name for name, _ in substitutes),
            distance_ratio=distance_ratio,
            vehicles=output.vehicles,
        )

    def flush(self) -> None:
        """Drop all audio, for example after a jump in time. The next block may have any index and stamp."""
        with self._lock:
            self._reset()

    def _distance_ratio(self, features: NDArray[np.float32] | None, plan: ChannelPlan) -> float | None:
        if self._statistics is None or features is None:
            return None
        return self._statistics.distance_ratio(describe_features(features, self._manifest.features, plan.masked))

    def _is_late(self, end: int) -> bool:
        """Return whether an earlier window, complete before the newest block, was the one that was due."""
        hops = self._scheduler.lateness_hops
        return hops > 0 and end - hops * self._manifest.features.hop_samples <= self._arrival.previous_end_sample

    def _age_s(self, sample: int, now_s: float) -> float:
        """Return the time since a sample arrived, or since it would have arrived in a block of its own."""
        newer_samples = self._arrival.end_sample - sample
        return now_s - self._arrival.time_s + newer_samples / self._manifest.features.sample_rate_hz

    def _reset(self) -> None:
        self._flushes += 1
        self._smoothed = None
        self._stream.reset()
        self._microphones.reset()
        self._scheduler.reset()
        self._distance_ratios.clear()

    def _schedule(self, progress: WindowProgress) -> int:
        """Count the predictions that are due without a window, and return how many new windows are complete."""
        if not progress.windows:
            self._counts.skipped += self._scheduler.take(progress.end_sample)
        elif not progress.windows_before:
            # The first image after a gap does not wait for the next due time.
            self._scheduler.reset()
        return progress.windows - progress.windows_before
