# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.inference.bundle.bundle import Bundle, write_bundle
from audio_manifold_ros.inference.bundle.confidence import ConfidenceModel, ModalityConfidence
from audio_manifold_ros.inference.bundle.file_metadata import describe_files
from audio_manifold_ros.inference.bundle.manifest import (
    FORMAT_VERSION,
    DepthRange,
    LabelClass,
    Manifest,
)
from audio_manifold_ros.inference.bundle.trained_array import TrainedArray
from audio_manifold_ros.networks.at_net import AtNetConfig
from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork
from audio_manifold_ros.networks.vq_vae import VqVaeConfig
from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.rig.rig import MicrophoneArray
from training.export.onnx_graph import export_network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CLASSES = (
    LabelClass(0, 'road', (128, 64, 128)),
    LabelClass(10, 'sky', (70, 130, 180)),
    LabelClass(13, 'car', (0, 0, 142)),
)


def patches(windows: int) -> np.ndarray:
    """Return features (window, mic, height, width) in a realistic range, with patches that networks distinguish."""
    rng = np.random.default_rng(3)
    coarse = rng.uniform(-1.2, 0.4, (windows, 8, 8, 8))
    return (np.kron(coarse, np.ones((1, 1, 16, 16))) + rng.normal(0, 0.05, (windows, 8, 128, 128))).astype(np.float32)


def make_network(modalities: tuple[str, ...] = ('depth', 'segmentation')) -> PerceptionNetwork:
    """Build a small network with random weights that distinguishes inputs, and codes among its latents."""
    torch.manual_seed(7)
    sizes = {'codes': 16, 'code_dim': 16, 'features': 32, 'first_features': 16, 'residual_blocks': 1}
    channels = {'depth': 1, 'segmentation': 19}
    network = PerceptionNetwork(
        PerceptionConfig(
            at_nets=(AtNetConfig(width=0.125, modalities=modalities, code_dim=16),),
            manifolds={name: VqVaeConfig(channels=channels[name], **sizes) for name in modalities},
        )
    )
    for name, buffer in network.named_buffers():
        if name.endswith('codebook'):
            buffer.normal_()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim > 1 and not parameter.any():  # heads begin with the mean image, whatever the input is
                torch.nn.init.kaiming_normal_(parameter)
        for at_net in network.at_nets:
            calibrate_batch_norm(at_net)
            for modality, latents in at_net(torch.from_numpy(patches(16))).items():
                std = (latents - latents.mean(dim=0)).std(dim=(0, 2, 3))
                at_net.set_latent_statistics(modality, -latents.mean(dim=0) / std[:, None, None], 1 / std)
        for decoder in network.decoders.values():
            decoder[-1].weight.mul_(20.0)
            decoder[-1].bias.add_(0.5)
    return network


def calibrate_batch_norm(network: torch.nn.Module) -> None:
    """Give every batch normalisation the statistics of the patches, so that the network distinguishes them."""
    norms = [module for module in network.modules() if isinstance(module, torch.nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.momentum = 1.0
    network.train()(torch.from_numpy(patches(16)))
    network.eval()


def make_manifest(network: PerceptionNetwork, array: MicrophoneArray) -> Manifest:
    modalities = network.config.modalities
    modality_model = ModalityConfidence(((0.0,) * 8,) * 8, 1.0, 0.0, 1.0)
    return Manifest(
        format_version=FORMAT_VERSION,
        name='small',
        description='A small network with random weights.',
        modalities=modalities,
        features=FeatureSpec(),
        frame_position=0.5,
        array=TrainedArray.from_array(array),
        camera=CameraModel(128, 128, 53.7024, 137.2484, 63.5, 63.5),
        depth=DepthRange('log', 1.0, 80.0) if 'depth' in modalities else None,
        classes=CLASSES if 'segmentation' in modalities else (),
        networks=network.config.to_dict(),
        confidence=ConfidenceModel(dict.fromkeys(modalities, modality_model), 0.5),
        training={'drives': 0},
        metrics={},
        files={},
    )


def write_small_bundle(folder: Path, network: PerceptionNetwork, array: MicrophoneArray) -> Bundle:
    manifest = make_manifest(network, array)
    exported = export_network(network, (8, 128, 128), metadata=describe_files(manifest))
    files = {'model.onnx': exported.onnx, 'weights.safetensors': exported.weights, 'README.md': b'# small\n'}
    return write_bundle(folder, manifest, files)


@pytest.fixture(scope='session')
def network_of() -> Callable[[tuple[str, ...]], PerceptionNetwork]:
    """Return a function that builds a small network of given modalities."""
    return make_network


@pytest.fixture(scope='session')
def write_small() -> Callable[[Path, PerceptionNetwork, MicrophoneArray], Bundle]:
    """Return a function that writes a bundle of a small network."""
    return write_small_bundle


@pytest.fixture(scope='session')
def array() -> MicrophoneArray:
    return MicrophoneArray.from_yaml(resource_path('calibration/roof_octagon') / 'mic_array.yaml')


@pytest.fixture(scope='session')
def network() -> PerceptionNetwork:
    return make_network()


@pytest.fixture(scope='session')
def bundle(network: PerceptionNetwork, array: MicrophoneArray, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_small_bundle(tmp_path_factory.mktemp('models') / 'small', network, array)


@pytest.fixture(scope='session')
def short_bundle(bundle: Bundle) -> Bundle:
    """Return the bundle with windows of 0.2 s, so that a test has many, tolerant of two missing microphones."""
    features = FeatureSpec(window_samples=4500)
    return Bundle(bundle.folder, replace(bundle.manifest, features=features, tolerates_missing=2))


@pytest.fixture
def bundle_copy(bundle: Bundle, tmp_path: Path) -> Path:
    """Return a folder with a copy of the bundle, for tests that damage it."""
    return shutil.copytree(bundle.folder, tmp_path / 'small')


@pytest.fixture
def windows() -> np.ndarray:
    """Return features (window, mic, height, width) in a realistic range."""
    return patches(3)
