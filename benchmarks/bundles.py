# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The bundles that are measured: the one that ships, and the paper's sizes with random weights."""

from __future__ import annotations

from pathlib import Path

from audio_manifold_ros.calibration.camera import CameraModel
from audio_manifold_ros.calibration.rig import MicrophoneArray
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.inference.backend import input_shape
from audio_manifold_ros.inference.bundle import Bundle, write_bundle
from audio_manifold_ros.inference.confidence import ConfidenceModel, ModalityConfidence
from audio_manifold_ros.inference.manifest import (
    FORMAT_VERSION,
    ArrayGeometry,
    DepthRange,
    LabelClass,
    Manifest,
    Modality,
)
from audio_manifold_ros.networks.at_net import AtNetConfig
from audio_manifold_ros.networks.perception import PerceptionConfig, PerceptionNetwork
from audio_manifold_ros.networks.vq_vae import VqVaeConfig
from audio_manifold_ros.resources import resource_path
from training.onnx_graph import export_network

RIG = 'calibration/roof_octagon'
STREET = Path(__file__).parent.parent / 'models' / 'street'
MODALITIES: tuple[Modality, ...] = ('depth', 'segmentation')
CHANNELS = {'depth': 1, 'segmentation': 19}


def has_street() -> bool:
    """Return whether the bundle that ships is there."""
    return (STREET / 'manifest.json').is_file()


def write_paper_bundle(folder: Path) -> Bundle:
    """Write a bundle of the paper's networks, one of full width per modality; speed does not depend on the weights."""
    import torch

    torch.manual_seed(0)
    network = PerceptionNetwork(
        PerceptionConfig(
            at_nets=tuple(AtNetConfig(modalities=(modality,)) for modality in MODALITIES),
            manifolds={modality: VqVaeConfig(channels=CHANNELS[modality]) for modality in MODALITIES},
        )
    )
    manifest = _manifest(network)
    exported = export_network(network, input_shape(manifest))
    files = {'model.onnx': exported.onnx, 'weights.safetensors': exported.weights}
    return write_bundle(folder, manifest, files)


def _manifest(network: PerceptionNetwork) -> Manifest:
    rig = resource_path(RIG)
    law = ModalityConfidence(((0.0,) * 8,) * 8, 1.0, 0.0, 1.0)
    return Manifest(
        format_version=FORMAT_VERSION,
        name='paper_sizes',
        description='The networks of the paper with random weights.',
        modalities=MODALITIES,
        features=FeatureSpec(),
        frame_position=0.5,
        array=ArrayGeometry.of(MicrophoneArray.from_yaml(rig / 'mic_array.yaml')),
        camera=CameraModel.from_yaml(rig / 'camera.yaml'),
        depth=DepthRange('log', 1.0, 80.0),
        classes=(LabelClass(0, 'road', (128, 64, 128)), LabelClass(10, 'sky', (70, 130, 180))),
        networks=network.config.to_dict(),
        confidence=ConfidenceModel(dict.fromkeys(MODALITIES, law), 0.5),
        training={},
        metrics={},
        files={},
    )
