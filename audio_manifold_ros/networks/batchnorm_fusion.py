# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fusion of batch normalisation into the preceding convolution for inference."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fuse_batch_norms(network: nn.Module) -> None:
    """Fuse each batch normalisation into the convolution before it, in place.

    Args:
        network: Network in evaluation mode. Only consecutive layers of an `nn.Sequential` are fused.

    """
    for layers in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for index in range(len(layers) - 1):
            convolution, normalisation = layers[index], layers[index + 1]
            if isinstance(convolution, (nn.Conv2d, nn.ConvTranspose2d)) and isinstance(normalisation, nn.BatchNorm2d):
                transposed = isinstance(convolution, nn.ConvTranspose2d)
                layers[index] = fuse_conv_bn_eval(convolution, normalisation, transposed)
                layers[index + 1] = nn.Identity()
