# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Renders audio and images of the simulated drive ahead of their publish time."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_manifold_ros.modalities.modality_images import ModalityImages
from audio_manifold_ros.simulation.drive import Drive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from audio_manifold_ros.common.array_types import Samples

MAX_QUEUED_EVENTS = 200
BLOCKS_PER_RENDER = 8


@dataclass(frozen=True)
class AudioFrame:
    """A block of audio.

    Attributes:
        due_s: Publish time since the start of the street: the time of the last sample.
        samples: float32 (mic, sample).
        first_sample: Index of the first sample.

    """

    due_s: float
    samples: Samples
    first_sample: int


@dataclass(frozen=True, kw_only=True)
class CameraFrame(ModalityImages):
    """Ground-truth images of one instant.

    Attributes:
        due_s: The instant, since the start of the street.

    """

    due_s: float


class RenderAheadQueue:
    """Queue that a thread fills with rendered frames, in order of time, ahead of their publish time.

    Args:
        seed: Seed of the street.
        rig: Folder of the rig.
        duration_s: Duration of the street.
        block_samples: Samples in one audio frame.
        image_rate_hz: Images per second; 0 for none.

    """

    def __init__(self, seed: int, rig: Path, duration_s: float, block_samples: int, image_rate_hz: float) -> None:
        """Build the street and start to render it."""
        self.drive = Drive(seed, rig)
        self._duration_s = duration_s
        self._block_samples = block_samples
        self._image_rate_hz = image_rate_hz
        self._events: queue.Queue[AudioFrame | CameraFrame | BaseException | None] = queue.Queue(MAX_QUEUED_EVENTS)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._render, name='render', daemon=True)
        self._thread.start()

    def wait_until_buffered(self, timeout_s: float) -> None:
        """Wait until the queue is half full or rendering has finished, at most `timeout_s`."""
        end_s = time.monotonic() + timeout_s
        while self._thread.is_alive() and self._events.qsize() < MAX_QUEUED_EVENTS // 2 and time.monotonic() < end_s:
            time.sleep(0.01)

    def next(self, timeout_s: float) -> AudioFrame | CameraFrame | None:
        """Return the next frame in order of time, or None at the end of the street.

        Raises:
            queue.Empty: The frame is not rendered within `timeout_s`.

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
        except Exception as error:  # noqa: BLE001 - `next` raises it in the consumer
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
                depth_m, labels = self.drive.image(time_s)
                yield CameraFrame(due_s=time_s, depth_m=depth_m, labels=labels)
                image_count += 1
            yield frame

    def _audio_frames(self) -> Iterator[AudioFrame]:
        rate_hz, block = self.drive.sample_rate_hz, self._block_samples
        end = int(self._duration_s * rate_hz)
        for first in range(0, end, block * BLOCKS_PER_RENDER):
            chunk = self.drive.audio(first, block * BLOCKS_PER_RENDER)
            for start in range(0, chunk.shape[1], block):
                yield AudioFrame((first + start + block) / rate_hz, chunk[:, start : start + block], first + start)
