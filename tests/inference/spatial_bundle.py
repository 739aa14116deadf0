# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writer of a bundle with spatial features and a small network with random weights. It needs torch."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from audio_manifold_ros.camera_prior.camera_view import CameraView
from audio_manifold_ros.camera_prior.prior_table import TABLE_FILE, PriorTable
from audio_manifold_ros.camera_prior.ray_grid import COLUMNS, GROUND_RANGE_M, GROUND_ROWS, LEVELS, ROWS, RayGrid
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.features.array_geometry import steered_azimuths
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.inference.backends.backend import input_shape
from audio_manifold_ros.inference.bundle.array_range import ArrayRange
from audio_manifold_ros.inference.bundle.bundle import Bundle, write_bundle
from audio_manifold_ros.inference.bundle.confidence import ConfidenceModel, ModalityConfidence
from audio_manifold_ros.inference.bundle.manifest import SPATIAL_FORMAT_VERSION, DepthRange, LabelClass, Manifest
from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork
from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig
from audio_manifold_ros.networks.spatial.prior_inputs import prior_inputs
from audio_manifold_ros.networks.spatial.state_config import LatentStateConfig
from audio_manifold_ros.networks.vehicle_map import VehicleMapConfig
from audio_manifold_ros.networks.vq_vae import VqVaeConfig
from audio_manifold_ros.rig.camera import CameraModel
from training.export.onnx_graph import export_network

ARRAYS = ArrayRange(
    microphones=(4, 16),
    aperture_m=(0.1, 1.3),
    planar=False,
    field_of_view_deg=(60.0, 120.0),
    vertical_field_of_view_deg=(40.0, 60.0),
    camera_height_m=(0.3, 2.3),
)
CLASSES = (LabelClass(0, 'road', (128, 64, 128)), LabelClass(10, 'sky', (70, 130, 180)))
# Windows of 0.2 s, so that a test has many.
SHORT = SpatialFeatureSpec(window_samples=4500, n_fft=512, frame_hop_samples=512, frames=8, echo_lags_ms=(8, 40))
SIZE, CELLS = 128, 8


def make_spatial_network(
    features: SpatialFeatureSpec = SHORT, state: LatentStateConfig | None = None
) -> PerceptionNetwork:
    """Build a small network with random weights whose images depend on the features, and on a state if there is one."""
    torch.manual_seed(5)
    code_dim = 16
    sizes = SpatialNetworkConfig(
        level=features.level_shape,
        steered=features.steered_shape,
        echo=features.echo_shape,
        image_columns=features.image_columns,
        image_size=SIZE,
        width=0.25,
        vehicles=VehicleMapConfig(channels=8),
        latent_cells=0 if state is None else CELLS,
        code_dim=code_dim,
    )
    manifold = VqVaeConfig(codes=16, code_dim=code_dim, bottleneck='soft_codebook', decoder='compact')
    channels = {} if state is None else {'depth': 1, 'segmentation': 19}
    manifolds = {name: replace(manifold, channels=count) for name, count in channels.items()}
    network = PerceptionNetwork(PerceptionConfig(spatial=sizes, manifolds=manifolds, state=state))
    assert network.spatial is not None
    with torch.no_grad():
        for parameter in network.parameters():
            if not parameter.any():  # heads begin with the prior, whatever the input is
                torch.nn.init.normal_(parameter, std=0.3)
        for name, buffer in network.named_buffers():
            if name.endswith('codebook'):
                buffer.normal_()
        assert network.spatial.vehicles is not None
        # A new map has 0.01 everywhere. This one has peaks.
        torch.nn.init.normal_(network.spatial.vehicles.output.weight, std=1.0)
    table = flat_ground()
    assert table.view is not None
    network.spatial.prior.set_table(table)
    network.spatial.prior.set(prior_inputs(table, table.view, sizes, network.config.depth))
    network.spatial.set_azimuths(steered_azimuths(table.view.camera, table.view.matrix, features)[None])
    return network.eval()


def flat_ground() -> PriorTable:
    """Return a table of a road without end and sky at 20 m, with the camera of the roof octagon."""
    rows = np.arange(ROWS)[:, None]
    depth = np.where(rows < GROUND_ROWS, 0.0, np.log(20 / GROUND_RANGE_M[1]))
    classes = np.full((LEVELS, ROWS, COLUMNS, 19), 0.01)
    classes[:, :GROUND_ROWS, :, 0] = classes[:, GROUND_ROWS:, :, 10] = 0.8
    rig = RigFiles.from_folder(resource_path('calibration/roof_octagon'))
    return PriorTable(
        RayGrid(0.0),
        {
            'depth': np.broadcast_to(depth, (LEVELS, ROWS, COLUMNS))[..., None].astype(np.float32),
            'segmentation': classes.astype(np.float32),
        },
        CameraView.from_rig(rig.camera_model(), rig.transforms()),
    )


def write_spatial_bundle(
    folder: Path,
    features: SpatialFeatureSpec = SHORT,
    arrays: ArrayRange = ARRAYS,
    state: LatentStateConfig | None = None,
    frame_position: float = 0.5,
) -> Bundle:
    """Write a bundle of a small network with random weights."""
    network = make_spatial_network(features, state)
    flat = ModalityConfidence(((0.0,) * CELLS,) * CELLS, 1.0, 0.0, 1.0)
    manifest = Manifest(
        format_version=SPATIAL_FORMAT_VERSION,
        name='spatial',
        description='A small network with random weights on spatial features.',
        modalities=network.config.modalities,
        features=features,
        frame_position=frame_position,
        array=arrays,
        camera=CameraModel(SIZE, SIZE, 53.7024, 137.2484, 63.5, 63.5),
        depth=DepthRange('log', 1.0, 80.0),
        classes=CLASSES,
        networks=network.config.to_dict(),
        confidence=ConfidenceModel({'depth': flat, 'segmentation': flat}, 0.5),
        training={},
        metrics={},
        files={},
    )
    exported = export_network(network, input_shape(manifest))
    files = {'model.onnx': exported.onnx, 'weights.safetensors': exported.weights}
    return write_bundle(folder, manifest, {**files, TABLE_FILE: flat_ground().to_bytes()})


if __name__ == '__main__':
    write_spatial_bundle(Path(sys.argv[1]), SpatialFeatureSpec())
