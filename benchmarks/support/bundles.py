# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bundles of the benchmarks: the shipped ones, and others with random weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.inference.backends.backend import input_shape
from audio_manifold_ros.inference.bundle.array_range import ArrayRange
from audio_manifold_ros.inference.bundle.bundle import INT8_FILE, ONNX_FILE, WEIGHTS_FILE, Bundle, write_bundle
from audio_manifold_ros.inference.bundle.confidence import ConfidenceModel, ModalityConfidence
from audio_manifold_ros.inference.bundle.manifest import (
    FORMAT_VERSION,
    SPATIAL_FORMAT_VERSION,
    DepthRange,
    LabelClass,
    Manifest,
)
from audio_manifold_ros.inference.bundle.trained_array import TrainedArray
from audio_manifold_ros.modalities import registry
from audio_manifold_ros.modalities.registry import DEPTH, SEGMENTATION
from audio_manifold_ros.networks.at_net import AtNetConfig
from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork
from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig
from audio_manifold_ros.networks.vq_vae import VqVaeConfig
from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.rig.rig import MicrophoneArray
from audio_manifold_ros.simulation.rig_parts import RIG
from training.export.onnx_graph import export_network

MODELS = Path(__file__).parents[2] / 'models'
# The shipped model, and the one on mel features for the comparisons that need them.
STREET, PAPER_8X8 = MODELS / 'street', MODELS / 'paper_8x8'
MODALITIES = (DEPTH, SEGMENTATION)
CALIBRATION_WINDOWS = 2
CHANNELS = {name: registry.MODALITIES[name].channels for name in MODALITIES}


def paper_config() -> PerceptionConfig:
    """Return the configuration of the paper: one network of full width for each modality."""
    return PerceptionConfig(
        at_nets=tuple(AtNetConfig(modalities=(modality,)) for modality in MODALITIES),
        manifolds={modality: VqVaeConfig(channels=CHANNELS[modality]) for modality in MODALITIES},
    )


def half_width_config() -> PerceptionConfig:
    """Return the sizes of models/paper_8x8: one trunk of half width with two heads, and narrower manifolds."""
    return PerceptionConfig(
        at_nets=(AtNetConfig(width=0.5, modalities=MODALITIES),),
        manifolds={
            modality: VqVaeConfig(channels=CHANNELS[modality], first_features=32, features=64)
            for modality in MODALITIES
        },
    )


def write_paper_bundle(folder: Path) -> Bundle:
    """Write a bundle of the paper's networks; speed does not depend on the weights."""
    return write_random_bundle(folder, paper_config())


def write_random_bundle(folder: Path, config: PerceptionConfig) -> Bundle:
    """Write a bundle of networks with random weights, in float32 and int8."""
    import torch

    from training.export.onnx_int8 import quantize_graph

    torch.manual_seed(0)
    network = PerceptionNetwork(config)
    manifest = _manifest(network)
    shape = input_shape(manifest)
    exported = export_network(network, shape)
    files = {ONNX_FILE: exported.onnx, WEIGHTS_FILE: exported.weights}
    float32_bundle = write_bundle(folder, manifest, files)
    noise = np.random.default_rng(0).uniform(-1.2, 0.4, (CALIBRATION_WINDOWS, *shape)).astype(np.float32)
    return write_bundle(folder, manifest, {**files, INT8_FILE: quantize_graph(float32_bundle.onnx_path, noise)})


def write_spatial_bundle(folder: Path, latent_cells: int = 0) -> Bundle:
    """Write a bundle of a network on spatial maps with random weights, in float32.

    Args:
        folder: Folder of the bundle.
        latent_cells: Rows and columns of the latents of its manifolds. 0 for direct heads.

    """
    import torch

    torch.manual_seed(0)
    spatial = SpatialNetworkConfig(modalities=MODALITIES, latent_cells=latent_cells)
    manifolds = {
        modality: VqVaeConfig(
            channels=CHANNELS[modality],
            manifold_cells=latent_cells,
            first_features=32,
            features=64,
            decoder='compact',
        )
        for modality in (MODALITIES if latent_cells else ())
    }
    network = PerceptionNetwork(PerceptionConfig(manifolds=manifolds, spatial=spatial))
    array = ArrayRange(
        microphones=(4, 16),
        aperture_m=(0.1, 1.2),
        planar=False,
        field_of_view_deg=(60.0, 120.0),
        vertical_field_of_view_deg=(40.0, 60.0),
        camera_height_m=(0.3, 2.3),
    )
    manifest = replace(
        _manifest(network), format_version=SPATIAL_FORMAT_VERSION, features=SpatialFeatureSpec(), array=array
    )
    exported = export_network(network, input_shape(manifest))
    return write_bundle(folder, manifest, {ONNX_FILE: exported.onnx, WEIGHTS_FILE: exported.weights})


def _manifest(network: PerceptionNetwork) -> Manifest:
    rig = resource_path(RIG)
    law = ModalityConfidence(((0.0,) * 8,) * 8, 1.0, 0.0, 1.0)
    return Manifest(
        format_version=FORMAT_VERSION,
        name='random',
        description='Networks with random weights.',
        modalities=MODALITIES,
        features=FeatureSpec(),
        frame_position=0.5,
        array=TrainedArray.from_array(MicrophoneArray.from_yaml(rig / 'mic_array.yaml')),
        camera=CameraModel.from_yaml(rig / 'camera.yaml'),
        depth=DepthRange('log', 1.0, 80.0),
        classes=(LabelClass(0, 'road', (128, 64, 128)), LabelClass(10, 'sky', (70, 130, 180))),
        networks=network.config.to_dict(),
        confidence=ConfidenceModel(dict.fromkeys(MODALITIES, law), 0.5),
        training={},
        metrics={},
        files={},
    )
