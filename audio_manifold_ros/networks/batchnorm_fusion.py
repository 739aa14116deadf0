# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Batch normalisation after a convolution, taken into its weights: what does not learn any more need not divide."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fuse_batch_norms(network: nn.Module) -> None:
    """Replace each convolution followed by a batch normalisation, in place, by one convolution that does both.

    Args:
        network: In evaluation mode; layers are found where they follow each other in an `nn.Sequential`.

    """
    for layers in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for index in range(len(layers) - 1):
            convolution, normalisation = layers[index], layers[index + 1]
            if isinstance(convolution, (nn.Conv2d, nn.ConvTranspose2d)) and isinstance(normalisation, nn.BatchNorm2d):
                transposed = isinstance(convolution, nn.ConvTranspose2d)
                layers[index] = fuse_conv_bn_eval(convolution, normalisation, transposed)
                layers[index + 1] = nn.Identity()
