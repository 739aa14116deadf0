# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fits of small networks to windows of simulated streets, with the real trainer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.networks.vq_vae import VqVae, VqVaeConfig
from training.config.experiment_configuration import TrainingConfig
from training.data.cache import open_cache
from training.experiment.visualize import overview
from training.fitting.checkpoints import LAST, load_at_net, load_checkpoint, load_vq_vae
from training.fitting.fit_history import FitHistory
from training.fitting.fit_manifold import fit_manifold
from training.fitting.fit_transform import fit_transform
from training.fitting.latent_cache import add_latents, latent_statistics
from training.fitting.manifold_module import ManifoldModule, to_image

if TYPE_CHECKING:
    from audio_manifold_ros.networks.vq_vae import Reconstruction
    from training.data.data_module import Batch

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.mark.parametrize('modality', ['depth', 'segmentation'])
def test_a_resumed_fit_continues_from_its_last_step(config: TrainingConfig, modality: str) -> None:
    half = replace(config.manifold_fit, epochs=3)
    fit_manifold(config, modality, half)
    stopped = load_checkpoint(config.manifold_folder(modality) / LAST)
    best = fit_manifold(config, modality, config.manifold_fit, resume=True)
    resumed = load_checkpoint(config.manifold_folder(modality) / LAST)
    assert resumed['global_step'] == 2 * stopped['global_step']
    adam_moments = resumed['optimizer_states'][0]['state'][0]
    assert int(adam_moments['step']) == resumed['global_step']
    assert _val_loss(resumed) < _val_loss(stopped)
    assert load_vq_vae(best).quantizer.started


def test_the_best_manifold_is_the_one_with_the_best_images(
    config: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = ManifoldModule._losses

    def with_growing_penalty(
        module: ManifoldModule, result: Reconstruction, batch: Batch
    ) -> tuple[torch.Tensor, torch.Tensor]:
        loss, reconstruction = losses(module, result, batch)
        return loss + (0 if module.training else module.global_step), reconstruction

    monkeypatch.setattr(ManifoldModule, '_losses', with_growing_penalty)
    fit = replace(config.manifold_fit, epochs=12, validate_every_steps=4, patience=2)
    best = fit_manifold(config, 'depth', fit)
    curves = FitHistory.read(best.parent).curves
    lowest = {name: min(curves[name], key=lambda point: point[1])[0] for name in ('val/reconstruction', 'val/loss')}
    # By the whole loss, patience would have ended the fit two validations after the first with a codebook.
    assert len(curves['val/loss']) > 4
    assert lowest['val/reconstruction'] > lowest['val/loss']
    assert load_checkpoint(best)['global_step'] == lowest['val/reconstruction']


def test_nothing_to_resume_is_refused(config: TrainingConfig) -> None:
    with pytest.raises(TrainingError, match='Nothing to resume'):
        fit_manifold(config, 'depth', config.manifold_fit, resume=True)


def test_a_transform_needs_its_manifolds(config: TrainingConfig) -> None:
    with pytest.raises(TrainingError, match='manifold_depth'):
        fit_transform(config, config.at_nets[0], config.transform_fit)


def test_a_small_at_net_learns_to_distinguish_streets(config: TrainingConfig) -> None:
    for modality in config.manifolds:
        fit_manifold(config, modality, config.manifold_fit)
    best = fit_transform(config, config.at_nets[0], config.transform_fit)
    last = load_at_net(best.with_name(LAST))
    cache = open_cache(config.data, progress=False)
    indices = cache.indices('train')
    features = torch.from_numpy(cache.take('features', indices).astype(np.float32))
    with torch.inference_mode():
        predicted = last(features)
    for modality in config.manifolds:
        vq_vae = load_vq_vae(config.manifold_folder(modality) / 'best.ckpt')
        name = add_latents(cache, modality, vq_vae, config.depth)
        target = torch.from_numpy(cache.take(name, indices).astype(np.float32))
        own = float((predicted[modality] - target).square().mean())
        # Windows are in pairs of one street: an offset of two is another street.
        shuffled = float((predicted[modality].roll(2, dims=0) - target).square().mean())
        mean_image = latent_statistics(cache, name).variance
        assert own < 0.7 * mean_image
        assert own < 0.6 * shuffled
    labelled = overview(config, 'validation', 3)
    kinds = ('ground truth', 'reconstruction by its manifold', 'predicted from audio')
    assert list(labelled) == [f'{name}: {kind}' for name in ('depth', 'segmentation') for kind in kinds]
    rows = list(labelled.values())
    assert len(rows) == 6
    assert {row.shape for row in rows} == {(len(rows[0]), 128, 128, 3)}


def test_one_hot_images_leave_unlabelled_pixels_empty() -> None:
    labels = torch.randint(0, 19, (2, 16, 16), dtype=torch.uint8)
    labels[0, :4] = 255
    image = to_image({'labels': labels}, 'segmentation', VqVaeConfig(channels=19))
    assert image.is_contiguous(memory_format=torch.channels_last)
    assert float(image[0, :, :4].abs().sum()) == 0
    torch.testing.assert_close(image.sum(dim=1), (labels != 255).float())
    torch.testing.assert_close(image[1].argmax(dim=0), labels[1].long())


def test_latents_are_the_encoder_output_before_the_codebook(config: TrainingConfig) -> None:
    torch.manual_seed(0)
    vq_vae = VqVae(config.manifold('segmentation')).eval()
    cache = open_cache(config.data, progress=False)
    name = add_latents(cache, 'segmentation', vq_vae, config.depth)
    indices = np.array([0, 7, 19])
    image = to_image({'labels': torch.from_numpy(cache.take('labels', indices))}, 'segmentation', vq_vae.config)
    with torch.inference_mode():
        expected = vq_vae.encoder(image)
    torch.testing.assert_close(torch.from_numpy(cache.take(name, indices)).float(), expected, rtol=2e-3, atol=1e-4)
    assert add_latents(cache, 'segmentation', vq_vae, config.depth) == name
    with torch.no_grad():
        next(vq_vae.encoder.parameters()).add_(1.0)
    assert add_latents(cache, 'segmentation', vq_vae, config.depth) != name


def _val_loss(checkpoint: dict[str, object]) -> float:
    callbacks = checkpoint['callbacks']
    assert isinstance(callbacks, dict)
    state = next(state for name, state in callbacks.items() if 'ModelCheckpoint' in name)
    return float(state['current_score'])
