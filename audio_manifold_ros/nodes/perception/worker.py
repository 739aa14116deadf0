# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Worker thread of the perception node: reads audio, predicts from the newest window, publishes."""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from audio_manifold_ros.audio.levels import ChannelLevel, LevelMeter
from audio_manifold_ros.audio.source import AudioSource, SourceState, SourceStatus
from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.inference.pipeline import Pipeline
from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
from audio_manifold_ros.inference.pipeline_status import PipelineStatus
from audio_manifold_ros.inference.rate_limiter import SustainedRateEstimator
from audio_manifold_ros.inference.stream_session import StreamSession
from audio_manifold_ros.nodes.common.run_node import set_thread_name
from audio_manifold_ros.nodes.perception.gc_monitor import GcMonitor
from audio_manifold_ros.nodes.perception.stage_latency import Percentiles, StageLatency

if TYPE_CHECKING:
    from collections.abc import Callable

    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.audio.microphone_health import Fault
    from audio_manifold_ros.inference.bundle.prediction import Prediction

READ_TIMEOUT_S = 0.1
IDLE_SLEEP_S = 0.2
# Limit of the audio that is read before a prediction, so that a source that is faster than the clock does not prevent
# predictions. Twice the elapsed time is added, so that no queue remains after a long prediction.
BASE_DRAIN_S = 0.3
DRAIN_FACTOR = 2.0
RATE_WINDOW_PREDICTIONS = 32


class WorkerOutput(Protocol):
    """Receiver of the worker's results. It is called in the thread of the worker."""

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
    """Reads, predicts and publishes in its own thread, from `start` to `stop`.

    Late work is dropped: all waiting blocks are read before a prediction, which is made from the newest window. If the
    machine does not sustain the requested rate, predictions are made at the rate that it sustains. An error in a block
    or a window is reported as a fault, and the next one is tried.

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
        self._session = StreamSession(make_pipeline)
        self._output = output
        self._now_ns = now_ns
        self._log = log
        self._log_details = log_details
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._flush = threading.Event()
        self._latency = StageLatency()
        self._gc_monitor = GcMonitor()
        self._pipeline: Pipeline | None = None
        self._applied_settings: PipelineSettings | None = None
        self._meter: LevelMeter | None = None
        # Age of the last images when they were published, and when that was on the monotonic clock.
        self._published_age: tuple[float, float] | None = None
        self._rate_limiter = SustainedRateEstimator()
        self._prediction_times_s: deque[float] = deque(maxlen=RATE_WINDOW_PREDICTIONS)
        self._audio_processing_s = 0.0
        self._last_read_s = time.perf_counter()
        self._fault = ''

    def start(self) -> None:
        """Open the source and start the thread.

        Raises:
            AudioError: The source cannot work as configured.

        """
        self._source.open()
        self._gc_monitor.start()
        self._thread = threading.Thread(target=self._run, name='perception', daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the source. Do nothing if stopped."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._gc_monitor.stop()
        self._source.close()

    def flush(self) -> None:
        """Drop all audio before the next block, because the clock went back."""
        self._flush.set()

    def apply(self, settings: WorkerSettings) -> None:
        """Change the settings from the next block on. Callable from any thread."""
        self._settings = settings

    def faults(self) -> tuple[tuple[str, Fault], ...]:
        """Return name and fault of each faulty microphone. Callable from any thread."""
        pipeline = self._pipeline
        return () if pipeline is None else pipeline.status().faults

    def report(self) -> WorkerReport:
        """Return the current state. Callable from any thread."""
        meter, pipeline, published_age = self._meter, self._pipeline, self._published_age
        return WorkerReport(
            source=self._source.status(),
            pipeline=PipelineStatus() if pipeline is None else pipeline.status(),
            levels=() if meter is None else meter.snapshot(),
            flushes=self._session.flushes,
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

    def _run(self) -> None:
        set_thread_name('perception')
        while not self._stop.is_set():
            self._step()

    def _step(self) -> None:
        try:
            self._process_audio()
        except AudioManifoldError as error:
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001 - the thread must survive any error of a block
            self._flush.set()
            self._fail(f'Unexpected error, please report it: {error!r}')
            self._log_details(traceback.format_exc())

    def _process_audio(self) -> None:
        block = self._source.read(READ_TIMEOUT_S)
        if block is None:
            if self._source.status().state is SourceState.ENDED:
                self._stop.wait(IDLE_SLEEP_S)
            return
        start_s = time.perf_counter()
        pipeline = self._process_block(block)
        remaining_s = BASE_DRAIN_S + DRAIN_FACTOR * (start_s - self._last_read_s)
        while remaining_s > 0 and (block := self._source.read(0.0)) is not None:
            pipeline = self._process_block(block)
            remaining_s -= block.samples.shape[1] / block.sample_rate_hz
        self._last_read_s = time.perf_counter()
        self._audio_processing_s += self._last_read_s - start_s
        self._predict(pipeline)

    def _process_block(self, block: AudioBlock) -> Pipeline:
        if self._settings.audio:
            self._output.publish_audio(block)
        pipeline, meter = self._prepare(block)
        meter.update(block.samples)
        pipeline.push(block)
        end_ns = block.stamp_ns + block.samples.shape[1] * NS_PER_S // block.sample_rate_hz
        self._latency.add('capture', (self._now_ns() - end_ns) / NS_PER_S)
        return pipeline

    def _prepare(self, block: AudioBlock) -> tuple[Pipeline, LevelMeter]:
        """Return pipeline and level meter for the format of a block, with the current settings."""
        flush = self._flush.is_set()
        self._flush.clear()
        pipeline, settings = self._session.follow(block, flush=flush), self._settings.pipeline
        if pipeline is not self._pipeline or self._meter is None:
            self._pipeline, self._applied_settings = pipeline, None
            self._meter = LevelMeter(block.channels, block.sample_rate_hz)
        if settings is not self._applied_settings:
            pipeline.apply(settings)
            self._applied_settings = settings
        return pipeline, self._meter

    def _predict(self, pipeline: Pipeline) -> None:
        start_s = time.perf_counter()
        prediction = pipeline.predict(with_features=self._output.needs_features())
        if prediction is None:
            return
        predicted_s = time.perf_counter()
        self._output.publish(prediction)
        now_s = time.perf_counter()
        self._latency.add('features', prediction.features_s)
        self._latency.add('network', prediction.network_s)
        self._latency.add('publish', now_s - predicted_s)
        self._latency.add('total', (self._now_ns() - prediction.newest_stamp_ns) / NS_PER_S)
        for seconds in self._gc_monitor.collection_times_s():
            self._latency.add('garbage', seconds)
        self._rate_limiter.add(self._audio_processing_s, now_s - start_s, now_s)
        self._audio_processing_s = 0.0
        pipeline.limit(self._rate_limiter.rate_hz)
        self._prediction_times_s.append(now_s)
        self._published_age = (self._now_ns() - prediction.stamp_ns) / NS_PER_S, time.monotonic()
        self._fault = ''

    def _fail(self, message: str) -> None:
        self._fault = message
        self._log(message)
