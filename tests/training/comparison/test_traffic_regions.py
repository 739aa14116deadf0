# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Each pixel of a vehicle is in one region: that of the moving, waiting or parked vehicle that is drawn there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.evaluation.metrics.regions import VEHICLES, region_masks
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.simulation.drive import Drive
from audio_manifold_ros.simulation.renderer import CameraRenderer
from audio_manifold_ros.simulation.rig_parts import load_rig
from audio_manifold_ros.simulation.sensor_poses import camera_pose
from audio_manifold_ros.simulation.street import make_street
from training.comparison.street_window import StreetWindow
from training.comparison.traffic_regions import MOVING, PARKED, TRAFFIC_REGIONS, WAITING
from training.data.simulate import write_drive

SEEDS = range(900_000, 900_012)
RIGS = [None, resource_path('calibration/usb_ring')]


def read(folder: Path, seed: int, rig: Path | None) -> StreetWindow:
    return StreetWindow.read(folder / write_drive(folder, seed, 1, 0.5, rig).path, SpatialFeatureSpec(), 0.5)


@pytest.mark.parametrize('rig', RIGS, ids=['roof_octagon', 'usb_ring'])
def test_the_regions_divide_the_pixels_of_vehicles(rig: Path | None, tmp_path: Path) -> None:
    counts = dict.fromkeys(TRAFFIC_REGIONS, 0)
    found = total = 0
    for seed in SEEDS:
        window = read(tmp_path, seed, rig)
        regions = window.traffic_regions
        assert list(regions) == list(TRAFFIC_REGIONS)
        labels, depth_m = window.ground_truth.labels, window.ground_truth.depth_m
        assert labels is not None
        assert depth_m is not None
        vehicles = region_masks(labels)[VEHICLES]
        union = np.logical_or.reduce(list(regions.values()))
        assert not np.any(union & ~vehicles)
        found, total = found + int(union.sum()), total + int((vehicles & (depth_m < 80)).sum())
        for region, mask in regions.items():
            counts[region] += int(mask.sum())
    # Boxes overlap by their margins only, and riders and handlebars may protrude.
    assert found > 0.98 * total
    assert sum(counts.values()) < 1.02 * found
    assert min(counts[MOVING], counts[PARKED]) > 0


@pytest.mark.parametrize('seed', SEEDS[:6])
def test_pixels_of_parked_vehicles_vanish_with_the_vehicles(seed: int, tmp_path: Path) -> None:
    window = read(tmp_path, seed, None)
    regions = window.traffic_regions
    parts = load_rig(None)
    street = make_street(seed, 1)
    traffic = replace(street, vehicles=tuple(one for one in street.vehicles if one.is_in_traffic))
    renderer = CameraRenderer(traffic, parts.camera.model, camera_pose(parts.extrinsics))
    depth_m, _ = renderer.render(window.image_s)
    before_m, _ = Drive(seed, None, 1).image(window.image_s)
    changed = np.nan_to_num(depth_m, nan=1e3) > np.nan_to_num(before_m, nan=1e3) + 1e-3
    in_traffic = regions[MOVING] | regions[WAITING]
    assert (changed & regions[PARKED]).sum() >= 0.98 * regions[PARKED].sum()
    assert (changed & in_traffic & ~regions[PARKED]).sum() <= 0.02 * in_traffic.sum()
