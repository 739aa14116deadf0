# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of calibration: estimates for random rigs with faults in simulated streets."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.calibration.channels.channel_check import check_channels
from audio_manifold_ros.calibration.channels.channel_clock_drift import find_drifting_channels
from audio_manifold_ros.calibration.channels.channel_delays import (
    ChannelDelays,
    estimate_acoustic_delays,
    estimate_wired_delays,
)
from audio_manifold_ros.calibration.channels.channel_gains import estimate_loudspeaker_gains
from audio_manifold_ros.calibration.channels.channel_identification import identify_channels
from audio_manifold_ros.calibration.channels.channel_polarity import estimate_polarity
from audio_manifold_ros.calibration.channels.stationary_segments import find_stationary_segments
from audio_manifold_ros.calibration.channels.tdoa import estimate_tdoas
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.units import SPEED_OF_SOUND_MPS
from audio_manifold_ros.processes.process_pool import fresh_pool
from audio_manifold_ros.rig.rig import MicrophoneArray
from audio_manifold_ros.testing.rig_faults import FAULT_NAMES, FAULTS, quantize_to_pcm16
from audio_manifold_ros.testing.simulated_rig import RATE_HZ, SNR_DB, SimulatedRig, octagon, rectangle
from benchmarks.harness.figure import Figure, at_most
from benchmarks.harness.short_mode import scaled_count

Outcome = TypeVar('Outcome')

ARRAYS = (octagon(), rectangle(), octagon(0.045))
FIRST_SEED, CHECKED_RIGS, CALIBRATED_RIGS = 970_000, 200, 200
CHECK_S, TAP_S, PLACE_S, PLACES, WIRED_S = 20.0, 3.0, 3.0, 12, 10.0
# Speech at a distance of a hand identifies a microphone only if its neighbours are farther away.
MIN_SPOKEN_SPACING_M = 0.3
MAX_LAG_S = 0.025
MAX_GAIN_ERROR_DB, MAX_DELAY_ERROR_SAMPLES = 0.3, 0.05
ECHOES = 'with echoes of the ground (40 %) and of a wall 8 m away (70 %)'
MAX_DRIFT_PPM, MIN_DRIFT_PPM = 60.0, 2.0


@dataclass(frozen=True)
class RigCheckResult:
    """Result of the check of one rig.

    Attributes:
        missed: Faults that were not detected.
        false_alarms: Healthy channels that were reported as faulty.
        faults: Number of faults.
        healthy: Number of healthy channels.

    """

    missed: tuple[str, ...]
    false_alarms: tuple[str, ...]
    faults: int
    healthy: int


@dataclass(frozen=True)
class RigCalibrationResult:
    """Results of the other commands for one rig.

    Attributes:
        wrong_order: Recordings of taps and of speech with a wrong order.
        wrong_polarity: Channels with a wrong polarity.
        gain_error_db: Largest error.
        delay_error_samples: Largest error with a loudspeaker at places.
        echoing_gain_error_db: Largest error with reflections from ground and wall.
        echoing_delay_error_samples: Largest error with reflections from ground and wall.
        wired_error_samples: Largest error with one electrical signal on all channels.
        false_drift: Two clocks were reported instead of one.
        missed_drift: One clock was reported instead of two, or wrong channels were named.

    """

    wrong_order: int
    wrong_polarity: int
    gain_error_db: float
    delay_error_samples: float
    echoing_gain_error_db: float
    echoing_delay_error_samples: float
    wired_error_samples: float
    false_drift: bool
    missed_drift: bool


def check_rig(seed: int) -> RigCheckResult:
    """Check a rig without faults and with three faults at a time in channels that are not neighbours."""
    rig = SimulatedRig(seed, ARRAYS[seed % len(ARRAYS)], driving=seed % 2 == 1)
    sound = rig.device(rig.street(CHECK_S))
    false_alarms = [f'rig {seed}, channel {c}: {found}' for c, found in enumerate(_faults(sound)) if found]
    missed, healthy = [], len(sound)
    names = rig.generator.permutation(list(FAULTS)).tolist()
    for some in (names[:3], names[3:]):
        channels = (np.array([0, 2, 4]) + rig.generator.integers(len(sound))) % len(sound)
        broken = sound.copy()
        for channel, name in zip(channels.tolist(), some, strict=True):
            FAULTS[name](broken, channel, rig.generator)
        found = _faults(quantize_to_pcm16(broken))
        involved = set(channels.tolist())
        for channel, name in zip(channels.tolist(), some, strict=True):
            if FAULT_NAMES[name] not in found[channel]:
                missed.append(f'rig {seed}: {name}, found {found[channel]}')
            involved |= {(channel + 1) % len(sound)} if name == 'duplicated' else set()
        others = [channel for channel in range(len(sound)) if channel not in involved]
        false_alarms += [f'rig {seed} with {some}, channel {c}: {found[c]}' for c in others if found[c]]
        healthy += len(others)
    return RigCheckResult(tuple(missed), tuple(false_alarms), len(FAULTS), healthy)


def calibrate_rig(seed: int) -> RigCalibrationResult:
    """Estimate order, polarity, gains, delays and clock groups of a rig."""
    array = ARRAYS[seed % len(ARRAYS)]
    rig = SimulatedRig(seed, array)
    street = rig.street(PLACES * PLACE_S)
    ground_truth = rig.ground_truth
    polarities = estimate_polarity(rig.device(street), RATE_HZ, array.positions_m).signs
    flipped = ground_truth.polarities * (1 if ground_truth.polarities.sum() >= 0 else -1)
    received = rig.places(PLACES, PLACE_S, street)
    delays, gains_db = _from_places(rig.device(received), array)
    wired = estimate_wired_delays(estimate_tdoas(rig.device(rig.wired(WIRED_S, street)), RATE_HZ, MAX_LAG_S), RATE_HZ)
    clock_difference_ppm = float(np.exp(rig.generator.uniform(np.log(MIN_DRIFT_PPM), np.log(MAX_DRIFT_PPM))))
    slow = rig.generator.permutation(len(received))[: len(received) // 2 - 1]
    drift_ppm = np.where(np.isin(np.arange(len(received)), slow), clock_difference_ppm, 0.0)
    echoing, echoing_db = _from_places(rig.device(rig.places(PLACES, PLACE_S, street, echoes=True)), array)
    two_clocks, _ = _from_places(rig.device(received, drift_ppm=drift_ppm.tolist()), array)
    return RigCalibrationResult(
        wrong_order=_wrong_order(rig, street),
        wrong_polarity=int((polarities != flipped).sum()),
        gain_error_db=float(np.abs(gains_db - ground_truth.gains_db).max()),
        delay_error_samples=float(np.abs(delays.delays_samples - ground_truth.delays_samples).max()),
        echoing_gain_error_db=float(np.abs(echoing_db - ground_truth.gains_db).max()),
        echoing_delay_error_samples=float(np.abs(echoing.delays_samples - ground_truth.delays_samples).max()),
        wired_error_samples=float(np.abs(wired.delays_samples - ground_truth.delays_samples).max()),
        false_drift=bool(find_drifting_channels(delays.drift_ppm, delays.drift_std_ppm)),
        missed_drift=find_drifting_channels(two_clocks.drift_ppm, two_clocks.drift_std_ppm)
        != tuple(sorted(slow.tolist())),
    )


def _faults(samples: Samples) -> list[tuple[str, ...]]:
    return [channel.faults for channel in check_channels(samples, RATE_HZ).channels]


def _from_places(received: Samples, array: MicrophoneArray) -> tuple[ChannelDelays, NDArray[np.float64]]:
    positions_m = array.positions_m
    width = float(np.linalg.norm(np.ptp(positions_m, axis=0))) / SPEED_OF_SOUND_MPS * RATE_HZ
    places = find_stationary_segments(estimate_tdoas(received, RATE_HZ, MAX_LAG_S), width)
    delays = estimate_acoustic_delays(places, positions_m, RATE_HZ, SPEED_OF_SOUND_MPS)
    return delays, estimate_loudspeaker_gains(received, RATE_HZ, places, delays, positions_m).gains_db


def _wrong_order(rig: SimulatedRig, street: Samples) -> int:
    positions_m = rig.array.positions_m
    spacings_m = np.linalg.norm(positions_m[:, None] - positions_m[None], axis=2)[~np.eye(len(positions_m), dtype=bool)]
    wrong = 0
    for taps in (True, False) if spacings_m.min() > MIN_SPOKEN_SPACING_M else (True,):
        recorded = rig.device(
            rig.speech_at_microphones(TAP_S, street[:, : round(8 * TAP_S * RATE_HZ)], taps=taps), shuffled=True
        )
        order = identify_channels(recorded, RATE_HZ)
        wrong += [answer.channel for answer in order.tap_events] != rig.ground_truth.channels.tolist() or bool(
            order.overlapping
        )
    return wrong


def _misses_targets(outcome: RigCalibrationResult) -> bool:
    """Return whether the errors of a rig exceed the targets."""
    wrong = outcome.wrong_order or outcome.wrong_polarity or outcome.false_drift or outcome.missed_drift
    far = max(outcome.delay_error_samples, outcome.wired_error_samples) > MAX_DELAY_ERROR_SAMPLES
    return bool(wrong or far or outcome.gain_error_db > MAX_GAIN_ERROR_DB)


def _map_rigs(find: Callable[[int], Outcome], count: int) -> list[Outcome]:
    seeds = range(FIRST_SEED, FIRST_SEED + count)
    workers = min(len(os.sched_getaffinity(0)), count)
    if workers == 1:
        return [find(seed) for seed in seeds]
    with fresh_pool(workers) as pool:
        return list(pool.map(find, seeds))


def measure() -> list[Figure]:
    """Return the figures of the calibration."""
    checked, outcomes = (
        _map_rigs(check_rig, scaled_count(CHECKED_RIGS)),
        _map_rigs(calibrate_rig, scaled_count(CALIBRATED_RIGS)),
    )
    for line in (line for outcome in checked for line in (*outcome.missed, *outcome.false_alarms)):
        print(line)
    for seed, outcome in enumerate(outcomes, FIRST_SEED):
        if _misses_targets(outcome):
            print(f'rig {seed}: {outcome}')
    rigs = f'{len(outcomes)} random rigs, street noise at {SNR_DB:g} dB'
    missed, false_alarms = (sum(len(getattr(o, name)) for o in checked) for name in ('missed', 'false_alarms'))
    names = (
        'gain_error_db',
        'delay_error_samples',
        'echoing_gain_error_db',
        'echoing_delay_error_samples',
        'wired_error_samples',
    )
    gains, delays, echoing_gains, echoing_delays, wired = ([getattr(o, name) for o in outcomes] for name in names)
    samples = 'samples at 22,500 Hz'
    return [
        at_most(f'{rigs}: recordings whose order was wrong', sum(o.wrong_order for o in outcomes), '', 0),
        at_most('channels whose polarity was wrong', sum(o.wrong_polarity for o in outcomes), '', 0),
        at_most(f'gains, loudspeaker at {PLACES} places: largest error', max(gains), 'dB', MAX_GAIN_ERROR_DB),
        Figure('the same: median of the largest error of a rig', float(np.median(gains)), 'dB'),
        at_most(
            f'delays, loudspeaker at {PLACES} places: largest error', max(delays), samples, MAX_DELAY_ERROR_SAMPLES
        ),
        Figure('the same: median of the largest error of a rig', float(np.median(delays)), samples),
        Figure(f'gains, {ECHOES}: largest error', max(echoing_gains), 'dB'),
        Figure('the same: median of the largest error of a rig', float(np.median(echoing_gains)), 'dB'),
        Figure(f'delays, {ECHOES}: largest error', max(echoing_delays), samples),
        Figure('the same: median of the largest error of a rig', float(np.median(echoing_delays)), samples),
        at_most('delays, one electrical signal: largest error', max(wired), samples, MAX_DELAY_ERROR_SAMPLES),
        at_most('one clock reported as two', sum(o.false_drift for o in outcomes), 'rigs', 0),
        at_most('two clocks, 2 to 60 ppm apart, reported as one', sum(o.missed_drift for o in outcomes), 'rigs', 0),
        at_most(
            f'{len(checked)} random rigs, standing and driving: faults not found, of {sum(o.faults for o in checked)}',
            missed,
            '',
            0,
        ),
        at_most(f'healthy channels reported as faulty, of {sum(o.healthy for o in checked)}', false_alarms, '', 0),
    ]
