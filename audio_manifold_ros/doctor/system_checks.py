# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of the system: synchronisation of the clock and free disk space."""

from __future__ import annotations

import ctypes
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from audio_manifold_ros.bags.statistics.preflight import Finding, Severity, check_disk

if TYPE_CHECKING:
    from audio_manifold_ros.doctor.doctor_settings import DoctorSettings

# adjtimex(2): the return value of a clock that is not synchronised, and room for struct timex (208 bytes).
TIME_ERROR = 5
TIMEX_BYTES = 512
MINUTES = 10.0
RESERVE_BYTES = 1_000_000_000
BYTES_PER_SAMPLE = 2


def check_clock() -> Finding:
    """Check that the kernel regards the clock of the system as synchronised."""
    try:
        status = int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES)))
    except (AttributeError, OSError):
        return Finding(Severity.WARNING, 'clock', 'this system does not report whether its clock is synchronised.')
    return _clock_finding(status)


def _clock_finding(status: int) -> Finding:
    if status == TIME_ERROR:
        remedy = 'start chrony or another NTP or PTP client if other machines share the topics.'
        return Finding(Severity.WARNING, 'clock', f'the clock of the system is not synchronised: {remedy}')
    if status < 0:
        return Finding(Severity.WARNING, 'clock', 'this system does not report whether its clock is synchronised.')
    return Finding(Severity.OK, 'clock', 'the clock of the system is synchronised.')


def check_space(settings: DoctorSettings, folder: Path | None = None) -> Finding:
    """Check that the disk has space for logs and ten minutes of recorded audio.

    Args:
        settings: Rate and channels of the audio.
        folder: Folder on the disk; the home folder by default.

    """
    free_bytes = shutil.disk_usage(folder or Path.home()).free
    bytes_per_s = settings.device_rate_hz * settings.device_channels * BYTES_PER_SAMPLE
    return check_disk(free_bytes, RESERVE_BYTES, bytes_per_s, MINUTES)
