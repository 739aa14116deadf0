# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writer of a bundle with spatial features and a small network with random weights. It needs torch."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.inference.bundle.array_range import ArrayRange
from audio_manifold_ros.inference.bundle.bundle import Bundle, write_bundle
from audio_manifold_ros.inference.bundle.confidence import ConfidenceModel, ModalityConfidence
from audio_manifold_ros.inference.bundle.manifest import SPATIAL_FORMAT_VERSION, DepthRange, LabelClass, Manifest
from audio_manifold_ros.rig.camera import CameraModel
from training.export.onnx_graph import export_network

ARRAYS = ArrayRange(microphones=(4, 16), aperture_m=(0.1, 1.3), planar=False, field_of_view_deg=(60.0, 120.0))
CLASSES = (LabelClass(0, 'road', (128, 64, 128)), LabelClass(10, 'sky', (70, 130, 180)))
SIZE, CELLS = 32, 8
SHORT = SpatialFeatureSpec(window_samples=4500, frames=3, n_fft=1024, frame_hop_samples=512, echo_lags_ms=(8, 40))


class RandomNetwork(nn.Module):
    """Depth and labels that depend on every value of the features."""

    def __init__(self, size: int) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.config: Any = SimpleNamespace(
            output_names=('depth_m', 'depth_distance', 'labels', 'segmentation_distance')
        )
        self.project = nn.Linear(size, 2 * SIZE * SIZE)
        nn.init.normal_(self.project.weight, std=0.1 / size**0.5)

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, ...]:
        depth, label = self.project(features).reshape(-1, 2, SIZE, SIZE).unbind(1)
        cells = torch.ones_like(depth[:, :CELLS, :CELLS])
        labels = (torch.sigmoid(20 * label - 20) * 10).round().to(torch.uint8)
        return 10 * torch.exp(depth.clamp(-2, 2)), cells, torch.where(labels > 5, 10, 0).to(torch.uint8), cells


def write_spatial_bundle(folder: Path, features: SpatialFeatureSpec = SHORT, arrays: ArrayRange = ARRAYS) -> Bundle:
    """Write a bundle whose images depend on the audio."""
    flat = ModalityConfidence(((0.0,) * CELLS,) * CELLS, 1.0, 0.0, 1.0)
    manifest = Manifest(
        format_version=SPATIAL_FORMAT_VERSION,
        name='spatial',
        description='A small network with random weights on spatial features.',
        modalities=('depth', 'segmentation'),
        features=features,
        frame_position=0.5,
        array=arrays,
        camera=CameraModel(SIZE, SIZE, 13.4, 34.3, 15.5, 15.5),
        depth=DepthRange('log', 1.0, 80.0),
        classes=CLASSES,
        networks={},
        confidence=ConfidenceModel({'depth': flat, 'segmentation': flat}, 0.5),
        training={},
        metrics={},
        files={},
    )
    network: Any = RandomNetwork(features.size).eval()
    exported = export_network(network, (features.size,))
    return write_bundle(folder, manifest, {'model.onnx': exported.onnx, 'weights.safetensors': exported.weights})


if __name__ == '__main__':
    write_spatial_bundle(Path(sys.argv[1]), SpatialFeatureSpec())
