# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Shipped bundles in half precision, as torch-tensorrt computes them, on simulated streets."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.features.batch_features import rig_geometry, window_features
from audio_manifold_ros.inference.backends.torch_backend import load_network
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.networks.compiled_core import CompilableNetwork, postprocess_flat
from audio_manifold_ros.simulation.drive import Drive
from tests.inference.tensorrt.image_changes import Images, print_changes

ROOT = Path(__file__).parents[3]
BUNDLES = sorted(path.parent for path in (ROOT / 'models').glob('*/manifest.json'))
RIG = ROOT / 'calibration' / 'roof_octagon'
# Seeds of streets that no training has.
STREETS = range(900_000, 900_006)


@torch.no_grad()
@pytest.mark.parametrize('folder', BUNDLES, ids=lambda folder: folder.name)
def test_half_precision_hardly_changes_the_images(folder: Path) -> None:
    bundle = Bundle.load(folder)
    spec, config = bundle.manifest.features, load_network(bundle).config
    geometry = rig_geometry(RigFiles.from_folder(RIG), spec)
    single, half = load_network(bundle), CompilableNetwork(load_network(bundle), torch.float16)
    pairs = []
    for seed in STREETS:
        audio = Drive(seed, RIG, 1.0).audio(0, spec.window_samples)
        features = torch.from_numpy(window_features(audio, spec, geometry))[None]
        outputs = single(features), postprocess_flat(config, half(features))
        named = (dict(zip(config.output_names, tensors, strict=True)) for tensors in outputs)
        expected, found = (Images(each['depth_m'].float().numpy(), each['labels'].numpy()) for each in named)
        pairs.append((expected, found))
    depth_change, labels_changed = print_changes(folder.name, pairs)
    assert depth_change < 0.005
    assert labels_changed < 0.005
