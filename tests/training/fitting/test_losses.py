# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from training.config.fit_configuration import LossConfig
from training.data.data_module import Batch
from training.fitting.losses import image_loss, omninet_weights


@pytest.mark.parametrize(('name', 'expected'), [('l1', 2.0), ('mse', 5.0), ('log1p', (math.log(2) + math.log(4)) / 2)])
def test_depth_losses_follow_their_names(name: str, expected: float) -> None:
    batch: Batch = {'depth': torch.tensor([1.0, 5.0]).reshape(1, 1, 1, 2)}
    image = torch.tensor([2.0, 2.0]).reshape(1, 1, 1, 2)
    assert float(image_loss('depth', image, batch, LossConfig(depth=name))) == pytest.approx(expected)


def test_cross_entropy_ignores_unlabelled_pixels() -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(2, 19, 4, 4), torch.randint(0, 19, (2, 4, 4), dtype=torch.uint8)
    labels[0, :2] = 255
    probabilities = torch.softmax(logits, dim=1).permute(0, 2, 3, 1)[labels != 255].numpy()
    valid_labels = labels[labels != 255].long().numpy()
    expected = -np.log(probabilities[np.arange(len(valid_labels)), valid_labels])
    found = image_loss('segmentation', logits, {'labels': labels}, LossConfig())
    assert float(found) == pytest.approx(expected.mean(), rel=1e-5)
    weights = omninet_weights(labels.long(), 19).numpy()[valid_labels]
    weighted = image_loss('segmentation', logits, {'labels': labels}, LossConfig(class_weights='omninet'))
    assert float(weighted) == pytest.approx((weights * expected).sum() / weights.sum(), rel=1e-5)


def test_rare_and_moving_classes_have_larger_weights() -> None:
    labels = torch.tensor([0] * 6 + [1] * 2 + [13] * 2 + [255] * 90)
    weights = omninet_weights(labels, 19)
    assert weights[0] == pytest.approx(1.4)
    assert weights[1] == pytest.approx(1.8)
    assert weights[2] == 1
    assert weights[13] == pytest.approx(7 * 1.8)
    assert weights[16] == 7
