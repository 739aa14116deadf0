# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import torch

from audio_manifold_ros.networks.depth_representation import DepthRepresentation
from training.fitting.joint_losses import depth_losses, image_losses


def test_depth_losses_are_the_metrics_over_pixels_with_ground_truth() -> None:
    rng = np.random.default_rng(0)
    depth = DepthRepresentation()
    truth, predicted = rng.uniform(2, 60, (2, 3, 8, 8)).astype(np.float32)
    truth[:, :2] = np.nan
    found = depth_losses(torch.from_numpy(depth.depth_to_unit(predicted)), torch.from_numpy(truth), depth)
    error = predicted[:, 2:] / truth[:, 2:]
    np.testing.assert_allclose(float(found['relative_depth']), np.abs(error - 1).mean(), rtol=1e-5)
    np.testing.assert_allclose(float(found['log_depth']), np.abs(np.log(error)).mean(), rtol=1e-5)


def test_images_without_ground_truth_have_no_loss_and_a_finite_gradient() -> None:
    images = {'depth': torch.zeros(1, 1, 4, 4), 'segmentation': torch.zeros(1, 19, 4, 4)}
    for image in images.values():
        image.requires_grad_()
    labels = torch.full((1, 4, 4), 255, dtype=torch.uint8)
    batch = {'depth_m': torch.full((1, 4, 4), torch.nan), 'labels': labels}
    losses = image_losses(images, batch, DepthRepresentation(), torch.ones(19))  # type: ignore[arg-type]
    total = torch.stack(list(losses.values())).sum()
    total.backward()
    assert float(total.detach()) == 0
    assert all(torch.isfinite(image.grad).all() for image in images.values())  # type: ignore[arg-type]
