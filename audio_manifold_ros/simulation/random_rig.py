# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random rigs: arrays of 4 to 16 microphones in several forms, and cameras of several heights and fields of view."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.rig.camera import CameraCalibration, CameraModel
from audio_manifold_ros.rig.extrinsics import Extrinsics, Transform
from audio_manifold_ros.rig.rig import Microphone, MicrophoneArray
from audio_manifold_ros.simulation.generation.statistics import sample_log_uniform
from audio_manifold_ros.simulation.rig_parts import RigParts, load_rig

# Noise fields are computed once for an array and cost as much as several streets. Forty streets in a row therefore
# share a rig.
STREETS_PER_RIG = 40
MICROPHONES = (4, 16)
# Sampled on a logarithmic scale: from a USB board to the roof of a car.
RADIUS_M = (0.05, 0.6)
# From a delivery robot to a van.
ARRAY_HEIGHT_M = (0.4, 2.2)
CAMERA_BELOW_M = (-0.1, 0.3)
CAMERA_AHEAD_M = (0.0, 0.6)
WIDTH_DEG, HEIGHT_DEG = (60.0, 110.0), (40.0, 60.0)
IMAGE_PIXELS = 128
# Share of rigs with the camera of the roof octagon in its place, and the heights of their arrays. With them, the effect
# of another array is measured apart from the effect of another camera.
REFERENCE_CAMERA_SHARE, REFERENCE_ARRAY_HEIGHT_M = 0.5, (1.3, 2.2)
# The positions of a file are wrong by 5 mm, of which the simulated capsules have half. A board is exact to 4 % of its
# radius.
POSITION_ERROR_M, RELATIVE_ERROR = 0.0043, 0.04
GAIN_ERROR_DB = 1.5
# Share of rigs with one to three dead microphones, which their file states. At least four stay.
DEAD_SHARE = 0.3
PAIR_M = 0.17
OPTICAL_RPY = (-math.pi / 2, 0.0, -math.pi / 2)


def random_rig(seed: int) -> RigParts:
    """Return the rig of a street. `STREETS_PER_RIG` streets in a row have the same."""
    return _sample_rig(seed // STREETS_PER_RIG)


@lru_cache(maxsize=4)
def _sample_rig(number: int) -> RigParts:
    rng = np.random.default_rng([number, 0x41961])
    count = int(rng.integers(MICROPHONES[0], MICROPHONES[1] + 1))
    radius_m = sample_log_uniform(rng, RADIUS_M)
    names = list(FORMS)
    form = names[int(rng.integers(len(names)))]
    positions, facings = FORMS[form](rng, count, radius_m)
    if rng.random() < 0.3:
        facings = np.tile([0.0, 0.0, 1.0], (count, 1))
    error_m = min(POSITION_ERROR_M, RELATIVE_ERROR * radius_m)
    stated = positions + np.clip(rng.normal(0, error_m, size=positions.shape), -3 * error_m, 3 * error_m)
    gains = 10 ** (rng.normal(0, GAIN_ERROR_DB, size=count) / 20)
    dead = int(rng.integers(1, 4)) if rng.random() < DEAD_SHARE else 0
    lost = rng.permutation(count)[: min(dead, count - MICROPHONES[0])]
    gains[lost] = 0.0
    enabled = np.isin(np.arange(count), lost, invert=True)
    has_reference_camera = rng.random() < REFERENCE_CAMERA_SHARE
    camera = load_rig().camera if has_reference_camera else _camera(rng)
    extrinsics = _reference_extrinsics(rng) if has_reference_camera else _extrinsics(rng)
    true_array = _array(f'random_{number}_{form}', positions, facings, enabled.tolist())
    return RigParts(
        array=_array(true_array.array_id, stated, facings, enabled.tolist()),
        camera=camera,
        extrinsics=extrinsics,
        true_array=true_array,
        gains=tuple(gains.tolist()),
    )


def _ring(rng: np.random.Generator, count: int, radius_m: float) -> tuple[FloatArray, FloatArray]:
    azimuths = rng.uniform(-math.pi, math.pi) + 2 * math.pi * np.arange(count) / count
    outwards = np.stack([np.cos(azimuths), np.sin(azimuths), np.zeros(count)], axis=1)
    return radius_m * outwards, outwards


def _line(rng: np.random.Generator, count: int, radius_m: float) -> tuple[FloatArray, FloatArray]:
    along = np.linspace(-radius_m, radius_m, count)
    is_across = rng.random() < 0.7
    positions = np.zeros((count, 3))
    positions[:, 1 if is_across else 0] = along
    facings = np.zeros((count, 3))
    # A line across the car faces ahead, a line along it both sides in turn.
    facings[:, 0 if is_across else 1] = 1.0 if is_across else np.where(np.arange(count) % 2, 1.0, -1.0)
    return positions, facings


def _rectangle(rng: np.random.Generator, count: int, radius_m: float) -> tuple[FloatArray, FloatArray]:
    half_x, half_y = radius_m, radius_m * rng.uniform(0.4, 1.0)
    corners = np.array([(half_x, half_y), (-half_x, half_y), (-half_x, -half_y), (half_x, -half_y), (half_x, half_y)])
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))])
    places = np.arange(count) / count * lengths[-1]
    positions = np.stack([np.interp(places, lengths, corners[:, axis]) for axis in (0, 1)], axis=1)
    positions = np.pad(positions, ((0, 0), (0, 1)))
    return positions, positions / np.linalg.norm(positions, axis=1, keepdims=True)


def _pairs(rng: np.random.Generator, count: int, radius_m: float) -> tuple[FloatArray, FloatArray]:
    pairs = -(-count // 2)
    azimuths = rng.uniform(-math.pi, math.pi) + 2 * math.pi * np.arange(pairs) / pairs
    centres = radius_m * np.stack([np.cos(azimuths), np.sin(azimuths), np.zeros(pairs)], axis=1)
    left = np.stack([-np.sin(azimuths), np.cos(azimuths), np.zeros(pairs)], axis=1)
    # Neighbouring pairs stay apart.
    half_m = min(PAIR_M, radius_m * math.sin(math.pi / pairs)) / 2
    positions = np.stack([centres + half_m * left, centres - half_m * left], axis=1).reshape(-1, 3)
    facings = np.stack([left, -left], axis=1).reshape(-1, 3)
    return positions[:count], facings[:count]


Form = Callable[[np.random.Generator, int, float], tuple[FloatArray, FloatArray]]
FORMS: dict[str, Form] = {'ring': _ring, 'line': _line, 'rectangle': _rectangle, 'pairs': _pairs}


def _array(name: str, positions_m: FloatArray, facings: FloatArray, enabled: list[bool]) -> MicrophoneArray:
    rows = zip(positions_m.tolist(), facings.tolist(), enabled, strict=True)
    return MicrophoneArray(
        name,
        'mic_array_link',
        tuple(
            Microphone(f'mic_{index}', index, (*place,), (*facing,), enabled=is_enabled)
            for index, (place, facing, is_enabled) in enumerate(rows)
        ),
    )


def _camera(rng: np.random.Generator) -> CameraCalibration:
    centre = (IMAGE_PIXELS - 1) / 2
    focal_x, focal_y = (
        IMAGE_PIXELS / 2 / math.tan(math.radians(rng.uniform(*degrees)) / 2) for degrees in (WIDTH_DEG, HEIGHT_DEG)
    )
    model = CameraModel(IMAGE_PIXELS, IMAGE_PIXELS, round(focal_x, 4), round(focal_y, 4), centre, centre)
    return CameraCalibration(model, name='front')


def _extrinsics(rng: np.random.Generator) -> Extrinsics:
    height_m = rng.uniform(*ARRAY_HEIGHT_M)
    camera_m = max(0.35, height_m - rng.uniform(*CAMERA_BELOW_M))
    ahead_m = rng.uniform(*CAMERA_AHEAD_M)
    level = (0.0, 0.0, 0.0)
    return Extrinsics(
        (
            Transform('base_link', 'mic_array_link', (0.0, 0.0, round(height_m, 4)), level),
            Transform('base_link', 'camera_link', (round(ahead_m, 4), 0.0, round(camera_m, 4)), level),
            Transform('camera_link', 'camera_optical_frame', level, OPTICAL_RPY),
        ),
        0.0,
    )


def _reference_extrinsics(rng: np.random.Generator) -> Extrinsics:
    reference = load_rig().extrinsics
    array = reference.transform('mic_array_link')
    height_m = round(rng.uniform(*REFERENCE_ARRAY_HEIGHT_M), 4)
    moved = replace(array, translation_m=(*array.translation_m[:2], height_m))
    transforms = tuple(moved if transform is array else transform for transform in reference.transforms)
    return replace(reference, transforms=transforms)
