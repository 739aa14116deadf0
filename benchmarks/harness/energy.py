# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Energy meters of the machine: RAPL for processors, the driver for NVIDIA GPUs."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

POWERCAP = Path('/sys/class/powercap')
NVML_LIBRARY = 'libnvidia-ml.so.1'


@dataclass(frozen=True)
class EnergyCounter:
    """A counter of energy.

    Attributes:
        read: Function that returns its value.
        joules: Energy of one step.
        wrap_steps: Number of steps after which it wraps to 0; 0 for never.

    """

    read: Callable[[], int]
    joules: float
    wrap_steps: int = 0


class EnergyMeter:
    """Reader of all available counters. RAPL often needs root and is not available in virtual machines."""

    def __init__(self, powercap: Path = POWERCAP) -> None:
        """Find the counters and start at 0."""
        self._counters = [*_processors(powercap), *_gpus()]
        self._values = [counter.read() for counter in self._counters]

    def joules(self) -> float | None:
        """Return the energy that the machine used since the last call, None without counters."""
        before, self._values = self._values, [counter.read() for counter in self._counters]
        used = [
            ((after - earlier) % counter.wrap_steps if counter.wrap_steps else after - earlier) * counter.joules
            for counter, earlier, after in zip(self._counters, before, self._values, strict=True)
        ]
        return sum(used) if used else None


def _processors(powercap: Path) -> Iterator[EnergyCounter]:
    for zone in sorted(powercap.glob('intel-rapl:*')):
        # A package includes its zones, such as intel-rapl:0:1.
        if zone.name.count(':') > 1:
            continue
        read = partial(_number, zone / 'energy_uj')
        try:
            read()
            yield EnergyCounter(read, 1e-6, _number(zone / 'max_energy_range_uj') + 1)
        except (OSError, ValueError):
            continue


def _number(path: Path) -> int:
    return int(path.read_text(encoding='ascii'))


def _gpus() -> Iterator[EnergyCounter]:
    try:
        driver = ctypes.CDLL(NVML_LIBRARY)
    except OSError:
        return
    count = ctypes.c_uint(0)
    if driver.nvmlInit_v2() or driver.nvmlDeviceGetCount_v2(ctypes.byref(count)):
        return
    for index in range(count.value):
        device = ctypes.c_void_p()
        used_mj = ctypes.c_ulonglong()
        if driver.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(device)):
            continue
        if not driver.nvmlDeviceGetTotalEnergyConsumption(device, ctypes.byref(used_mj)):
            yield EnergyCounter(partial(_gpu_energy_mj, driver, device), 1e-3)


def _gpu_energy_mj(driver: ctypes.CDLL, device: ctypes.c_void_p) -> int:
    used_mj = ctypes.c_ulonglong()
    driver.nvmlDeviceGetTotalEnergyConsumption(device, ctypes.byref(used_mj))
    return used_mj.value
