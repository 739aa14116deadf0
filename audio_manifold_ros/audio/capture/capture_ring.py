# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Shared ring buffer of capture process and parent: anonymous memory for samples, a pipe for events.

The child copies a block into the next slot of the memory and then writes one event into the pipe. The pipe wakes the
parent, which copies the slot. There is one writer. The number of started blocks, at the start of the memory, is written
before a slot is changed. A parent that reads it after copying can therefore detect an overwritten slot. The memory is
an unlinked file, which is freed with the last process that maps it.

The module imports little, because the capture process must start fast.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import struct
from enum import IntEnum
from typing import NamedTuple

BLOCK_COUNT_STRUCT = struct.Struct('<q')
EVENT_STRUCT = struct.Struct('<iiqq8x')
HEADER_BYTES = 4096
SAMPLE_BYTES = 2


class CaptureEventKind(IntEnum):
    """Kind of an event."""

    OPENED = 1
    FAILED = 2
    BLOCK = 3


class CaptureJob(NamedTuple):
    """Parameters of the capture process, passed as one JSON argument.

    Attributes:
        device: Name of the device or a unique part of it.
        sample_rate_hz: Rate to open it with.
        channels: Channels to open it with.
        block_samples: Samples per channel in each block.
        slots: Number of blocks in the memory.
        memory_fd: Inherited descriptor of the memory.
        record_fd: Inherited descriptor of the write end of the pipe.
        parent_pid: Process id of the parent. The capture process ends with it.

    """

    device: str
    sample_rate_hz: int
    channels: int
    block_samples: int
    slots: int
    memory_fd: int
    record_fd: int
    parent_pid: int

    @property
    def slot_bytes(self) -> int:
        """Size of one block of 16-bit samples."""
        return self.block_samples * self.channels * SAMPLE_BYTES

    @property
    def memory_bytes(self) -> int:
        """Size of the memory."""
        return HEADER_BYTES + self.slots * self.slot_bytes

    def to_json(self) -> str:
        """Return the job as a command-line argument."""
        return json.dumps(self._asdict())

    @classmethod
    def from_json(cls, text: str) -> CaptureJob:
        """Read the job from a command-line argument."""
        return cls(**json.loads(text))


class CaptureEvent(NamedTuple):
    """One event of the capture process.

    Attributes:
        kind: A value of `CaptureEventKind`.
        value: BLOCK: 1 if the device reported lost samples before it. FAILED: length of the text in bytes.
        sequence: BLOCK: number of the block, from 0.
        monotonic_ns: Time of the event on the monotonic clock of the system.

    """

    kind: int
    value: int
    sequence: int
    monotonic_ns: int


class RingWriter:
    """Writer of the ring buffer, in the capture process."""

    def __init__(self, job: CaptureJob) -> None:
        """Map the memory."""
        self._job = job
        self._memory = mmap.mmap(job.memory_fd, job.memory_bytes)
        self._block_count = 0

    def write_block(self, data: bytes | memoryview, monotonic_ns: int, *, overflow: bool) -> None:
        """Copy one block and announce it. The block is lost if the parent has stopped reading."""
        sequence = self._block_count
        self._block_count += 1
        BLOCK_COUNT_STRUCT.pack_into(self._memory, 0, self._block_count)
        offset = HEADER_BYTES + sequence % self._job.slots * self._job.slot_bytes
        self._memory[offset : offset + self._job.slot_bytes] = data
        self._send(CaptureEvent(CaptureEventKind.BLOCK, overflow, sequence, monotonic_ns))

    def opened(self, monotonic_ns: int) -> None:
        """Announce that the device is open."""
        self._send(CaptureEvent(CaptureEventKind.OPENED, 0, 0, monotonic_ns))

    def failed(self, text: str, monotonic_ns: int) -> None:
        """Announce the reason why capturing failed."""
        data = text.encode()[: HEADER_BYTES - BLOCK_COUNT_STRUCT.size]
        self._memory[BLOCK_COUNT_STRUCT.size : BLOCK_COUNT_STRUCT.size + len(data)] = data
        self._send(CaptureEvent(CaptureEventKind.FAILED, len(data), 0, monotonic_ns))

    def _send(self, event: CaptureEvent) -> None:
        # The pipe is full if the parent does not read. The next sequence number shows how many blocks it missed.
        with contextlib.suppress(BlockingIOError):
            os.write(self._job.record_fd, EVENT_STRUCT.pack(*event))


class RingReader:
    """Reader of the ring buffer, in the parent."""

    def __init__(self, job: CaptureJob) -> None:
        """Map the memory."""
        self._job = job
        self._memory = mmap.mmap(job.memory_fd, job.memory_bytes)

    def block(self, event: CaptureEvent) -> bytes | None:
        """Return a copy of the announced block, interleaved 16-bit samples, or None if it was overwritten."""
        offset = HEADER_BYTES + event.sequence % self._job.slots * self._job.slot_bytes
        data = self._memory[offset : offset + self._job.slot_bytes]
        # One slot is reserved for processors that reorder stores.
        block_count: int = BLOCK_COUNT_STRUCT.unpack_from(self._memory, 0)[0]
        return data if block_count - event.sequence < self._job.slots else None

    def text(self, event: CaptureEvent) -> str:
        """Return the text of a FAILED event."""
        return self._memory[BLOCK_COUNT_STRUCT.size : BLOCK_COUNT_STRUCT.size + event.value].decode(errors='replace')

    def close(self) -> None:
        """Unmap the memory."""
        self._memory.close()
