# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Claps recorded by microphones and a camera, with a known offset between their clocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.testing.clap_pictures import COLUMNS, ROWS, Pictures, clap_pictures, random_clapper
from audio_manifold_ros.testing.clapped_rig import ClappedRig
from audio_manifold_ros.testing.simulated_rig import octagon, rectangle

CLAPS, CLAP_INTERVAL_S, JITTER_S = 10, 1.6, 0.5
PICTURE_RATE_HZ, EXPOSURES_S, MAX_OFFSET_S = 30.0, (0.002, 0.025), 0.3
GROUND_DISTANCE_M, DISTANCE_STD_M = (2.0, 4.0), 0.1


@dataclass(frozen=True)
class ClapScene:
    """Claps in audio and pictures.

    Attributes:
        recorded: f32 (channel, sample).
        pictures: uint8 (picture, row, column).
        stamps_s: Time stamps on the camera clock, relative to sample 0 of the microphone clock (picture,).
        distance_m: Measured distance from hands to array, with the error of a paced distance.
        offset_s: Camera clock minus microphone clock.

    """

    recorded: Samples
    pictures: Pictures
    stamps_s: FloatArray
    distance_m: float
    offset_s: float


def clap_scene(seed: int) -> ClapScene:
    """Return a random scene. The camera stamps are the centres of its exposures, on the camera clock."""
    rig = ClappedRig(seed, (octagon(), rectangle())[seed % 2], 0.0)
    generator = rig.generator
    ground_distance_m, azimuth = generator.uniform(*GROUND_DISTANCE_M), generator.uniform(-0.4, 0.4)
    place = np.array(
        [ground_distance_m * np.cos(azimuth), ground_distance_m * np.sin(azimuth), generator.uniform(-0.6, 0.2)]
    )
    times_s = (np.arange(CLAPS) + 0.7) * CLAP_INTERVAL_S + generator.uniform(-0.5, 0.5, CLAPS) * JITTER_S
    claps = rig.claps_at(np.tile(place, (CLAPS, 1)), times_s, rig.street(CLAPS * CLAP_INTERVAL_S + 1))
    image_times_s = np.arange(round((CLAPS * CLAP_INTERVAL_S + 1) * PICTURE_RATE_HZ)) / PICTURE_RATE_HZ
    image_times_s += generator.uniform(0, 1 / PICTURE_RATE_HZ)
    places_px = np.tile([COLUMNS, ROWS] * generator.uniform(0.4, 0.6, 2), (CLAPS, 1))
    pictures = clap_pictures(
        random_clapper(generator), claps.times_s, places_px, image_times_s, generator.uniform(*EXPOSURES_S), generator
    )
    offset_s = float(generator.uniform(-MAX_OFFSET_S, MAX_OFFSET_S))
    distance_m = float(np.linalg.norm(place) + generator.normal(0, DISTANCE_STD_M))
    return ClapScene(rig.device(claps.pressure), pictures, image_times_s + offset_s, distance_m, offset_s)
