# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A sound device as a source that survives unplugging, hung and restarted audio servers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.audio.capture.capture_client import CaptureChild
from audio_manifold_ros.audio.capture.capture_index import CaptureTimeline
from audio_manifold_ros.audio.capture.capture_ring import Record, RecordKind
from audio_manifold_ros.audio.errors import AudioError
from audio_manifold_ros.audio.source import SourceState, SourceStatus

FIRST_OPENING_S = 10.0
OPENING_S = 1.5
FIRST_BLOCK_S = 2.5
SILENCE_S = 0.6
BACK_OFF_S = (0.1, 0.2, 0.4, 0.5)
LIMITS = {'sample_rate_hz': (4000, 768_000), 'channels': (1, 256)}
SHORTEST_BLOCK_S, LONGEST_BLOCK_S = 1e-3, 0.1


class DeviceSource:
    """Captures a PortAudio device by name; satisfies `AudioSource`.

    PortAudio lives in a child process. When no block has come for 0.6 s the child is killed and a new one
    started; when it says that the device has failed it is told to try again. Either way the device is
    opened by name, first at once, then every 0.5 s. Time without sound counts as lost samples, so that
    the index keeps in step with the clock.
    """

    def __init__(
        self, device: str, sample_rate_hz: int, channels: int, block_samples: int, *, clock_ns: Callable[[], int]
    ) -> None:
        """Note what to open.

        Args:
            device: PortAudio's name of an input device, or a part that only one has.
            sample_rate_hz: Rate to open it with.
            channels: Channels to open it with.
            block_samples: Length of a block, 1 to 100 ms.
            clock_ns: The clock of the stamps.

        Raises:
            AudioError: A value is out of range.

        """
        for name, value in (('sample_rate_hz', sample_rate_hz), ('channels', channels)):
            low, high = LIMITS[name]
            if not low <= value <= high:
                msg = f'Device source: {name} is {value!r}: give {low} to {high}.'
                raise AudioError(msg)
        if not SHORTEST_BLOCK_S <= block_samples / sample_rate_hz <= LONGEST_BLOCK_S:
            low, high = (round(limit * sample_rate_hz) for limit in (SHORTEST_BLOCK_S, LONGEST_BLOCK_S))
            msg = f'Device source: block_samples is {block_samples!r}: give {low} to {high} at {sample_rate_hz} Hz.'
            raise AudioError(msg)
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self._device = device
        self._block_samples = block_samples
        self._clock_ns = clock_ns
        self._lock = threading.Lock()
        self._child: CaptureChild | None = None
        self._due_s = 0.0
        self._clear()

    def open(self) -> None:
        """Open the device and wait until its stream runs.

        Raises:
            AudioError: The device is absent, ambiguous or does not answer, or refuses rate or channels.

        """
        self.close()
        with self._lock:
            started_s = time.monotonic()
            self._start_child(FIRST_OPENING_S)
            while self._state is SourceState.WAITING and not self._child_opened and time.monotonic() < self._due_s:
                self._wait(self._due_s - time.monotonic())
                self._hear()
            self._opening_s = max(OPENING_S, 3 * (time.monotonic() - started_s))
            if not self._child_opened:
                silent = (
                    f'Device {self._device!r} did not open within {FIRST_OPENING_S:.0f} s: restart the audio server.'
                )
                msg = self._message if self._state is SourceState.LOST else silent
                self._end_child()
                self._clear()
                raise AudioError(msg)

    def read(self, timeout_s: float) -> AudioBlock | None:
        """Return the next block, or None if none came in time; brings a lost device back meanwhile."""
        with self._lock:
            deadline_s = time.monotonic() + timeout_s
            while self._state is not SourceState.CLOSED:
                block = self._hear()
                now_s = time.monotonic()
                if block is not None or now_s >= deadline_s:
                    return block
                self._watch(now_s)
                self._wait(min(self._due_s, deadline_s) - now_s)
            return None

    def close(self) -> None:
        """End the capture process; waits for a `read` in progress."""
        with self._lock:
            self._end_child()
            self._clear()

    def status(self) -> SourceStatus:
        """Return the source's condition."""
        return SourceStatus(self._state, self._message, self._timeline.samples_lost, self._overflows, self._restarts)

    @property
    def capture_pid(self) -> int | None:
        """Process id of the capture process, None while there is none."""
        child = self._child
        return None if child is None else child.pid

    def _clear(self) -> None:
        self._state = SourceState.CLOSED
        self._message = f'Device {self._device!r} is not open.'
        self._timeline = CaptureTimeline(self.sample_rate_hz)
        self._child_opened = self._child_failed = False
        self._next_sequence = self._overflows = self._restarts = self._failures = 0
        self._pending_overflow = False
        self._opening_s = OPENING_S

    def _start_child(self, limit_s: float) -> None:
        self._child = CaptureChild(self._device, self.sample_rate_hz, self.channels, self._block_samples)
        self._next_sequence = 0
        self._expect_opening(limit_s)
        if self._state is SourceState.CLOSED:
            self._state = SourceState.WAITING
            self._message = f'Opening device {self._device!r}.'

    def _expect_opening(self, limit_s: float) -> None:
        self._child_opened = self._child_failed = False
        self._due_s = time.monotonic() + limit_s

    def _end_child(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None

    def _wait(self, timeout_s: float) -> None:
        if self._child is None:
            time.sleep(max(0.0, timeout_s))
        else:
            self._child.wait(timeout_s)

    def _watch(self, now_s: float) -> None:
        """Act if what was due has not happened."""
        if now_s < self._due_s:
            return
        if self._child is None:
            try:
                self._start_child(self._opening_s)
            except AudioError as error:
                self._lose(str(error))
        elif self._child_failed:
            self._child.try_again()
            self._expect_opening(self._opening_s)
        else:
            self._end_child()
            self._lose(self._loss('no sound comes from it' if self._child_opened else 'it does not open'))

    def _lose(self, message: str) -> None:
        self._state = SourceState.LOST
        self._message = message
        self._due_s = time.monotonic() + BACK_OFF_S[min(self._failures, len(BACK_OFF_S) - 1)]
        self._failures += 1

    def _loss(self, reason: str) -> str:
        return f'Device {self._device!r} is lost, {reason}: check its cable and the audio server. It reopens by itself.'

    def _hear(self) -> AudioBlock | None:
        """Take what the child has said, up to the first block."""
        while self._child is not None:
            record = self._child.next_record()
            if record is None:
                if self._child.ended:
                    self._end_child()
                    self._lose(self._loss('its capture process has died'))
                return None
            if record.kind == RecordKind.BLOCK:
                block = self._block(self._child, record)
                if block is not None:
                    return block
            elif record.kind == RecordKind.OPENED:
                self._child_opened = True
                if self._state is SourceState.WAITING:
                    self._message = f'Device {self._device!r} is open and has sent no sound yet.'
                self._due_s = time.monotonic() + FIRST_BLOCK_S
                return None
            else:
                self._child_failed = True
                self._lose(self._child.text(record))
        return None

    def _block(self, child: CaptureChild, record: Record) -> AudioBlock | None:
        samples = child.samples(record)
        self._due_s = time.monotonic() + SILENCE_S
        self._pending_overflow |= bool(record.value)
        self._overflows += bool(record.value)
        if samples is None:
            return None
        first_sample, captured_ns = self._place(record)
        self._stream()
        stamp_ns = self._clock_ns() - (time.monotonic_ns() - captured_ns)
        overflow, self._pending_overflow = self._pending_overflow, False
        return AudioBlock(samples, first_sample, self.sample_rate_hz, stamp_ns, overflow)

    def _place(self, record: Record) -> tuple[int, int]:
        """Return index and instant of a block, blocks that were announced but missed counted."""
        missing = (record.sequence - self._next_sequence) * self._block_samples
        self._next_sequence = record.sequence + 1
        if self._state is SourceState.LOST:
            self._timeline.reopen()
        return self._timeline.place(
            self._block_samples, record.monotonic_ns, missing_samples=missing, overflow=self._pending_overflow
        )

    def _stream(self) -> None:
        """Note that sound comes."""
        if self._state is not SourceState.STREAMING:
            self._restarts += self._state is SourceState.LOST
            self._failures = 0
            self._state = SourceState.STREAMING
            self._message = f'Capturing {self._device!r}: {self.channels} channels, {self.sample_rate_hz} Hz.'
