# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Roofline model: work counted by hand, and the time that follows from it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from audio_manifold_ros.networks.at_net import AtNetConfig
from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork
from audio_manifold_ros.networks.vq_vae import VqVaeConfig
from benchmarks.support.librosa_baseline import _single_modality
from benchmarks.support.roofline import MachineRates, NetworkWork, count_work, measure_rates

SHAPE = (2, 64, 64)
CONFIG = PerceptionConfig(
    at_nets=(AtNetConfig(mics=2, width=0.25, modalities=('depth', 'segmentation')),),
    manifolds={
        'depth': VqVaeConfig(first_features=8, features=8),
        'segmentation': VqVaeConfig(channels=19, first_features=8, features=8),
    },
)


def count_multiplications(network: nn.Module) -> int:
    """Count those of convolutions and linear layers, from their sizes and what passes through them."""
    counted: list[int] = []

    def count(layer: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        # A convolution multiplies each weight once for each place of its output, a transposed one of its input.
        places = inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output
        counted.append(layer.weight.numel() * (places[0, 0].numel() if places.dim() == 4 else 1))

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            layer.register_forward_hook(count)
    with torch.inference_mode():
        network(torch.zeros(1, *SHAPE))
    return sum(counted)


def test_counts_every_layer() -> None:
    network = PerceptionNetwork(CONFIG)
    layers = 2 * count_multiplications(network)
    # Whitening and the search for the nearest code are products too, but small ones.
    assert layers <= count_work(CONFIG, SHAPE).flop <= 1.1 * layers


def test_moves_each_weight_once() -> None:
    weights = sum(weight.numel() for weight in PerceptionNetwork(CONFIG).parameters())
    outputs = 128 * 128 * (4 + 1) + 2 * 8 * 8 * 4
    assert count_work(CONFIG, SHAPE).memory_bytes == 4 * weights + 4 * 2 * 64 * 64 + outputs


def test_a_modality_by_itself_is_less_than_both() -> None:
    depth, segmentation = (_single_modality(CONFIG, modality) for modality in ('depth', 'segmentation'))
    assert (depth.modalities, segmentation.modalities) == (('depth',), ('segmentation',))
    both = count_work(CONFIG, SHAPE).flop
    assert count_work(depth, SHAPE).flop < both < count_work(depth, SHAPE).flop + count_work(segmentation, SHAPE).flop


@pytest.mark.parametrize(('work', 'floor_s'), [(NetworkWork(200, 10), 2.0), (NetworkWork(200, 60), 3.0)])
def test_the_slower_of_arithmetic_and_memory_counts(work: NetworkWork, floor_s: float) -> None:
    assert MachineRates(100.0, 20.0).floor_s(work) == floor_s


def test_keeps_the_best_that_was_measured() -> None:
    assert MachineRates(100.0, 20.0).elementwise_max(MachineRates(90.0, 30.0)) == MachineRates(100.0, 30.0)
    rates = measure_rates('cpu')
    assert 1e9 < rates.flop_per_s < 1e15
    assert 1e8 < rates.bytes_per_s < 1e13
