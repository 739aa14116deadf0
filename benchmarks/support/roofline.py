# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Roofline model: lower bound of the time of a network from arithmetic and memory rates (Williams et al. 2009)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import torch
from torch.utils.flop_counter import FlopCounterMode

from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork

MATRIX_SIZE = 2048
READ_BYTES = 1 << 28
REPEATS = 3


@dataclass(frozen=True)
class NetworkWork:
    """Minimum work of one pass of a network.

    Attributes:
        flop: Floating-point operations of its convolutions and matrix products, two for each multiplication.
        memory_bytes: Weights, input and output in single precision, each moved once.

    """

    flop: int
    memory_bytes: int


@dataclass(frozen=True)
class MachineRates:
    """Peak rates of the machine.

    Attributes:
        flop_per_s: Rate of a product of large square matrices in float32.
        bytes_per_s: Rate of a sum over an array that exceeds all caches.

    """

    flop_per_s: float = 0.0
    bytes_per_s: float = 0.0

    def elementwise_max(self, other: MachineRates) -> MachineRates:
        """Return the element-wise maximum."""
        return MachineRates(max(self.flop_per_s, other.flop_per_s), max(self.bytes_per_s, other.bytes_per_s))

    def floor_s(self, work: NetworkWork) -> float:
        """Return the lower bound in seconds: the longer of arithmetic and memory time, which overlap."""
        return max(work.flop / self.flop_per_s, work.memory_bytes / self.bytes_per_s)


def count_work(config: PerceptionConfig, shape: tuple[int, ...]) -> NetworkWork:
    """Return the work of a network for one window's features."""
    network = PerceptionNetwork(config)
    features = torch.zeros(1, *shape)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        images = network(features)
    weights = sum(weight.nbytes for weight in network.parameters())
    return NetworkWork(counter.get_total_flops(), weights + features.nbytes + sum(image.nbytes for image in images))


def measure_rates(device: str) -> MachineRates:
    """Measure the rates of a device: the best of several calls."""
    matrix = torch.rand(MATRIX_SIZE, MATRIX_SIZE, device=device)
    values = torch.rand(READ_BYTES // 4, device=device)
    product_s = min(_seconds(lambda: matrix @ matrix, device) for _ in range(REPEATS))
    read_s = min(_seconds(values.sum, device) for _ in range(REPEATS))
    return MachineRates(2 * MATRIX_SIZE**3 / product_s, values.nbytes / read_s)


def _seconds(call: Callable[[], torch.Tensor], device: str) -> float:
    _wait(device)
    started = perf_counter()
    call()
    _wait(device)
    return perf_counter() - started


def _wait(device: str) -> None:
    if device.startswith('cuda'):
        torch.cuda.synchronize(device)
