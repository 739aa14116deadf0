# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Starting weights of a joint fit, from a bundle or from the fitted networks of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.json_text import read_json
from audio_manifold_ros.common.schema import from_plain
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.inference.backends.torch_backend import load_network
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.manifest import MANIFEST_FILE
from audio_manifold_ros.networks.perception_network import PerceptionNetwork
from audio_manifold_ros.networks.quantizer import VectorQuantizer
from audio_manifold_ros.networks.soft_vector_quantizer import SoftVectorQuantizer
from training.config.experiment_configuration import SEED, TrainingConfig
from training.experiment.run_directory import CONFIG_FILE
from training.fitting.fitted_networks import load_perception

if TYPE_CHECKING:
    from torch import Tensor

    from audio_manifold_ros.features.kinds import AnyFeatureSpec
    from audio_manifold_ros.networks.perception_network import PerceptionConfig
    from audio_manifold_ros.networks.spatial.spatial_network import SpatialNetwork

# Settings that change the values of the maps, and neither their axes nor their sizes.
ADAPTABLE_SETTINGS = ('window_samples', 'whitening', 'echo_whitening', 'echo_segments', 'echo_step_samples')
HEAD_PREFIX = 'head.'
STEERED_WEIGHT, STEERED_DEVIATION = 'spatial.trunk.steered.layers.0.0.weight', 'spatial.trunk.inputs.steered_std'
# Weight of the stored codes in the moving averages, in batches of average use.
CODE_COUNT = 32.0


class StartingNetworks(NamedTuple):
    """Networks with starting weights.

    Attributes:
        network: The networks.
        has_other_features: True if the weights were fitted to other features, so that the input has other statistics.

    """

    network: PerceptionNetwork
    has_other_features: bool


def load_start(path: Path, config: TrainingConfig, expected: PerceptionConfig) -> StartingNetworks:
    """Return the networks of a bundle or of the output folder of a run.

    An experiment with soft decoding may start from networks with the nearest codes. An experiment on spatial maps may
    start from networks with another whitening, other segments of the echo map, or fewer bands of the steered map if the
    experiment splits these bands.

    Args:
        path: Folder of the bundle or of the run.
        config: The experiment.
        expected: Sizes of the networks of the experiment.

    Raises:
        TrainingError: The folder is neither, or its networks have other sizes or other features.
        InferenceError: The bundle is damaged.

    """
    network, features = _read(path, 'start')
    wanted = config.data.features
    has_other_features = features != wanted
    if isinstance(features, SpatialFeatureSpec) and isinstance(wanted, SpatialFeatureSpec):
        network, features = _with_finer_bands(network, features, wanted), _with_adapted_settings(features, wanted)
    if network.config != expected and network.config == _with_nearest_codes(expected):
        network = _with_soft_codes(network, expected)
    for name, found, given in (('sizes', network.config, expected), ('features', features, wanted)):
        if found != given:
            msg = f'The networks of {str(path)!r} have the {name} {found}, the experiment {given}: make them equal.'
            raise TrainingError(msg)
    for codebook in network.codebooks.values():
        if isinstance(codebook, VectorQuantizer):
            codebook.adopt(CODE_COUNT)
    return StartingNetworks(network, has_other_features)


def adopt_trunk(network: SpatialNetwork, path: Path, config: TrainingConfig) -> None:
    """Copy the weights of a bundle or of a run into a network on spatial maps, without its image or latent head.

    Args:
        network: Receives the weights. Its image or latent head is not changed.
        path: Folder of the bundle or of the run.
        config: The experiment, whose features must be those of the weights.

    Raises:
        TrainingError: The folder is neither, or its trunk has other sizes or other features.
        InferenceError: The bundle is damaged.

    """
    source, features = _read(path, 'start_trunk')
    found, own = ({} if part is None else _without_head(part) for part in (source.spatial, network))
    shapes, expected = ({name: tuple(values.shape) for name, values in part.items()} for part in (found, own))
    if shapes != expected or features != config.data.features:
        other = sorted(name for name, _ in shapes.items() ^ expected.items())
        msg = (
            f'The trunk of {str(path)!r} differs from that of the experiment in {len(other)} weights, such as '
            f'{other[:3]}, or in its features: give one of the same sizes and features.'
        )
        raise TrainingError(msg)
    network.load_state_dict(found, strict=False)


def _with_adapted_settings(features: SpatialFeatureSpec, wanted: SpatialFeatureSpec) -> SpatialFeatureSpec:
    """Return features with the adaptable settings of others, and with the bands of these if they split its own."""
    names = (*ADAPTABLE_SETTINGS, 'band_edges_hz') if _splits_bands(features, wanted) else ADAPTABLE_SETTINGS
    return replace(features, **{name: getattr(wanted, name) for name in names})


def _splits_bands(features: SpatialFeatureSpec, wanted: SpatialFeatureSpec) -> bool:
    coarse, fine = features.band_edges_hz, wanted.band_edges_hz
    return set(coarse) <= set(fine) and (coarse[0], coarse[-1]) == (fine[0], fine[-1])


def _with_finer_bands(
    network: PerceptionNetwork, features: SpatialFeatureSpec, wanted: SpatialFeatureSpec
) -> PerceptionNetwork:
    """Return networks that split the bands of the steered map, each part with its share of the weights of the band."""
    spatial = network.config.spatial
    if spatial is None or wanted.band_edges_hz == features.band_edges_hz or not _splits_bands(features, wanted):
        return network
    finer = PerceptionNetwork(replace(network.config, spatial=replace(spatial, steered=wanted.steered_shape)))
    bands = torch.bucketize(
        torch.tensor(wanted.band_edges_hz[:-1]), torch.tensor(features.band_edges_hz[1:-1]), right=True
    )
    parts = torch.bincount(bands)
    weights = network.state_dict()
    weights[STEERED_WEIGHT] = weights[STEERED_WEIGHT][:, bands] / parts[bands][:, None, None]
    weights[STEERED_DEVIATION] = weights[STEERED_DEVIATION][:, bands]
    finer.load_state_dict(weights)
    return finer


def _with_nearest_codes(config: PerceptionConfig) -> PerceptionConfig:
    manifolds = {
        name: replace(manifold, bottleneck='codebook') if manifold.bottleneck == 'soft_codebook' else manifold
        for name, manifold in config.manifolds.items()
    }
    return replace(config, manifolds=manifolds)


def _with_soft_codes(network: PerceptionNetwork, expected: PerceptionConfig) -> PerceptionNetwork:
    """Return networks with the same weights, and a first temperature for each soft codebook."""
    soft = PerceptionNetwork(expected)
    soft.load_state_dict(network.state_dict(), strict=False)
    for codebook in soft.codebooks.values():
        if isinstance(codebook, SoftVectorQuantizer):
            codebook.start_temperature()
    return soft


def _without_head(network: SpatialNetwork) -> dict[str, Tensor]:
    return {name: values for name, values in network.state_dict().items() if not name.startswith(HEAD_PREFIX)}


def _read(path: Path, key: str) -> tuple[PerceptionNetwork, AnyFeatureSpec]:
    """Return the networks of a bundle or of a run, and their features. The key names the setting in errors."""
    if (path / MANIFEST_FILE).is_file():
        bundle = Bundle.load(path)
        return load_network(bundle), bundle.manifest.features
    if (path / CONFIG_FILE).is_file():
        values = read_json(path / CONFIG_FILE, TrainingError, 'Give a finished run or a bundle.')
        run = replace(from_plain(TrainingConfig, values, str(path / CONFIG_FILE), TrainingError), output=str(path))
        return load_perception(run), run.data.features
    if SEED in str(path):
        msg = f'joint.{key} is {str(path)!r}, but the fit has no seed: run it with audio-manifold train run --seed.'
        raise TrainingError(msg)
    msg = f'joint.{key} is {str(path)!r}: give the folder of a bundle, or the output folder of a finished run.'
    raise TrainingError(msg)
