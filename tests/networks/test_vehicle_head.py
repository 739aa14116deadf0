# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.networks.spatial.trunk import SceneFeatures
from audio_manifold_ros.networks.vehicle_head import VehicleHead, focal_loss
from audio_manifold_ros.networks.vehicle_map import VehicleMapConfig, VehiclePosition, decode_vehicles, heat_map

CONFIG = VehicleMapConfig(channels=16)


def random_vehicles(rng: np.random.Generator, count: int) -> list[VehiclePosition]:
    """Return vehicles in directions at least 20 degrees apart."""
    directions = rng.permutation(18)[:count] * math.radians(20) - math.pi + rng.uniform(0, 0.1, count)
    distances = np.exp(rng.uniform(math.log(4), math.log(45), count))
    classes = rng.choice(CONFIG.classes, count)
    return [VehiclePosition(str(c), float(a), float(d)) for c, a, d in zip(classes, directions, distances, strict=True)]


@pytest.mark.parametrize('seed', range(5))
def test_a_target_is_decoded_to_its_vehicles(seed: int) -> None:
    truth = random_vehicles(np.random.default_rng(seed), 6)
    found = decode_vehicles(heat_map(truth, CONFIG), CONFIG, min_probability=0.9)
    assert len(found) == len(truth)
    for vehicle in truth:
        near = min(found, key=lambda item: abs(math.remainder(item.azimuth_rad - vehicle.azimuth_rad, math.tau)))
        assert near.category == vehicle.category
        assert abs(math.remainder(near.azimuth_rad - vehicle.azimuth_rad, math.tau)) <= math.radians(2.6)
        assert abs(math.log(near.distance_m / vehicle.distance_m)) <= 0.1


def test_vehicles_beyond_the_map_are_left_out_and_close_ones_are_in_the_first_bin() -> None:
    target = heat_map(
        [VehiclePosition('car', 0, 60), VehiclePosition('tram', 0, 10), VehiclePosition('bus', 0.01, 1)], CONFIG
    )
    assert np.argwhere(target == 1).tolist() == [[2, 36, 0]]


def test_the_loss_is_least_at_the_truth_and_ignores_no_vehicle() -> None:
    target = torch.from_numpy(heat_map(random_vehicles(np.random.default_rng(0), 4), CONFIG))[None]
    right = torch.where(target >= 1, 8.0, -8.0)
    missed = torch.full_like(target, -8.0)
    everywhere = torch.full_like(target, 8.0)
    losses = [float(focal_loss(logits, target)) for logits in (right, missed, everywhere)]
    assert losses[0] < 0.01
    assert 7 < losses[1] < losses[2]
    empty = torch.zeros_like(target)
    assert float(focal_loss(missed, empty)) < 1e-3


def test_turning_the_sound_turns_the_map() -> None:
    torch.manual_seed(0)
    head = VehicleHead(CONFIG, (8, 8, 8), echo_azimuths=72).eval()
    azimuths = torch.from_numpy(CONFIG.azimuths_rad[::-1].astype(np.float32))[None]
    scene = SceneFeatures(
        torch.randn(1, 8, 1, 72), torch.zeros(1, 8, 1, 72), torch.randn(1, 8, 1, 1), torch.zeros(1, 1, 1, 1)
    )
    with torch.inference_mode():
        logits = head(scene, azimuths)
        turned = head(scene._replace(azimuths=scene.azimuths.roll(-5, dims=3)), azimuths)
    assert logits.shape == (1, *CONFIG.shape)
    torch.testing.assert_close(turned, logits.roll(5, dims=2), rtol=1e-3, atol=1e-4)


def test_a_head_learns_the_direction_and_distance_of_a_sound() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    head = VehicleHead(CONFIG, (16, 4, 4), echo_azimuths=16)
    optimizer = torch.optim.Adam(head.parameters(), lr=1e-2)
    # Dense ahead, as the columns of an image are, and another camera for each window.
    circle = np.pi - 2 * np.pi * np.arange(64) / 64

    def windows(count: int) -> tuple[SceneFeatures, torch.Tensor, list[list[VehiclePosition]]]:
        truth = [[VehiclePosition('car', rng.uniform(-math.pi, math.pi), rng.uniform(4, 45))] for _ in range(count)]
        features = np.zeros((count, 16, 1, 64), dtype=np.float32)
        angles = circle - rng.uniform(0, 0.7, (count, 1)) * np.sin(circle)
        for row, (vehicle,) in enumerate(truth):
            height = 8 * math.log(vehicle.distance_m / 4)
            offset = np.angle(np.exp(1j * (angles[row] - vehicle.azimuth_rad)))
            features[row, :, 0] = np.exp(-((np.arange(16) - height)[:, None] ** 2)) * np.exp(-((offset / 0.1) ** 2))
        rest = torch.zeros(count, 4, 1, 16), torch.zeros(count, 4, 1, 1), torch.zeros(count, 1, 1, 1)
        return SceneFeatures(torch.from_numpy(features), *rest), torch.from_numpy(angles).float(), truth

    for _ in range(80):
        scene, azimuths, truth = windows(32)
        target = torch.from_numpy(np.stack([heat_map(vehicles, CONFIG) for vehicles in truth]))
        optimizer.zero_grad()
        focal_loss(head(scene, azimuths), target).backward()
        optimizer.step()
    scene, azimuths, truth = windows(20)
    with torch.inference_mode():
        maps = torch.sigmoid(head.eval()(scene, azimuths)).numpy()
    hits = 0
    for probabilities, (vehicle,) in zip(maps, truth, strict=True):
        found = decode_vehicles(probabilities, CONFIG, 0.02)
        hits += bool(found) and abs(math.remainder(found[0].azimuth_rad - vehicle.azimuth_rad, math.tau)) < 0.17
    assert hits >= 16


@pytest.mark.parametrize(
    'changes', [{'classes': ()}, {'classes': ('car', 'car')}, {'azimuths': 4}, {'near_m': 60.0}, {'channels': 0}]
)
def test_invalid_sizes_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(NetworkError):
        VehicleMapConfig(**changes)  # type: ignore[arg-type]
