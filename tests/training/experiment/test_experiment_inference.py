# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from training.experiment.experiment_inference import scoring_device


@pytest.mark.parametrize(
    ('accelerator', 'gpu', 'expected'),
    [
        ('auto', True, 'cuda'),
        ('gpu', True, 'cuda'),
        ('cpu', True, 'cpu'),
        ('auto', False, 'cpu'),
    ],
)
def test_the_scoring_device_follows_the_experiment(
    accelerator: str, *, gpu: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: gpu)
    assert scoring_device(accelerator).type == expected
