# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The naive loader of the benchmark returns the same windows as the loader of training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.networks.depth_representation import DepthRepresentation
from benchmarks.benches.loader import SEEDS, TOLERANCE, NaiveWindowDataset
from training.data.simulate import drive_path, write_drive


def test_the_loader_per_item_gives_the_same_windows(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    spec, depth = FeatureSpec(), DepthRepresentation()
    write_drive(tmp_path, SEEDS[0], 2)
    path = drive_path(tmp_path, SEEDS[0])
    loader = NaiveWindowDataset([path], spec, depth)
    assert len(loader) == 2
    with DriveReader(path) as drive:
        for number in range(2):
            item = loader[number]
            expected = mel_features(drive.samples(number * spec.window_samples, spec.window_samples), spec)
            np.testing.assert_allclose(item['features'], expected, rtol=0, atol=TOLERANCE)
            np.testing.assert_array_equal(item['labels'], drive.labels(number))
            np.testing.assert_array_equal(item['depth'][0], depth.depth_to_unit(drive.depth_m(number)))
