# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a simulated drive lets be heard and seen, computed ahead of the instant at which it is due."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.simulation.drive import Drive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

MAX_QUEUED_EVENTS = 200
BLOCKS_PER_RENDER = 8


@dataclass(frozen=True)
class AudioFrame:
    """float32 (mic, sample) from an index on; due when its last sample has sounded."""

    due_s: float
    samples: NDArray[np.float32]
    first_sample: int


@dataclass(frozen=True)
class CameraFrame:
    """Depth in metres, float32 (row, column), and class ids, uint8 (row, column), of an instant."""

    due_s: float
    depth_m: NDArray[np.float32]
    labels: NDArray[np.uint8]


class RenderAheadQueue:
    """Renders a drive in a thread of its own, some hundreds of milliseconds ahead of who takes it.

    Args:
        seed: Of the street.
        rig: Folder of calibration files.
        duration_s: Length of the drive.
        block_samples: Samples of one sound.
        image_rate_hz: Views a second, or 0.

    """

    def __init__(self, seed: int, rig: Path, duration_s: float, block_samples: int, image_rate_hz: float) -> None:
        """Build the street and start to render."""
        self.drive = Drive(seed, rig)
        self._duration_s = duration_s
        self._block_samples = block_samples
        self._image_rate_hz = image_rate_hz
        self._events: queue.Queue[AudioFrame | CameraFrame | BaseException | None] = queue.Queue(MAX_QUEUED_EVENTS)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._render, name='render', daemon=True)
        self._thread.start()

    def wait_until_buffered(self, timeout_s: float) -> None:
        """Wait until half of what may be rendered ahead is there, or everything."""
        end_s = time.monotonic() + timeout_s
        while self._thread.is_alive() and self._events.qsize() < MAX_QUEUED_EVENTS // 2 and time.monotonic() < end_s:
            time.sleep(0.01)

    def next(self, timeout_s: float) -> AudioFrame | CameraFrame | None:
        """Return what is due next, in order of time, or None at the end.

        Raises:
            queue.Empty: It is not rendered in time.

        """
        event = self._events.get(timeout=timeout_s)
        if isinstance(event, BaseException):
            raise event
        return event

    def close(self) -> None:
        """Stop rendering."""
        self._stop.set()
        self._thread.join()

    def _render(self) -> None:
        try:
            for event in self._timeline():
                if not self._put(event):
                    return
        except Exception as error:  # noqa: BLE001 - handed to the thread that takes the events
            self._put(error)
            return
        self._put(None)

    def _put(self, event: AudioFrame | CameraFrame | BaseException | None) -> bool:
        while not self._stop.is_set():
            try:
                self._events.put(event, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def _timeline(self) -> Iterator[AudioFrame | CameraFrame]:
        image_count = 0
        for frame in self._audio_frames():
            while self._image_rate_hz > 0 and image_count / self._image_rate_hz <= frame.due_s:
                time_s = image_count / self._image_rate_hz
                yield CameraFrame(time_s, *self.drive.image(time_s))
                image_count += 1
            yield frame

    def _audio_frames(self) -> Iterator[AudioFrame]:
        rate_hz, block = self.drive.sample_rate_hz, self._block_samples
        end = int(self._duration_s * rate_hz)
        for first in range(0, end, block * BLOCKS_PER_RENDER):
            chunk = self.drive.audio(first, block * BLOCKS_PER_RENDER)
            for start in range(0, chunk.shape[1], block):
                yield AudioFrame((first + start + block) / rate_hz, chunk[:, start : start + block], first + start)
