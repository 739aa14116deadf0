# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Client of the capture process: starts it, reads its events and samples, ends it."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import tempfile
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from audio_manifold_ros.audio.capture.capture_ring import EVENT_STRUCT, CaptureEvent, CaptureJob, RingReader
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.errors import AudioError
from audio_manifold_ros.common.pcm16 import int16_to_float
from audio_manifold_ros.processes.process_failure import describe_start_error

MODULE = 'audio_manifold_ros.audio.capture.capture_process'
SHARED_MEMORY = '/dev/shm'  # noqa: S108
HELD_S = 4.0
REAP_TIMEOUT_S = 0.5
READ_BYTES = 64 * EVENT_STRUCT.size
RETRY_COMMAND = b'\n'
# The kernel kills the capture process when the thread that started it ends (see `end_with_parent`). This thread lives
# as long as the process.
STARTER = ThreadPoolExecutor(max_workers=1, thread_name_prefix='capture_start')


class CaptureClient:
    """One run of the capture process. The caller ends it when it hangs, and retries when it fails."""

    def __init__(self, device: str, sample_rate_hz: int, channels: int, block_samples: int) -> None:
        """Start the process.

        Raises:
            AudioError: Shared memory or the process cannot be created.

        """
        self._events: deque[CaptureEvent] = deque()
        self._at_end = False
        self._channels = channels
        slots = max(16, round(HELD_S * sample_rate_hz / block_samples))
        with contextlib.ExitStack() as shared_resources, contextlib.ExitStack() as rollback:
            try:
                memory = shared_resources.enter_context(tempfile.TemporaryFile(dir=SHARED_MEMORY))
                self._event_fd, write_fd = os.pipe()
                shared_resources.callback(os.close, write_fd)
                rollback.callback(os.close, self._event_fd)
                os.set_blocking(write_fd, False)
                os.set_blocking(self._event_fd, False)
                job = CaptureJob(
                    device, sample_rate_hz, channels, block_samples, slots, memory.fileno(), write_fd, os.getpid()
                )
                os.posix_fallocate(memory.fileno(), 0, job.memory_bytes)
                self._ring = RingReader(job)
                rollback.callback(self._ring.close)
                commands_fd, self._commands_fd = os.pipe()
                shared_resources.callback(os.close, commands_fd)
                rollback.callback(os.close, self._commands_fd)
                self._process = STARTER.submit(_start, job, commands_fd).result()
            except OSError as error:
                msg = f'Cannot start the capture process: {describe_start_error(error)}'
                raise AudioError(msg) from None
            rollback.pop_all()
        self._poll = select.poll()
        self._poll.register(self._event_fd, select.POLLIN)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def wait(self, timeout_s: float) -> None:
        """Wait for an event of the process, at most `timeout_s`."""
        if not self._events and not self._at_end:
            self._poll.poll(max(0.0, timeout_s) * 1000)

    def next_event(self) -> CaptureEvent | None:
        """Return the oldest event that was not returned yet, or None."""
        if not self._events and not self._at_end:
            with contextlib.suppress(BlockingIOError):
                data = os.read(self._event_fd, READ_BYTES)
                self._at_end = not data
                self._events.extend(CaptureEvent(*fields) for fields in EVENT_STRUCT.iter_unpack(data))
        return self._events.popleft() if self._events else None

    @property
    def is_finished(self) -> bool:
        """True if the process has ended and all its events were returned."""
        return self._at_end and not self._events

    def samples(self, event: CaptureEvent) -> Samples | None:
        """Return the samples of a BLOCK event, float32 (channel, n), or None if they were overwritten."""
        data = self._ring.block(event)
        if data is None:
            return None
        frames = np.frombuffer(data, dtype='<i2').reshape(-1, self._channels)
        return int16_to_float(np.ascontiguousarray(frames.T))

    def text(self, event: CaptureEvent) -> str:
        """Return the text of a FAILED event."""
        return self._ring.text(event)

    def retry_open(self) -> None:
        """Make a process that failed open the device again."""
        # A process that has ended is recognised by the end of its events.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._commands_fd, RETRY_COMMAND)

    def end(self) -> int | None:
        """Kill the process and release all resources. Return its exit status if it ended at once."""
        self._process.kill()
        os.close(self._commands_fd)
        # A process that hangs in a driver cannot be reaped yet. The subprocess module does it later.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(REAP_TIMEOUT_S)
        self._ring.close()
        os.close(self._event_fd)
        return self._process.returncode


def _start(job: CaptureJob, commands_fd: int) -> subprocess.Popen[bytes]:
    """Start an interpreter without `site`, so that it does not process `.pth` files."""
    package_root = str(Path(__file__).resolve().parents[3])
    path = [package_root, *(entry for entry in sys.path if entry)]
    return subprocess.Popen(
        [sys.executable, '-S', '-m', MODULE, job.to_json()],
        # No module is imported from the working folder.
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(path), 'PYTHONSAFEPATH': '1'},
        stdin=commands_fd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(job.memory_fd, job.record_fd),
    )
