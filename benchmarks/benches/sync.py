# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of the audio-camera offset from claps: simulated rigs in street noise, pictures with blur and noise."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.calibration.camera.audio_video_sync import estimate_sync_offset
from audio_manifold_ros.calibration.camera.visual_clap_detection import detect_claps
from audio_manifold_ros.calibration.channels.impulsive_events import detect_events
from audio_manifold_ros.calibration.channels.onset_detection import detect_onsets
from audio_manifold_ros.common.units import SPEED_OF_SOUND_MPS
from audio_manifold_ros.testing.clap_scene import EXPOSURES_S, PICTURE_RATE_HZ, clap_scene
from audio_manifold_ros.testing.simulated_rig import RATE_HZ
from benchmarks.harness.figure import Figure, at_most
from benchmarks.harness.short_mode import scaled_count

FIRST_SEED, SCENES, MAX_ERROR_MS = 984_000, 200, 5.0
MAX_LAG_S = 0.008


def offset_error_s(seed: int) -> float:
    """Return the error of the estimated offset of a scene, in seconds."""
    scene = clap_scene(seed)
    events = detect_events(scene.recorded, RATE_HZ, MAX_LAG_S)
    audio_times_s = detect_onsets(scene.recorded, RATE_HZ, events) - scene.distance_m / SPEED_OF_SOUND_MPS
    image_times_s = np.array([stop.time_s for stop in detect_claps(scene.pictures, scene.stamps_s)])
    return estimate_sync_offset(image_times_s, audio_times_s[np.isfinite(audio_times_s)], 0.0).offset_s - scene.offset_s


def measure() -> list[Figure]:
    """Return the figures of the offset."""
    errors_ms = 1e3 * np.abs([offset_error_s(seed) for seed in range(FIRST_SEED, FIRST_SEED + scaled_count(SCENES))])
    for seed in np.flatnonzero(errors_ms > MAX_ERROR_MS):
        print(f'scene {FIRST_SEED + seed}: {errors_ms[seed]:.1f} ms')
    scenes = (
        f'{len(errors_ms)} scenes, ten claps, {PICTURE_RATE_HZ:g} pictures a second exposed for '
        f'{1e3 * EXPOSURES_S[0]:g} to {1e3 * EXPOSURES_S[1]:g} ms, distance paced off'
    )
    return [
        at_most(f'{scenes}: audio-camera offset, largest error', float(errors_ms.max()), 'ms', MAX_ERROR_MS),
        Figure('the same: median error', float(np.median(errors_ms)), 'ms'),
    ]
