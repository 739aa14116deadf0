# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fits of single-stage networks to a few windows of simulated streets, with the real trainer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from audio_manifold_ros.networks.single_stage import SingleStageConfig
from training.config.experiment_configuration import TrainingConfig
from training.config.fit_configuration import FitConfig, LossConfig
from training.data.cache import open_cache
from training.experiment.visualize import overview
from training.fitting.checkpoints import LAST, load_direct
from training.fitting.direct_module import DirectModule
from training.fitting.fit_direct import fit_direct
from training.fitting.fit_history import FitHistory
from training.fitting.fitted_networks import load_perception
from training.fitting.losses import image_loss

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

DECODER = {'code_dim': 8, 'first_features': 8, 'features': 16, 'residual_blocks': 1}
END_TO_END = {
    'at_net': {'width': 0.125, 'code_dim': 8, 'dropout': 0.0, 'modalities': ['depth', 'segmentation']},
    'decoders': {'depth': DECODER, 'segmentation': {'channels': 19, **DECODER}},
}
OMNINET = {'mics': 2, 'modalities': ['segmentation'], 'width': 0.1, 'fused': [8, 8], 'segmentation': [16, 16]}
SYSTEMS = {
    'end_to_end': {'end_to_end': END_TO_END},
    'echo2depth': {'echo2depth': {'mics': 8, 'variant': 'paper'}},
    'omninet': {'omninet': OMNINET, 'microphones': [2, 6]},
}


@pytest.mark.parametrize(('system', 'steps'), [('end_to_end', 50), ('echo2depth', 150), ('omninet', 70)])
def test_a_single_stage_network_learns_to_distinguish_streets(config: TrainingConfig, system: str, steps: int) -> None:
    network = SingleStageConfig.from_dict(SYSTEMS[system])
    fit = FitConfig(batch_size=8, steps=steps, learning_rate=5e-3, schedule='one_cycle', validate_every_steps=steps)
    config = replace(config, manifolds={}, at_nets=(), direct=(network,), losses=LossConfig(depth='log1p'))
    best = fit_direct(config, network, fit)
    curve = FitHistory.read(best.parent).curves['train/loss']
    assert curve[-1][1] < 0.8 * curve[0][1]
    cache = open_cache(config.data, progress=False)
    indices = cache.indices('train')
    with torch.inference_mode():
        predicted = load_direct(best.with_name(LAST))(torch.from_numpy(cache.features(indices)))
    batch: Any = {
        'depth': torch.from_numpy(config.depth.depth_to_unit(cache.take('depth_m', indices).astype('f4')))[:, None],
        'labels': torch.from_numpy(cache.take('labels', indices)),
    }
    for modality, image in predicted.items():
        own = float(image_loss(modality, image, batch, config.losses))
        # Windows are in pairs of one street: an offset of two is another street.
        other = float(image_loss(modality, image.roll(2, dims=0), batch, config.losses))
        assert own < 0.9 * other
    assert load_perception(config).config.modalities == network.modalities
    assert len(overview(config, 'validation', 2)) == 2 * len(network.modalities)


def test_a_fit_stops_when_validation_does_not_improve(config: TrainingConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    network = SingleStageConfig.from_dict(SYSTEMS['echo2depth'])
    config = replace(config, manifolds={}, at_nets=(), direct=(network,))
    # Without a gradient no validation is better than the first.
    monkeypatch.setattr(DirectModule, '_total', lambda _module, losses: losses['depth'] * 0 + 1.0)
    fit = FitConfig(batch_size=6, steps=50, patience=2, validate_every_steps=5)
    folder = fit_direct(config, network, fit).parent
    assert FitHistory.read(folder).steps == 15
