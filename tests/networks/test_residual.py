# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
import torch

from audio_manifold_ros.networks.residual import ReferenceResidualBlock, ResidualBlock
from tests.networks.layer_shapes import parameters


def test_the_reference_narrows_to_32_of_128_features() -> None:
    assert parameters(ReferenceResidualBlock(128)) == (128 * 32 * 9 + 32) + (32 * 128 + 128)
    assert parameters(ResidualBlock(128)) == (128 * 128 * 9 + 128) + (128 * 128 + 128)


def test_the_reference_ends_with_a_relu_after_the_sum() -> None:
    block = ReferenceResidualBlock(8)
    for parameter in block.parameters():
        torch.nn.init.zeros_(parameter)
    x = torch.randn(2, 8, 4, 4)
    torch.testing.assert_close(block(x), x.clamp(min=0))
