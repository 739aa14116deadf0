# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Intake of audio: a thread that reads a source and pushes its blocks while another thread predicts."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from audio_manifold_ros.audio.levels import LevelMeter
from audio_manifold_ros.audio.source import SourceState
from audio_manifold_ros.inference.stream_session import StreamSession
from audio_manifold_ros.processes.repeating_thread import RepeatingThread

if TYPE_CHECKING:
    from collections.abc import Callable

    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.audio.levels import ChannelLevel
    from audio_manifold_ros.audio.source import AudioSource
    from audio_manifold_ros.inference.pipeline import Pipeline
    from audio_manifold_ros.inference.pipeline_settings import PipelineSettings

READ_TIMEOUT_S = 0.1
IDLE_SLEEP_S = 0.2
# Limit of the audio that is read before it is announced, so that a source that is faster than the clock does not
# prevent predictions. Twice the elapsed time is added, so that no queue remains after a stall of the computer.
BASE_DRAIN_S = 0.3
DRAIN_FACTOR = 2.0
# A block that comes later than this shows a stall. Blocks of that time may still be on their way through other threads.
STALL_S = 0.02
SETTLE_S = 0.005


class AudioIntake:
    """Reads a source and pushes its blocks, from `start` to `stop`. The source is open in between.

    A block never waits for a prediction. All waiting blocks are pushed before audio is announced, so that the next
    prediction is made from the newest window. An error in a block is reported, and the next block is tried.

    Args:
        source: Opened by `start`, closed by `stop`.
        make_pipeline: Creates the pipeline for an input rate.
        settings: Initial settings of the pipeline.
        on_block: Called with each block before it is pushed, in the thread of the intake.
        on_pushed: Called with each block after it is pushed, in the thread of the intake.
        on_error: Called with each error of a block, in the thread of the intake.

    """

    def __init__(
        self,
        source: AudioSource,
        make_pipeline: Callable[[int], Pipeline],
        settings: PipelineSettings,
        on_block: Callable[[AudioBlock], None],
        on_pushed: Callable[[AudioBlock], None],
        on_error: Callable[[Exception], None],
    ) -> None:
        """Store the parameters. Nothing is started."""
        self._source = source
        self._session = StreamSession(make_pipeline)
        self._settings = settings
        self._applied_settings: PipelineSettings | None = None
        self._on_block, self._on_pushed, self._on_error = on_block, on_pushed, on_error
        self._thread = RepeatingThread('audio_intake', self._step)
        self._flush = threading.Event()
        self._audio = threading.Condition()
        self._has_audio = False
        self._pipeline: Pipeline | None = None
        self._meter: LevelMeter | None = None
        self._read_s = 0.0

    def start(self) -> None:
        """Open the source and start the thread.

        Raises:
            AudioError: The source cannot work as configured.

        """
        self._source.open()
        self._read_s = time.perf_counter()
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the source. Do nothing if stopped."""
        self._thread.stop()
        self._source.close()

    def flush(self) -> None:
        """Drop all audio before the next block. Callable from any thread."""
        self._flush.set()

    def apply(self, settings: PipelineSettings) -> None:
        """Change the settings from the next block on. Callable from any thread."""
        self._settings = settings

    @property
    def pipeline(self) -> Pipeline | None:
        """Pipeline of the last block. None before the first."""
        return self._pipeline

    @property
    def flushes(self) -> int:
        """Number of restarts of the stream in the same format."""
        return self._session.flushes

    def levels(self) -> tuple[ChannelLevel, ...]:
        """Return the level of every channel over the last second, empty before the first block."""
        meter = self._meter
        return () if meter is None else meter.snapshot()

    def wait_for_audio(self, timeout_s: float) -> Pipeline | None:
        """Wait for audio since the last call, and return its pipeline. None if there is none in time."""
        with self._audio:
            if not self._audio.wait_for(lambda: self._has_audio, timeout_s):
                return None
            self._has_audio = False
            return self._pipeline

    def _step(self) -> None:
        try:
            self._take_in()
        except Exception as error:  # noqa: BLE001 - the thread must survive any error of a source
            self._on_error(error)

    def _take_in(self) -> None:
        """Push all blocks that wait, and announce them."""
        blocks = self._read_waiting()
        if not blocks:
            return
        # No prediction is made from audio that is older than the blocks that follow it here.
        with ExitStack() as held:
            for block in blocks:
                self._push(block, held)
        with self._audio:
            self._has_audio = True
            self._audio.notify()

    def _read_waiting(self) -> list[AudioBlock]:
        """Wait for a block and return all that wait. After a stall, wait shortly for those that other threads hold."""
        block = self._source.read(READ_TIMEOUT_S)
        if block is None:
            if self._source.status().state is SourceState.ENDED:
                self._thread.wait(IDLE_SLEEP_S)
            return []
        blocks, read_s = [block], time.perf_counter()
        elapsed_s = read_s - self._read_s
        remaining_s = BASE_DRAIN_S + DRAIN_FACTOR * elapsed_s
        settle_s = SETTLE_S if elapsed_s - _duration_s(block) > STALL_S else 0.0
        while remaining_s > 0 and (block := self._source.read(settle_s)) is not None:
            blocks.append(block)
            remaining_s -= _duration_s(block)
            before_s, read_s = read_s, time.perf_counter()
            if read_s - before_s > _duration_s(block) / 2:
                # The block was not waiting: the stream is in real time again.
                settle_s = 0.0
        self._read_s = read_s
        return blocks

    def _push(self, block: AudioBlock, held: ExitStack) -> None:
        try:
            self._on_block(block)
            pipeline, meter = self._prepare(block)
            held.enter_context(pipeline.hold())
            meter.update(block.samples)
            pipeline.push(block)
        except Exception as error:  # noqa: BLE001 - the thread must survive any error of a block
            self._on_error(error)
        else:
            self._on_pushed(block)

    def _prepare(self, block: AudioBlock) -> tuple[Pipeline, LevelMeter]:
        """Return pipeline and level meter for the format of a block, with the current settings."""
        # A request that comes after this line is kept for the next block.
        flush = self._flush.is_set()
        if flush:
            self._flush.clear()
        pipeline, settings = self._session.follow(block, flush=flush), self._settings
        if pipeline is not self._pipeline or self._meter is None:
            self._pipeline, self._applied_settings = pipeline, None
            self._meter = LevelMeter(block.channels, block.sample_rate_hz)
        if settings is not self._applied_settings:
            pipeline.apply(settings)
            self._applied_settings = settings
        return pipeline, self._meter


def _duration_s(block: AudioBlock) -> float:
    return block.samples.shape[1] / block.sample_rate_hz
