# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.audio.source import SourceState, SourceStatus
from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.audio_intake import STALL_S, AudioIntake
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.prediction import NetworkOutput
from audio_manifold_ros.inference.pipeline import Pipeline
from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
from audio_manifold_ros.rig.rig import MicrophoneArray

RATE_HZ, BLOCK_SAMPLES, WINDOW_SAMPLES = 22_500, 256, 4500
WINDOW_BLOCKS = -(-WINDOW_SAMPLES // BLOCK_SAMPLES)
TIMEOUT_S = 20.0


class QueueSource:
    """Source of blocks that a test gives. A block on its way only arrives for a reader that waits."""

    sample_rate_hz, channels = RATE_HZ, 8

    def __init__(self, block_samples: int = BLOCK_SAMPLES) -> None:
        self._block_samples = block_samples
        self._blocks: queue.Queue[AudioBlock] = queue.Queue()
        self._on_the_way: queue.Queue[AudioBlock] = queue.Queue()
        self._next_sample = 0

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def status(self) -> SourceStatus:
        return SourceStatus(SourceState.STREAMING, 'Open.')

    def give(self, blocks: int, *, on_the_way: int = 0, value: float = 0.1) -> None:
        samples, first = np.full((8, self._block_samples), value, np.float32), self._next_sample
        given = [
            AudioBlock(samples, at, RATE_HZ, at * 10**9 // RATE_HZ)
            for at in range(first, first + (blocks + on_the_way) * self._block_samples, self._block_samples)
        ]
        self._next_sample = given[-1].end_sample
        for block in given[blocks:]:
            self._on_the_way.put(block)
        for block in given[:blocks]:
            self._blocks.put(block)

    def read(self, timeout_s: float) -> AudioBlock | None:
        if self._blocks.empty() and timeout_s > 0 and not self._on_the_way.empty():
            return self._on_the_way.get()
        try:
            return self._blocks.get(timeout=timeout_s) if timeout_s else self._blocks.get_nowait()
        except queue.Empty:
            return None


class BlockedBackend:
    """Backend whose network runs until `blocks` more blocks are pushed."""

    name, reason, waveform_network = 'blocked', 'for a test', None

    def __init__(self, backend: OnnxBackend) -> None:
        self._backend = backend
        self.began, self.may_end = threading.Event(), threading.Event()

    def run(self, features: np.ndarray) -> NetworkOutput:
        self.began.set()
        assert self.may_end.wait(TIMEOUT_S), 'audio waits for the network'
        return self._backend.run(features)


class Taken:
    """Blocks that an intake has pushed, and its errors."""

    def __init__(self) -> None:
        self.pushed: queue.Queue[AudioBlock] = queue.Queue()
        self.errors: list[Exception] = []

    def wait_for_blocks(self, count: int) -> None:
        for _ in range(count):
            self.pushed.get(timeout=TIMEOUT_S)


class LateRequest(threading.Event):
    """Event that another thread sets just after it was found unset."""

    def is_set(self) -> bool:
        found = super().is_set()
        self.set()
        return found


@contextmanager
def running_intake(pipeline: Pipeline, source: QueueSource) -> Iterator[tuple[AudioIntake, Taken]]:
    taken = Taken()
    intake = AudioIntake(
        source, lambda _: pipeline, PipelineSettings(), lambda _: None, taken.pushed.put, taken.errors.append
    )
    intake.start()
    try:
        yield intake, taken
    finally:
        intake.stop()


@pytest.fixture(scope='module')
def backend(short_bundle: Bundle) -> OnnxBackend:
    return OnnxBackend(short_bundle)


def test_audio_is_taken_in_while_the_network_runs(
    short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray
) -> None:
    blocked, source = BlockedBackend(backend), QueueSource()
    pipeline = Pipeline(short_bundle, blocked, array, RATE_HZ)
    with running_intake(pipeline, source) as (intake, taken):
        source.give(WINDOW_BLOCKS)
        taken.wait_for_blocks(WINDOW_BLOCKS)
        assert intake.wait_for_audio(TIMEOUT_S) is pipeline
        predicting = threading.Thread(target=pipeline.predict)
        predicting.start()
        assert blocked.began.wait(TIMEOUT_S)
        source.give(5)
        taken.wait_for_blocks(5)
        blocked.may_end.set()
        predicting.join()
    assert pipeline.status().predicted == 1
    assert not taken.errors


def test_all_audio_of_a_stall_is_pushed_before_it_is_announced(
    short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray
) -> None:
    # Blocks of 0.1 s, so that a busy machine that interrupts the thread does not look like a stream in real time.
    source, pipeline = QueueSource(2250), Pipeline(short_bundle, backend, array, RATE_HZ)
    with running_intake(pipeline, source) as (intake, taken):
        source.give(2)
        taken.wait_for_blocks(2)
        time.sleep(0.1 + 4 * STALL_S)
        while intake.wait_for_audio(0.0):
            pass
        # The other blocks of the stall are still in another thread when the first one is read.
        source.give(1, on_the_way=4)
        assert intake.wait_for_audio(TIMEOUT_S) is pipeline
        assert taken.pushed.qsize() == 5


def test_a_block_that_is_refused_does_not_end_the_intake(
    short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray
) -> None:
    source, pipeline = QueueSource(), Pipeline(short_bundle, backend, array, RATE_HZ)
    with running_intake(pipeline, source) as (_, taken):
        source.give(1, value=np.nan)
        source.give(WINDOW_BLOCKS)
        taken.wait_for_blocks(WINDOW_BLOCKS)
        assert [type(error) for error in taken.errors] == [InferenceError]
        assert pipeline.status().window_ready


def test_a_prediction_from_audio_that_is_flushed_meanwhile_is_dropped(
    short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray
) -> None:
    blocked, source, found = BlockedBackend(backend), QueueSource(), []
    pipeline = Pipeline(short_bundle, blocked, array, RATE_HZ)
    with running_intake(pipeline, source) as (_, taken):
        source.give(WINDOW_BLOCKS)
        taken.wait_for_blocks(WINDOW_BLOCKS)
        predicting = threading.Thread(target=lambda: found.append(pipeline.predict()))
        predicting.start()
        assert blocked.began.wait(TIMEOUT_S)
        pipeline.flush()
        blocked.may_end.set()
        predicting.join()
    assert found == [None]
    assert (pipeline.status().predicted, pipeline.status().dropped) == (0, 1)


def test_a_flush_during_a_block_is_kept_for_the_next_one(
    short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray
) -> None:
    source, pipeline = QueueSource(), Pipeline(short_bundle, backend, array, RATE_HZ)
    with running_intake(pipeline, source) as (intake, taken):
        intake._flush = LateRequest()
        source.give(2)
        taken.wait_for_blocks(2)
        assert intake.flushes == 1
    assert not taken.errors


@pytest.mark.parametrize(('blocks_before', 'late'), [([1, 1, 1, 1], 0), ([1, 1, 1, 1, 1], 1)])
def test_a_prediction_that_is_late_by_less_than_a_period_is_made_and_counted(
    short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray, blocks_before: list[int], late: int
) -> None:
    # 22 Hz are four hops. The prediction is due with the fourth block after the first window.
    pipeline = Pipeline(short_bundle, backend, array, RATE_HZ, PipelineSettings(max_rate_hz=RATE_HZ / (4 * 256)))
    source = QueueSource()
    source.give(WINDOW_BLOCKS)
    for _ in range(WINDOW_BLOCKS):
        pipeline.push(source.read(0.0))
    first = pipeline.predict()
    for blocks in blocks_before:
        source.give(blocks)
        pipeline.push(source.read(0.0))
    second = pipeline.predict()
    assert second.end_sample - first.end_sample == len(blocks_before) * BLOCK_SAMPLES
    status = pipeline.status()
    assert (status.predicted, status.late, status.dropped) == (2, late, 0)
