# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Audio source for a sound device. It recovers from unplugging and from hung or restarted audio servers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.audio.capture.capture_client import CaptureClient
from audio_manifold_ros.audio.capture.capture_index import CaptureIndexer
from audio_manifold_ros.audio.capture.capture_ring import CaptureEvent, CaptureEventKind
from audio_manifold_ros.audio.source import SourceState, SourceStatus
from audio_manifold_ros.common.errors import AudioError

FIRST_OPEN_TIMEOUT_S = 10.0
OPEN_TIMEOUT_S = 1.5
FIRST_BLOCK_TIMEOUT_S = 2.5
BLOCK_TIMEOUT_S = 0.6
RETRY_DELAYS_S = (0.1, 0.2, 0.4, 0.5)
LIMITS = {'sample_rate_hz': (4000, 768_000), 'channels': (1, 256)}
MIN_BLOCK_S, MAX_BLOCK_S = 1e-3, 0.1


class DeviceSource:
    """Source that captures a PortAudio device by name (see `AudioSource`).

    PortAudio runs in a child process. If no block arrives for 0.6 s, the child is killed and a new one is started. If
    the child reports that the device has failed, it is asked to retry. In both cases the device is opened by name,
    first at once, then every 0.5 s. Time without audio counts as lost samples, so the index stays aligned with the
    clock.
    """

    def __init__(
        self, device: str, sample_rate_hz: int, channels: int, block_samples: int, *, clock_ns: Callable[[], int]
    ) -> None:
        """Store the parameters.

        Args:
            device: PortAudio's name of an input device, or a unique part of it.
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
        if not MIN_BLOCK_S <= block_samples / sample_rate_hz <= MAX_BLOCK_S:
            low, high = (round(limit * sample_rate_hz) for limit in (MIN_BLOCK_S, MAX_BLOCK_S))
            msg = f'Device source: block_samples is {block_samples!r}: give {low} to {high} at {sample_rate_hz} Hz.'
            raise AudioError(msg)
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self._device = device
        self._block_samples = block_samples
        self._clock_ns = clock_ns
        self._lock = threading.Lock()
        self._client: CaptureClient | None = None
        self._timeout_at_s = 0.0
        self._reset()

    def open(self) -> None:
        """Open the device and wait until its stream runs.

        Raises:
            AudioError: The device is absent or ambiguous, does not respond, or refuses rate or channels.

        """
        self.close()
        with self._lock:
            started_s = time.monotonic()
            self._start_client(FIRST_OPEN_TIMEOUT_S)
            while self._state is SourceState.WAITING and not self._is_opened and time.monotonic() < self._timeout_at_s:
                self._wait(self._timeout_at_s - time.monotonic())
                self._poll_client()
            self._open_timeout_s = max(OPEN_TIMEOUT_S, 3 * (time.monotonic() - started_s))
            if not self._is_opened:
                limit = f'within {FIRST_OPEN_TIMEOUT_S:.0f} s'
                timeout_message = f'Device {self._device!r} did not open {limit}: restart the audio server.'
                msg = self._message if self._state is SourceState.LOST else timeout_message
                self._stop_client()
                self._reset()
                raise AudioError(msg)

    def read(self, timeout_s: float) -> AudioBlock | None:
        """Return the next block, or None if none arrived in time. Reopen a lost device meanwhile."""
        with self._lock:
            deadline_s = time.monotonic() + timeout_s
            while self._state is not SourceState.CLOSED:
                block = self._poll_client()
                now_s = time.monotonic()
                if block is not None or now_s >= deadline_s:
                    return block
                self._check_timeout(now_s)
                self._wait(min(self._timeout_at_s, deadline_s) - now_s)
            return None

    def close(self) -> None:
        """End the capture process, after a `read` that is in progress."""
        with self._lock:
            self._stop_client()
            self._reset()

    def status(self) -> SourceStatus:
        """Return the state of the source."""
        return SourceStatus(self._state, self._message, self._timeline.samples_lost, self._overflows, self._restarts)

    @property
    def capture_pid(self) -> int | None:
        """Process id of the capture process, or None."""
        client = self._client
        return None if client is None else client.pid

    def _reset(self) -> None:
        self._state = SourceState.CLOSED
        self._message = f'Device {self._device!r} is not open.'
        self._timeline = CaptureIndexer(self.sample_rate_hz)
        self._is_opened = self._is_failed = False
        self._next_sequence = self._overflows = self._restarts = self._failures = 0
        self._pending_overflow = False
        self._open_timeout_s = OPEN_TIMEOUT_S

    def _start_client(self, limit_s: float) -> None:
        self._client = CaptureClient(self._device, self.sample_rate_hz, self.channels, self._block_samples)
        self._next_sequence = 0
        self._await_open(limit_s)
        if self._state is SourceState.CLOSED:
            self._state = SourceState.WAITING
            self._message = f'Opening device {self._device!r}.'

    def _await_open(self, limit_s: float) -> None:
        self._is_opened = self._is_failed = False
        self._timeout_at_s = time.monotonic() + limit_s

    def _stop_client(self) -> None:
        if self._client is not None:
            self._client.end()
            self._client = None

    def _wait(self, timeout_s: float) -> None:
        if self._client is None:
            time.sleep(max(0.0, timeout_s))
        else:
            self._client.wait(timeout_s)

    def _check_timeout(self, now_s: float) -> None:
        """Recover if the expected event has not arrived in time."""
        if now_s < self._timeout_at_s:
            return
        if self._client is None:
            try:
                self._start_client(self._open_timeout_s)
            except AudioError as error:
                self._mark_lost(str(error))
        elif self._is_failed:
            self._client.retry_open()
            self._await_open(self._open_timeout_s)
        else:
            self._stop_client()
            self._mark_lost(self._describe_loss('it sends no audio' if self._is_opened else 'it does not open'))

    def _mark_lost(self, message: str) -> None:
        self._state = SourceState.LOST
        self._message = message
        self._timeout_at_s = time.monotonic() + RETRY_DELAYS_S[min(self._failures, len(RETRY_DELAYS_S) - 1)]
        self._failures += 1

    def _describe_loss(self, reason: str) -> str:
        return f'Device {self._device!r} is lost, {reason}: check its cable and the audio server. It reopens by itself.'

    def _poll_client(self) -> AudioBlock | None:
        """Process the events of the child up to the first block, and return the block."""
        while self._client is not None:
            event = self._client.next_event()
            if event is None:
                if self._client.is_finished:
                    self._stop_client()
                    self._mark_lost(self._describe_loss('its capture process has ended'))
                return None
            if event.kind == CaptureEventKind.BLOCK:
                block = self._block(self._client, event)
                if block is not None:
                    return block
            elif event.kind == CaptureEventKind.OPENED:
                self._is_opened = True
                if self._state is SourceState.WAITING:
                    self._message = f'Device {self._device!r} is open and has not sent audio yet.'
                self._timeout_at_s = time.monotonic() + FIRST_BLOCK_TIMEOUT_S
                return None
            else:
                self._is_failed = True
                self._mark_lost(self._client.text(event))
        return None

    def _block(self, client: CaptureClient, event: CaptureEvent) -> AudioBlock | None:
        samples = client.samples(event)
        self._timeout_at_s = time.monotonic() + BLOCK_TIMEOUT_S
        self._pending_overflow |= bool(event.value)
        self._overflows += bool(event.value)
        if samples is None:
            return None
        first_sample, captured_ns = self._assign_index(event)
        self._mark_streaming()
        stamp_ns = self._clock_ns() - (time.monotonic_ns() - captured_ns)
        overflow, self._pending_overflow = self._pending_overflow, False
        return AudioBlock(samples, first_sample, self.sample_rate_hz, stamp_ns, overflow)

    def _assign_index(self, event: CaptureEvent) -> tuple[int, int]:
        """Return index and time of a block. Blocks that were announced but missed are counted."""
        missing = (event.sequence - self._next_sequence) * self._block_samples
        self._next_sequence = event.sequence + 1
        if self._state is SourceState.LOST:
            self._timeline.reopen()
        return self._timeline.assign_index(
            self._block_samples, event.monotonic_ns, missing_samples=missing, overflow=self._pending_overflow
        )

    def _mark_streaming(self) -> None:
        """Set the state when audio arrives."""
        if self._state is not SourceState.STREAMING:
            self._restarts += self._state is SourceState.LOST
            self._failures = 0
            self._state = SourceState.STREAMING
            self._message = f'Capturing {self._device!r}: {self.channels} channels, {self.sample_rate_hz} Hz.'
