# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The memory and the pipe between capture process and parent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audio_manifold_ros.audio.capture.capture_ring import (
    EVENT_STRUCT,
    CaptureEvent,
    CaptureEventKind,
    CaptureJob,
    RingReader,
    RingWriter,
)

SLOTS = 6


class Link:
    """Both ends in one process."""

    def __init__(self, folder: Path) -> None:
        self.read_fd, write_fd = os.pipe()
        os.set_blocking(self.read_fd, False)
        os.set_blocking(write_fd, False)
        self.memory = (folder / 'memory').open('wb+')
        job = CaptureJob('array', 22500, 2, 3, SLOTS, self.memory.fileno(), write_fd, os.getpid())
        self.memory.truncate(job.memory_bytes)
        self.job = CaptureJob.from_json(job.to_json())
        self.writer = RingWriter(self.job)
        self.reader = RingReader(self.job)

    def events(self) -> list[CaptureEvent]:
        try:
            data = os.read(self.read_fd, 1 << 20)
        except BlockingIOError:
            return []
        return [CaptureEvent(*fields) for fields in EVENT_STRUCT.iter_unpack(data)]

    def close(self) -> None:
        self.reader.close()
        self.memory.close()
        os.close(self.read_fd)
        os.close(self.job.record_fd)


@pytest.fixture
def link(tmp_path: Path) -> Iterator[Link]:
    link = Link(tmp_path)
    yield link
    link.close()


def block_of(sequence: int) -> bytes:
    return bytes((sequence * 5 + i) % 256 for i in range(12))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bursts=st.lists(st.integers(0, 15), min_size=1, max_size=20))
def test_blocks_arrive_complete_or_are_reported_as_overwritten(link: Link, bursts: list[int]) -> None:
    begun = link.writer._block_count
    for burst in bursts:
        for sequence in range(begun, begun + burst):
            link.writer.write_block(block_of(sequence), 1000 + sequence, overflow=sequence % 2 == 1)
        events = link.events()
        assert [event.sequence for event in events] == list(range(begun, begun + burst))
        begun += burst
        for event in events:
            assert (event.kind, event.value) == (CaptureEventKind.BLOCK, event.sequence % 2)
            assert event.monotonic_ns == 1000 + event.sequence
            held = event.sequence > begun - SLOTS
            assert link.reader.block(event) == (block_of(event.sequence) if held else None)


def test_a_reader_that_never_reads_does_not_block_the_writer(link: Link) -> None:
    for sequence in range(5000):
        link.writer.write_block(block_of(sequence), 0, overflow=False)
    assert len(link.events()) < 5000
    link.writer.write_block(block_of(5000), 0, overflow=False)
    (event,) = link.events()
    assert event.sequence == 5000
    assert link.reader.block(event) == block_of(5000)


@pytest.mark.parametrize('text', ['', "No input device is called 'Mikrofön'.", 'x' * 10_000])
def test_the_reason_of_a_failure_arrives(link: Link, text: str) -> None:
    link.writer.opened(1)
    link.writer.failed(text, 2)
    opened, failed = link.events()
    assert (opened.kind, failed.kind) == (CaptureEventKind.OPENED, CaptureEventKind.FAILED)
    assert link.reader.text(failed) == text[:4088]
