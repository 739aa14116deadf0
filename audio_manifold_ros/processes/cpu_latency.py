# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CPU latency request of a process to Linux: the longest time that a sleeping processor may take to wake up."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import FileIO

DEVICE = Path('/dev/cpu_dma_latency')
NO_REQUEST_US, NEVER_SLEEP_US = -1, 0
# A signed 32-bit integer in the byte order of the machine.
VALUE = struct.Struct('=i')


def may_request_cpu_latency() -> bool:
    """Return whether this user may request a CPU latency on this system."""
    return os.access(DEVICE, os.W_OK)


class CpuLatencyRequest:
    """Request of a longest wake-up latency, which the kernel keeps as long as its device file is open.

    The smallest request of all processes holds for all processors. With 0 they never sleep: a waiting processor runs a
    loop. On a virtual machine, a processor that sleeps is given to others by the host, and has to wait for its return.
    Source: "PM Quality Of Service Interface" in the documentation of the Linux kernel.

    Attributes:
        latency_us: The current request, or `NO_REQUEST_US`.

    """

    def __init__(self, device: Path = DEVICE) -> None:
        """Create an object without a request."""
        self.latency_us = NO_REQUEST_US
        self._device = device
        self._file: FileIO | None = None

    def request(self, latency_us: int) -> None:
        """Replace the request.

        Args:
            latency_us: Longest wake-up latency in microseconds, or `NO_REQUEST_US` to end the request.

        Raises:
            OSError: The device file is missing or may not be written. No request holds then.

        """
        self.close()
        if latency_us == NO_REQUEST_US:
            return
        # The kernel accepts only the four bytes of the value in one call: no buffer.
        file = self._device.open('wb', buffering=0)
        try:
            file.write(VALUE.pack(latency_us))
        except OSError:
            file.close()
            raise
        self._file, self.latency_us = file, latency_us

    def close(self) -> None:
        """End the request."""
        file, self._file, self.latency_us = self._file, None, NO_REQUEST_US
        if file is not None:
            file.close()
