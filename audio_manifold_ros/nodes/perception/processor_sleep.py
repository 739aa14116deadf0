# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Limit of the sleep of the processors, by the parameter `cpu_latency_us` of the perception node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.processes.cpu_latency import CpuLatencyRequest

if TYPE_CHECKING:
    from collections.abc import Callable


class ProcessorSleep:
    """Requests the wake-up latency of the processors. Without the permission, the node works without the request.

    Attributes:
        warning: Why the last limit has no effect, or an empty string.

    """

    def __init__(self, log_warning: Callable[[str], object]) -> None:
        """Create an object without a request.

        Args:
            log_warning: Function that logs a sentence.

        """
        self.warning = ''
        self._log_warning = log_warning
        self._request = CpuLatencyRequest()

    def limit(self, latency_us: int) -> None:
        """Replace the limit in microseconds, or end it with -1. Log a warning if it has no effect."""
        self.warning = ''
        if latency_us == self._request.latency_us:
            return
        try:
            self._request.request(latency_us)
        except OSError as error:
            self.warning = (
                f'cpu_latency_us: {latency_us} has no effect ({error}): give the user of the node write permission for '
                'this file (docs/speed.md), or set cpu_latency_us: -1.'
            )
            self._log_warning(self.warning)

    def release(self) -> None:
        """End the limit and its warning."""
        self._request.close()
        self.warning = ''
