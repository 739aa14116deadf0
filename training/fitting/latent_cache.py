# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cache of the latents of all windows, computed once per manifold and stored with the arrays of the window cache."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from rich.progress import track

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.files import atomic_write
from training.data.evenly_spaced import evenly_spaced
from training.data.ground_truth_arrays import ARRAY_OF_MODALITY, ground_truth_batch
from training.fitting.manifold_module import to_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.networks.depth_representation import DepthRepresentation
    from audio_manifold_ros.networks.vq_vae import VqVae
    from training.data.cache import WindowCache
    from training.data.cache_shard import Shard

BATCH = 32
STATISTICS_WINDOWS = 256


def add_latents(cache: WindowCache, modality: str, vq_vae: VqVae, depth: DepthRepresentation) -> str:
    """Add a float16 array (window, code_dim, cell, cell) to every shard and return its name, unique to the manifold.

    The latents are the encoder's, before the bottleneck (paper, section 3.2).
    """
    made_of = repr((vq_vae.config, depth, encoder_sha256(vq_vae)))
    name = f'latent_{modality}_{hashlib.sha256(made_of.encode()).hexdigest()[:16]}'
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    manifold = vq_vae.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    missing = [shard for shard in cache.shards if not (shard.folder / f'{name}.npy').exists()]
    for shard in track(missing, f'latents of {modality}', disable=not missing):
        latents = _encode(cache, shard, modality, manifold, depth, device)
        with atomic_write(shard.folder / f'{name}.npy') as partial, partial.open('wb') as file:
            np.save(file, latents)
    return name


def encoder_sha256(vq_vae: VqVae) -> str:
    """Return a hash of the encoder weights. It identifies the latents of a manifold for given images."""
    digest = hashlib.sha256()
    for name, tensor in sorted(vq_vae.encoder.state_dict().items()):
        digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class LatentStatistics:
    """Statistics of the latents of the training windows.

    Attributes:
        mean: Mean image, float32 (code_dim, cell, cell).
        std: Standard deviation from the mean image, float32 (code_dim,).
        variance: Variance about the mean image, which is the L2 loss of the mean image.

    """

    mean: torch.Tensor
    std: torch.Tensor
    variance: float


def latent_statistics(cache: WindowCache, name: str) -> LatentStatistics:
    """Compute the statistics of the latents of the training windows.

    Raises:
        TrainingError: They are equal for all images: the fit of the manifold has failed.

    """
    latents = torch.from_numpy(cache.take(name, cache.indices('train')).astype(np.float32))
    variance, mean = torch.var_mean(latents, dim=0, correction=0)
    if not float(variance.mean()) > 0:
        msg = (
            f'The encoder of {name!r} has the same output for all images: fit its manifold with a lower learning rate.'
        )
        raise TrainingError(msg)
    std = variance.mean(dim=(1, 2)).sqrt()
    return LatentStatistics(mean, std.clamp(min=1e-3 * float(std.max())), float(variance.mean()))


@dataclass(frozen=True)
class MicrophoneStatistics:
    """Statistics of the features of the training windows.

    Attributes:
        mean: Mean of each microphone, float32 (mic,).
        covariance: Covariance of the microphones, float64 (mic, mic).

    """

    mean: torch.Tensor
    covariance: torch.Tensor


@dataclass(frozen=True)
class WindowStatistics:
    """Statistics that initialise an AT-net: of the features, and of the latents of each modality."""

    features: MicrophoneStatistics
    latents: dict[str, LatentStatistics]


def feature_statistics(cache: WindowCache) -> MicrophoneStatistics:
    """Compute the feature statistics of at most `STATISTICS_WINDOWS` evenly spaced training windows."""
    chosen = evenly_spaced(cache.indices('train'), STATISTICS_WINDOWS)
    rows = np.moveaxis(cache.features(chosen), 1, 0)
    values = torch.from_numpy(rows.reshape(len(rows), -1)).double()
    return MicrophoneStatistics(values.mean(dim=1).float(), torch.cov(values))


@torch.inference_mode()
def _encode(
    cache: WindowCache,
    shard: Shard,
    modality: str,
    vq_vae: VqVae,
    depth: DepthRepresentation,
    device: torch.device,
) -> NDArray[np.float16]:
    source = cache.array(shard, ARRAY_OF_MODALITY[modality])
    encoded = []
    for first in range(0, len(source), BATCH):
        rows = np.array(source[first : first + BATCH])
        batch = ground_truth_batch(modality, rows, depth)
        latent = vq_vae.encode(to_image(batch, modality, vq_vae.config).to(device))
        encoded.append(latent.float().cpu().numpy().astype(np.float16))
    return np.concatenate(encoded)
