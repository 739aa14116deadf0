# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
import torch
from torch.nn import functional

from audio_manifold_ros.networks.aspp import Aspp


def test_branches_have_the_published_order() -> None:
    torch.manual_seed(0)
    pyramid = Aspp(4, 2).eval()
    x = torch.randn(1, 4, 40, 50)
    with torch.inference_mode():
        found = pyramid(x).split(2, dim=1)
        mean = functional.conv2d(x.mean(dim=(2, 3), keepdim=True), pyramid.pooled[1].weight)
        reference = [mean.expand(-1, -1, 40, 50)]
        for branch, dilation in zip(pyramid.branches, (0, 12, 24, 36), strict=True):
            reference.append(functional.conv2d(x, branch[0].weight, padding=dilation, dilation=max(dilation, 1)))
    # A normalisation without statistics divides by the square root of 1 + epsilon.
    for own, expected in zip(found, reference, strict=True):
        torch.testing.assert_close(own, expected.clamp(min=0) / (1 + 1e-5) ** 0.5)
