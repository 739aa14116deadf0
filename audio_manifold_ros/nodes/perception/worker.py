# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Worker of the perception node: takes audio in, predicts from the newest window, publishes."""

from __future__ import annotations

import math
import time
import traceback
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from audio_manifold_ros.audio.source import SourceStatus
from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.inference.audio_intake import AudioIntake
from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
from audio_manifold_ros.inference.pipeline_status import PipelineStatus
from audio_manifold_ros.inference.sustained_rate import SustainedRateEstimator
from audio_manifold_ros.nodes.perception.gc_monitor import GcMonitor
from audio_manifold_ros.nodes.perception.stage_latency import Percentiles, StageLatency
from audio_manifold_ros.processes.repeating_thread import RepeatingThread

if TYPE_CHECKING:
    from collections.abc import Callable

    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.audio.levels import ChannelLevel
    from audio_manifold_ros.audio.microphone_health import Fault
    from audio_manifold_ros.audio.source import AudioSource
    from audio_manifold_ros.inference.bundle.prediction import Prediction
    from audio_manifold_ros.inference.pipeline import Pipeline

WAIT_TIMEOUT_S = 0.1
RATE_WINDOW_PREDICTIONS = 32


class WorkerOutput(Protocol):
    """Receiver of the worker's results. Audio and predictions come in threads of their own."""

    def publish_audio(self, block: AudioBlock) -> None:
        """Publish a block of the source."""

    def needs_features(self) -> bool:
        """Return whether the next prediction should include its features."""

    def publish(self, prediction: Prediction) -> None:
        """Publish a prediction."""


@dataclass(frozen=True)
class WorkerSettings:
    """Settings that may change while the worker runs.

    Attributes:
        pipeline: Settings of the pipeline.
        audio: Publish the blocks of the source.

    """

    pipeline: PipelineSettings
    audio: bool


@dataclass(frozen=True)
class WorkerReport:
    """State of the worker, for diagnostics.

    Attributes:
        source: State of the source.
        pipeline: Counters since the last change of the stream's format.
        levels: Level of every channel of the source over the last second, empty before the first block.
        flushes: Number of restarts of the stream.
        latencies: Milliseconds by stage.
        age_s: Age of the last images. None before the first.
        rate_hz: Recent predictions per second.
        requested_rate_hz: Requested predictions per second.
        fault: Why there are no images, or an empty string.

    """

    source: SourceStatus
    pipeline: PipelineStatus = field(default_factory=PipelineStatus)
    levels: tuple[ChannelLevel, ...] = ()
    flushes: int = 0
    latencies: dict[str, Percentiles] = field(default_factory=dict)
    age_s: float | None = None
    rate_hz: float = 0.0
    requested_rate_hz: float = 0.0
    fault: str = ''


class PerceptionWorker:
    """Takes audio in, predicts and publishes in its own threads, from `start` to `stop`.

    One thread takes audio in (`AudioIntake`). Another one predicts from the newest window and publishes. Late work is
    dropped, and never queued: a prediction that is late by a period is not made, and one that would be older than two
    periods when its messages are made is not published. If the machine does not sustain the requested rate, predictions
    are made at the rate that it sustains. An error in a block or a window is reported as a fault, and the next one is
    tried.

    Args:
        source: Opened by `start`, closed by `stop`.
        make_pipeline: Creates the pipeline for an input rate.
        output: Receiver of the results.
        settings: Initial settings.
        now_ns: The clock of the stamps.
        log: Function that logs a sentence.
        log_details: Function that logs the traceback of an unexpected error.

    """

    def __init__(
        self,
        source: AudioSource,
        make_pipeline: Callable[[int], Pipeline],
        output: WorkerOutput,
        settings: WorkerSettings,
        now_ns: Callable[[], int],
        log: Callable[[str], None],
        log_details: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Store the parameters. Nothing is started."""
        self._settings = settings
        self._source = source
        self._intake = AudioIntake(
            source,
            make_pipeline,
            settings.pipeline,
            on_block=self._publish_audio,
            on_pushed=self._measure_intake,
            on_error=self._report_error,
        )
        self._output = output
        self._now_ns = now_ns
        self._log = log
        self._log_details = log_details
        self._thread = RepeatingThread('prediction', self._step)
        self._latency = StageLatency()
        self._gc_monitor = GcMonitor()
        # Age of the last images when they were published, and when that was on the monotonic clock.
        self._published_age: tuple[float, float] | None = None
        self._sustained_rate = SustainedRateEstimator()
        self._prediction_times_s: deque[float] = deque(maxlen=RATE_WINDOW_PREDICTIONS)
        self._fault = ''

    def start(self) -> None:
        """Open the source and start the threads.

        Raises:
            AudioError: The source cannot work as configured.

        """
        self._intake.start()
        self._gc_monitor.start()
        self._thread.start()

    def stop(self) -> None:
        """End the threads and close the source. Do nothing if stopped."""
        self._thread.stop()
        self._intake.stop()
        self._gc_monitor.stop()

    def flush(self) -> None:
        """Drop all audio before the next block, because the clock went back."""
        self._intake.flush()

    def apply(self, settings: WorkerSettings) -> None:
        """Change the settings from the next block on. Callable from any thread."""
        self._settings = settings
        self._intake.apply(settings.pipeline)

    def faults(self) -> tuple[tuple[str, Fault], ...]:
        """Return name and fault of each faulty microphone. Callable from any thread."""
        pipeline = self._intake.pipeline
        return () if pipeline is None else pipeline.status().faults

    def report(self) -> WorkerReport:
        """Return the current state. Callable from any thread."""
        pipeline, published_age = self._intake.pipeline, self._published_age
        return WorkerReport(
            source=self._source.status(),
            pipeline=PipelineStatus() if pipeline is None else pipeline.status(),
            levels=self._intake.levels(),
            flushes=self._intake.flushes,
            latencies=self._latency.percentiles(),
            # By monotonic time: ROS time may stand still.
            age_s=None if published_age is None else published_age[0] + time.monotonic() - published_age[1],
            rate_hz=self._rate_hz(),
            requested_rate_hz=self._settings.pipeline.max_rate_hz,
            fault=self._fault,
        )

    def _rate_hz(self) -> float:
        """Return the predictions per second since the oldest recorded one. It falls while none are made."""
        prediction_times_s = list(self._prediction_times_s)
        return (
            (len(prediction_times_s) - 1) / (time.perf_counter() - prediction_times_s[0])
            if len(prediction_times_s) > 1
            else 0.0
        )

    def _publish_audio(self, block: AudioBlock) -> None:
        if self._settings.audio:
            self._output.publish_audio(block)

    def _measure_intake(self, block: AudioBlock) -> None:
        end_ns = block.stamp_ns + block.samples.shape[1] * NS_PER_S // block.sample_rate_hz
        self._latency.add('capture', (self._now_ns() - end_ns) / NS_PER_S)

    def _step(self) -> None:
        pipeline = self._intake.wait_for_audio(WAIT_TIMEOUT_S)
        if pipeline is None:
            return
        try:
            self._predict(pipeline)
        except Exception as error:  # noqa: BLE001 - the thread must survive any error of a window
            self._report_error(error)

    def _predict(self, pipeline: Pipeline) -> None:
        start_s = time.perf_counter()
        prediction = pipeline.predict(with_features=self._output.needs_features())
        if prediction is None:
            return
        # The messages take time as well.
        age_s = prediction.age_s + self._latency.median_s('publish')
        # The first predictions warm up. They are published whatever their age.
        if math.isfinite(self._sustained_rate.rate_hz) and age_s > pipeline.max_age_s:
            pipeline.drop_prediction()
        else:
            self._publish(prediction)
        self._sustained_rate.add(time.perf_counter() - start_s)
        pipeline.limit(self._sustained_rate.rate_hz)

    def _publish(self, prediction: Prediction) -> None:
        start_s = time.perf_counter()
        self._output.publish(prediction)
        now_s = time.perf_counter()
        self._latency.add('wait', prediction.waited_s)
        self._latency.add('features', prediction.features_s)
        self._latency.add('network', prediction.network_s)
        self._latency.add('publish', now_s - start_s)
        self._latency.add('total', (self._now_ns() - prediction.newest_stamp_ns) / NS_PER_S)
        for seconds in self._gc_monitor.collection_times_s():
            self._latency.add('garbage', seconds)
        self._prediction_times_s.append(now_s)
        self._published_age = (self._now_ns() - prediction.stamp_ns) / NS_PER_S, time.monotonic()
        self._fault = ''

    def _report_error(self, error: Exception) -> None:
        """Report an error of a block or a window. After an unexpected one, the audio before it is dropped."""
        if isinstance(error, AudioManifoldError):
            self._fail(str(error))
            return
        self._intake.flush()
        self._fail(f'Unexpected error, please report it: {error!r}')
        self._log_details(''.join(traceback.format_exception(error)))

    def _fail(self, message: str) -> None:
        self._fault = message
        self._log(message)
