# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The frozen encoder's latents of all windows, computed once per manifold and kept beside the cache's arrays."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from rich.progress import track

from audio_manifold_ros.common.errors import TrainingError
from training.fitting.manifold_module import to_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.networks.depth_representation import DepthRepresentation
    from audio_manifold_ros.networks.vq_vae import VqVae
    from training.data.cache import WindowCache
    from training.data.cache_shard import Shard
    from training.data.data_module import Batch

BATCH = 32
STATISTICS_WINDOWS = 256


def add_latents(cache: WindowCache, modality: str, vq_vae: VqVae, depth: DepthRepresentation) -> str:
    """Add an array f16 (window, code_dim, cell, cell) to every shard and return its name, unique to the manifold.

    The latents are the encoder's, before the bottleneck (paper, section 3.2).
    """
    made_of = repr((vq_vae.config, depth, encoder_sha256(vq_vae)))
    name = f'latent_{modality}_{hashlib.sha256(made_of.encode()).hexdigest()[:16]}'
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    manifold = vq_vae.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    missing = [shard for shard in cache.shards if not (shard.folder / f'{name}.npy').exists()]
    for shard in track(missing, f'latents of {modality}', disable=not missing):
        latents = _encode(shard, modality, manifold, depth, device)
        partial = shard.folder / f'.{name}.{os.getpid()}.npy'
        np.save(partial, latents)
        partial.replace(shard.folder / f'{name}.npy')
    return name


def encoder_sha256(vq_vae: VqVae) -> str:
    """Return what tells the latents of a manifold from those of any other, given the same images."""
    digest = hashlib.sha256()
    for name, tensor in sorted(vq_vae.encoder.state_dict().items()):
        digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class LatentStatistics:
    """What the latents of the training windows are like.

    Attributes:
        mean: float32 (code_dim, cell, cell), the mean image.
        std: float32 (code_dim,), about the mean image.
        variance: About the mean image: its L2 loss.

    """

    mean: torch.Tensor
    std: torch.Tensor
    variance: float


def latent_statistics(cache: WindowCache, name: str) -> LatentStatistics:
    """Measure the training windows' latents.

    Raises:
        TrainingError: They are the same for every image: the manifold has learnt nothing.

    """
    latents = torch.from_numpy(cache.take(name, cache.indices('train')).astype(np.float32))
    variance, mean = torch.var_mean(latents, dim=0, correction=0)
    if not float(variance.mean()) > 0:
        msg = f'The encoder of {name!r} says the same of every image: fit its manifold with a lower learning rate.'
        raise TrainingError(msg)
    std = variance.mean(dim=(1, 2)).sqrt()
    return LatentStatistics(mean, std.clamp(min=1e-3 * float(std.max())), float(variance.mean()))


@dataclass(frozen=True)
class FeatureStatistics:
    """What the features of the training windows are like.

    Attributes:
        mean: float32 (mic,).
        covariance: float64 (mic, mic).

    """

    mean: torch.Tensor
    covariance: torch.Tensor


@dataclass(frozen=True)
class WindowStatistics:
    """What an AT-net is told before it is fitted: of the training windows' features, and of each modality's latents."""

    features: FeatureStatistics
    latents: dict[str, LatentStatistics]


def feature_statistics(cache: WindowCache) -> FeatureStatistics:
    """Measure the training windows' features, at most `STATISTICS_WINDOWS` of them, evenly thinned."""
    indices = cache.indices('train')
    chosen = indices[np.linspace(0, len(indices) - 1, min(len(indices), STATISTICS_WINDOWS)).astype(np.int64)]
    rows = np.moveaxis(cache.features(chosen), 1, 0)
    values = torch.from_numpy(rows.reshape(len(rows), -1)).double()
    return FeatureStatistics(values.mean(dim=1).float(), torch.cov(values))


@torch.inference_mode()
def _encode(
    shard: Shard,
    modality: str,
    vq_vae: VqVae,
    depth: DepthRepresentation,
    device: torch.device,
) -> NDArray[np.float16]:
    source = shard.array('depth_m' if modality == 'depth' else 'labels')
    encoded = []
    for first in range(0, len(source), BATCH):
        rows = np.array(source[first : first + BATCH])
        batch: Batch = {}
        if modality == 'depth':
            batch['depth'] = torch.from_numpy(depth.depth_to_unit(rows.astype(np.float32)))[:, None].to(device)
        else:
            batch['labels'] = torch.from_numpy(rows).to(device)
        latent = vq_vae.encode(to_image(batch, modality, vq_vae.config))
        encoded.append(latent.float().cpu().numpy().astype(np.float16))
    return np.concatenate(encoded)
