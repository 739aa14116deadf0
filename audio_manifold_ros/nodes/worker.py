# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one thread that turns audio into published predictions, newest first."""

from __future__ import annotations

import threading
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from audio_manifold_ros.audio.errors import AudioError
from audio_manifold_ros.audio.levels import LevelMeter, Levels
from audio_manifold_ros.audio.source import AudioSource, SourceState, SourceStatus
from audio_manifold_ros.features.errors import FeatureError
from audio_manifold_ros.inference.errors import InferenceError
from audio_manifold_ros.nodes.stage_latency import Percentiles, StageLatency

if TYPE_CHECKING:
    from collections.abc import Callable

    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.inference.pipeline import Pipeline
    from audio_manifold_ros.inference.prediction import Prediction

READ_TIMEOUT_S = 0.1
REST_S = 0.2
# A source that is faster than the clock must not keep the worker from predicting.
MAX_BLOCKS = 64
REFUSALS = (AudioError, FeatureError, InferenceError)


class Output(Protocol):
    """Where the worker's results go; called in the worker's thread."""

    def publish_audio(self, block: AudioBlock) -> None:
        """Take a block as it came from the source."""

    def publish(self, prediction: Prediction, min_confidence: float) -> None:
        """Take a prediction."""


@dataclass(frozen=True)
class Settings:
    """What may change while the worker runs."""

    rate_hz: float
    min_confidence: float
    audio: bool


@dataclass(frozen=True)
class Report:
    """What the worker has seen, for diagnostics.

    Attributes:
        source: Condition of the source.
        levels: Of every channel of the source, over the last second; None before the first block.
        predicted: Windows predicted and published.
        skipped: Windows that could not be predicted from, because they touch lost samples.
        dropped: Windows that were due, but that a newer one overtook.
        flushes: Times that the stream began anew.
        latencies: Milliseconds by stage.
        age_s: Time since the instant that the last images describe; None before the first.
        fault: Why there are no images, or an empty string.

    """

    source: SourceStatus
    levels: Levels | None = None
    predicted: int = 0
    skipped: int = 0
    dropped: int = 0
    flushes: int = 0
    latencies: dict[str, Percentiles] = field(default_factory=dict)
    age_s: float | None = None
    fault: str = ''


class PerceptionWorker:
    """Reads, predicts and publishes in a thread of its own, from `start` to `stop`.

    Late work is dropped: all waiting blocks are taken before a prediction, which is made for the newest window.
    Whatever goes wrong with a block or a window is reported as a fault, and the next one is tried.

    Args:
        source: Opened by `start`, closed by `stop`.
        make_pipeline: Makes the pipeline for an input rate.
        output: Takes the results.
        settings: The first settings.
        now_ns: The clock of the stamps.
        log: Takes a sentence for the log, at most one of a kind a second.

    """

    def __init__(
        self,
        source: AudioSource,
        make_pipeline: Callable[[int], Pipeline],
        output: Output,
        settings: Settings,
        now_ns: Callable[[], int],
        log: Callable[[str], None],
    ) -> None:
        """Keep everything; nothing starts."""
        self.settings = settings
        self._source = source
        self._make_pipeline = make_pipeline
        self._output = output
        self._now_ns = now_ns
        self._log = log
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._flush = threading.Event()
        self._latency = StageLatency()
        self._pipeline: Pipeline | None = None
        self._meter: LevelMeter | None = None
        self._format = (0, 0)
        self._end_sample = 0
        self._due_s: float | None = None
        self._predicted = self._dropped = self._flushes = 0
        self._skipped_before = 0
        self._last_stamp_ns: int | None = None
        self._fault = ''

    def start(self) -> None:
        """Open the source and start the thread.

        Raises:
            AudioError: The source cannot work as configured.

        """
        self._source.open()
        self._thread = threading.Thread(target=self._run, name='perception', daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the source; does nothing when stopped."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._source.close()

    def flush(self) -> None:
        """Forget all audio before the next block: the clock went backwards."""
        self._flush.set()

    def report(self) -> Report:
        """Return what has been seen so far; callable from any thread."""
        meter, stamp_ns = self._meter, self._last_stamp_ns
        return Report(
            source=self._source.status(),
            levels=None if meter is None else meter.snapshot(),
            predicted=self._predicted,
            skipped=self._skipped(),
            dropped=self._dropped,
            flushes=self._flushes,
            latencies=self._latency.percentiles(),
            age_s=None if stamp_ns is None else (self._now_ns() - stamp_ns) / 1e9,
            fault=self._fault,
        )

    def _run(self) -> None:
        while not self._stop.is_set():
            self._step()

    def _step(self) -> None:
        try:
            self._hear()
        except REFUSALS as error:
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001 - the thread must outlive whatever a block brings
            self._fail(f'{error!r}\n{traceback.format_exc()}')

    def _hear(self) -> None:
        block = self._source.read(READ_TIMEOUT_S)
        if block is None:
            if self._source.status().state is SourceState.ENDED:
                self._stop.wait(REST_S)
            return
        for _ in range(MAX_BLOCKS):
            self._take(block)
            block = self._source.read(0.0)
            if block is None:
                break
        self._predict()

    def _take(self, block: AudioBlock) -> None:
        if self.settings.audio:
            self._output.publish_audio(block)
        pipeline = self._prepare(block)
        if self._meter is not None:
            self._meter.update(block.samples)
        self._end_sample = block.end_sample
        pipeline.push(block)
        arrived_ns = block.stamp_ns + block.samples.shape[1] * 1_000_000_000 // block.sample_rate_hz
        self._latency.add('capture', (self._now_ns() - arrived_ns) / 1e9)

    def _prepare(self, block: AudioBlock) -> Pipeline:
        stream = (block.sample_rate_hz, block.channels)
        began_anew = block.first_sample < self._end_sample
        if self._pipeline is None or stream != self._format:
            self._forget()
            self._pipeline = self._make_pipeline(block.sample_rate_hz)
            self._meter = LevelMeter(block.channels, block.sample_rate_hz)
            self._format = stream
        elif self._flush.is_set() or began_anew:
            self._flushes += 1
            self._pipeline.reset()
            self._due_s = None
        self._flush.clear()
        return self._pipeline

    def _predict(self) -> None:
        pipeline, settings = self._pipeline, self.settings
        now_s, period_s = self._end_sample / self._format[0], 1.0 / settings.rate_hz
        if pipeline is None or (self._due_s is not None and now_s < self._due_s + period_s):
            return
        prediction = pipeline.predict()
        if prediction is None:
            self._due_s = None
            return
        self._count_late(now_s, period_s)
        began_s = time.perf_counter()
        self._output.publish(prediction, settings.min_confidence)
        self._latency.add('features', prediction.features_s)
        self._latency.add('network', prediction.network_s)
        self._latency.add('publish', time.perf_counter() - began_s)
        self._latency.add('total', (self._now_ns() - prediction.newest_stamp_ns) / 1e9)
        self._last_stamp_ns = prediction.stamp_ns
        self._predicted += 1
        self._fault = ''

    def _count_late(self, now_s: float, period_s: float) -> None:
        """Move on to the newest instant that was due; those in between are dropped."""
        if self._due_s is None:
            self._due_s = now_s
            return
        periods = int((now_s - self._due_s) / period_s)
        self._dropped += periods - 1
        self._due_s += periods * period_s

    def _skipped(self) -> int:
        return self._skipped_before + (0 if self._pipeline is None else self._pipeline.skipped)

    def _forget(self) -> None:
        self._skipped_before = self._skipped()
        self._pipeline = None
        self._due_s = None

    def _fail(self, message: str) -> None:
        self._fault = message
        self._forget()
        self._end_sample = 0
        self._log(message)
