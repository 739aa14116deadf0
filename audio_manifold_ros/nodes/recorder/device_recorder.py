# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Capture of a sound device inside the recorder: blocks become serialised messages without DDS."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from rclpy.serialization import serialize_message

from audio_manifold_ros.audio.capture.device_source import DeviceSource
from audio_manifold_ros.audio.source import SourceState, SourceStatus
from audio_manifold_ros.common.errors import AudioError
from audio_manifold_ros.nodes.common.audio_messages import to_audio_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from audio_manifold_ros.nodes.recorder.recorder_parameters import DeviceParameters

READ_TIMEOUT_S = 0.2
RETRY_INTERVAL_S = 2.0


class DeviceRecorder:
    """Thread that reads a sound device until it is closed. A missing device is retried.

    Args:
        parameters: Parameters of the device.
        frame_id: Frame of the array.
        now_ns: Clock of the stamps.
        receive: Called with each serialised `AudioBlock` and its receive time.

    """

    def __init__(
        self,
        parameters: DeviceParameters,
        frame_id: str,
        now_ns: Callable[[], int],
        receive: Callable[[bytes, int], None],
    ) -> None:
        """Start to read.

        Raises:
            AudioError: A parameter is out of range.

        """
        self._source = DeviceSource(
            parameters.name, parameters.rate_hz, parameters.channels, parameters.block_samples, clock_ns=now_ns
        )
        self._frame_id = frame_id
        self._now_ns = now_ns
        self._receive = receive
        self._open_error = ''
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name='device', daemon=True)
        self._thread.start()

    def status(self) -> SourceStatus:
        """Return the status of the device."""
        return SourceStatus(SourceState.LOST, self._open_error) if self._open_error else self._source.status()

    def close(self) -> None:
        """Stop reading."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._source.open()
            except AudioError as error:
                self._open_error = str(error)
                self._stop.wait(RETRY_INTERVAL_S)
                continue
            self._open_error = ''
            self._read()
        self._source.close()

    def _read(self) -> None:
        while not self._stop.is_set():
            block = self._source.read(READ_TIMEOUT_S)
            if block is not None:
                message = to_audio_message(block, self._frame_id)
                self._receive(serialize_message(message), self._now_ns())
