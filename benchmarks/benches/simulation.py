# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of the simulated street: audio relative to real time, and images per second."""

from __future__ import annotations

from statistics import mean, median
from time import process_time

from audio_manifold_ros.simulation.drive import Drive
from audio_manifold_ros.simulation.random_rig import STREETS_PER_RIG, random_rig
from audio_manifold_ros.simulation.rig_parts import RigParts
from benchmarks.harness.figure import Figure, at_least
from benchmarks.harness.short_mode import scaled_count

SEEDS = range(950_000, 950_012)
SECONDS = 6
MIN_VEHICLES = 8
REPEATS = 3
IMAGES = 60
TRAINING_S = 2
FIRST_TRAINING_SEED = 950_000


def measure() -> list[Figure]:
    """Return the figures of the simulation."""
    started = process_time()
    drives = [Drive(seed) for seed in SEEDS]
    build_s = (process_time() - started) / len(drives)
    full = [drive for drive in drives if len(drive.street.vehicles) >= MIN_VEHICLES]
    speeds = [_sound_speed(drive) for drive in full]
    costs = [_cost_of_trunk_echoes(drive) for drive in full]
    rates_hz = [_images_per_second(drive) for drive in full]
    # All streets of one random rig.
    seeds = range(FIRST_TRAINING_SEED, FIRST_TRAINING_SEED + scaled_count(STREETS_PER_RIG))
    streets = f'{len(full)} streets of {MIN_VEHICLES} or more vehicles'
    return [
        _times_real_time(f'sound of 8 microphones, {SECONDS} s from each of {streets}: median', median(speeds), 40),
        _times_real_time('the same: the slowest street', min(speeds), None),
        Figure('the same with echoes of trunks and poles: median processor time', median(costs), 'times that without'),
        at_least(f'images (depth and classes), {streets}: median', median(rates_hz), 'per s of processor time', 200),
        Figure('the same: the slowest street', min(rates_hz), 'per s of processor time'),
        Figure('building a drive of a minute from its seed: mean', build_s * 1e3, 'ms'),
        *_training_figures('roof_octagon', [_training_times_ms(seed, None) for seed in seeds]),
        *_training_figures('a random rig', [_training_times_ms(seed, random_rig(seed)) for seed in seeds]),
    ]


def _training_figures(rig: str, times_ms: list[float]) -> list[Figure]:
    what = f'training street, {TRAINING_S} s with {TRAINING_S} images, {rig}'
    unit = 'ms of processor time'
    # The first street of a rig computes its noise fields. The mean includes them.
    return [
        Figure(f'{what}: median of {len(times_ms)}', median(times_ms), unit),
        Figure('the same: mean', mean(times_ms), unit),
    ]


def _training_times_ms(seed: int, rig: RigParts | None) -> float:
    """Return the processor time of a street of a training set, without the file."""
    started = process_time()
    drive = Drive(seed, rig, float(TRAINING_S))
    drive.audio(0, TRAINING_S * drive.sample_rate_hz)
    for second in range(TRAINING_S):
        drive.image(second + 0.5)
        drive.vehicles(second + 0.5)
    return (process_time() - started) * 1e3


def _times_real_time(what: str, speed: float, min_speed: float | None) -> Figure:
    target = '' if min_speed is None else f'at least {min_speed:g}×'
    met = None if min_speed is None else speed >= min_speed
    return Figure(what, speed, 's of sound per s of processor time', 'real time', 1.0, speed, target, met)


def _sound_speed(drive: Drive) -> float:
    """Return seconds of sound per second of processor time, the median of some stretches of the drive."""
    drive.audio(0, drive.sample_rate_hz)
    return SECONDS / median(_stretch_time_s(drive, repeat) for repeat in range(REPEATS))


def _stretch_time_s(drive: Drive, stretch: int) -> float:
    """Return the processor time of a stretch of `SECONDS` of sound."""
    samples = SECONDS * drive.sample_rate_hz
    started = process_time()
    drive.audio(stretch * samples, samples)
    return process_time() - started


def _cost_of_trunk_echoes(drive: Drive) -> float:
    """Return the processor time of the sound with echoes of trunks, relative to that without, in turns."""
    with_echoes = Drive(drive.street.seed, trunk_echoes=True)
    with_echoes.audio(0, drive.sample_rate_hz)
    return median(_stretch_time_s(with_echoes, repeat) / _stretch_time_s(drive, repeat) for repeat in range(REPEATS))


def _images_per_second(drive: Drive) -> float:
    drive.image(0.0)
    started = process_time()
    for image in range(IMAGES):
        drive.image(image * 0.1)
    return IMAGES / (process_time() - started)
