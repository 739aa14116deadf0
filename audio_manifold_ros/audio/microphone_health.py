# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which microphones can be trusted, from the sound alone, within two seconds.

A capsule is judged against the others, in bands: all of them hear the same street, but none of what is wrong with one.
What a street, rain and wind do to healthy ones is measured in benchmarks/benches/health.py; the limits below keep well clear
of it. Wind is loud below 3 kHz and at single capsules; so nobody is accused for being loud there. A passing vehicle is
heard on one side; so a capsule must stand out from the third loudest. What lasts less than a second counts for nothing.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.health_features import FrameFeatures, HealthFeatureExtractor
from audio_manifold_ros.common.array_types import FloatArray, Samples

if TYPE_CHECKING:
    from audio_manifold_ros.rig.rig import MicrophoneArray

Flags = NDArray[np.bool_]

WINDOW_S = 1.0
# What is louder is not counted: a slammed door, a drop of rain.
QUANTILE = 0.3
# Faults are looked for this often, and must be found this often before they are told.
CHECK_PERIOD_S, CHECKS_TO_CONFIRM = 0.18, 2
# And must be gone for so long.
RECOVERY_S = 3.0
CONSTANT_S = 0.4
# Wind reaches up to here; below it nobody is accused of noise.
WIND_MAX_HZ = 3200
HIGH_BAND_MIN_HZ, MIDDLE_BAND_MIN_HZ = 1600, 400
NOISE_DB, OCCLUSION_DB, DEAD_DB = 8.0, 13.0, 20.0
# A covered capsule keeps its own noise, which may fill the highest band of a quiet street.
OCCLUSION_SLACK_DB = 6.0
MAX_FULL_SCALE_RATIO, MAX_FLAT_RATIO = 0.003, 0.02
# Fewer microphones are no jury.
MIN_MICROPHONES = 4
SILENT_POWER = 1e-16


class Fault(str, Enum):
    """What is wrong with a microphone."""

    UNPLUGGED = 'unplugged'
    DEAD = 'dead'
    CLIPPED = 'clips'
    NOISY = 'hisses'
    OCCLUDED = 'covered'


REMEDIES = {
    Fault.UNPLUGGED: 'no signal arrives: check its cable',
    Fault.DEAD: 'it hears nothing of what the others hear: check the capsule and its supply',
    Fault.CLIPPED: 'its signal is cut off: lower its gain',
    Fault.NOISY: 'it gives noise that no other microphone hears: check its cable, supply and capsule',
    Fault.OCCLUDED: 'it hears no high frequencies: clean it, or take off what covers it',
}


class MicrophoneHealth:
    """Watches the raw sound of an array.

    The verdicts depend on the sound and its index alone, not on how it is cut into blocks. Where all microphones have
    the same fault, none stands out: only missing signals and clipping are then found.
    """

    def __init__(self, array: MicrophoneArray, sample_rate_hz: int) -> None:
        """Hear nothing yet.

        Args:
            array: The rig; microphones that it disables are not judged.
            sample_rate_hz: Of the blocks.

        """
        self._frames = HealthFeatureExtractor(array, sample_rate_hz)
        self._monitored: Flags = np.array([mic.enabled for mic in array.microphones])
        frame_s = self._frames.frame_s
        self._history: deque[FrameFeatures] = deque(maxlen=max(round(WINDOW_S / frame_s), 2))
        self._check_frames, self._recovery_checks = (
            max(round(CHECK_PERIOD_S / frame_s), 1),
            round(RECOVERY_S / CHECK_PERIOD_S),
        )
        self._constant_frames = max(round(CONSTANT_S / frame_s), 2)
        edges = np.array(self._frames.edges_hz[:-1])
        self._high = edges >= HIGH_BAND_MIN_HZ
        self._low, self._middle = ~self._high, ~self._high & (edges >= MIDDLE_BAND_MIN_HZ)
        # At least one band, at rates that leave none above the wind.
        self._above_wind = edges >= min(WIND_MAX_HZ, edges[-1])
        self.reset()

    @property
    def faults(self) -> dict[int, Fault]:
        """What is wrong, by the microphone's place in the array."""
        return dict(self._faults)

    def reset(self) -> None:
        """Forget all sound and all faults."""
        self._frames.reset()
        self._history.clear()
        self._frames_since_check = 0
        self._constant: NDArray[np.int64] = np.zeros(len(self._monitored), dtype=np.int64)
        self._pending: dict[int, tuple[Fault, int]] = {}
        self._clean_checks = dict.fromkeys(range(len(self._monitored)), 0)
        self._faults: dict[int, Fault] = {}

    def push(self, samples: Samples, first_sample: int) -> None:
        """Take in a block, float32 (device channel, n), at its index; a jump of the index is no fault."""
        for frame in self._frames.push(samples, first_sample):
            self._history.append(frame)
            self._constant = np.where(frame.constant, self._constant + 1, 0)
            self._frames_since_check += 1
            if self._frames_since_check >= self._check_frames:
                self._frames_since_check = 0
                self._check()

    def _check(self) -> None:
        found = self._detect_faults()
        for mic in np.flatnonzero(self._monitored).tolist():
            fault = found.get(mic)
            if fault is None:
                self._pending.pop(mic, None)
                self._clean_checks[mic] += 1
                if self._clean_checks[mic] >= self._recovery_checks:
                    self._faults.pop(mic, None)
                continue
            self._clean_checks[mic] = 0
            previous, count = self._pending.get(mic, (fault, 0))
            count = count + 1 if previous is fault else 1
            self._pending[mic] = fault, count
            if count >= CHECKS_TO_CONFIRM or fault is Fault.UNPLUGGED:
                self._faults[mic] = fault

    def _detect_faults(self) -> dict[int, Fault]:
        """Return what this look shows; the first fault of a microphone counts."""
        constant = self._monitored & (self._constant >= self._constant_frames)
        tests = [(Fault.UNPLUGGED, constant)]
        if len(self._history) == self._history.maxlen:
            tests.append((Fault.CLIPPED, self._detect_clipping()))
            reference = self._monitored & ~constant
            if reference.sum() >= MIN_MICROPHONES:
                tests += self._detect_outliers(reference)
        found: dict[int, Fault] = {}
        for fault, flags in tests:
            for mic in np.flatnonzero(flags).tolist():
                found.setdefault(mic, fault)
        return found

    def _detect_clipping(self) -> Flags:
        """Return who is cut off; a sound that is too loud for most of them is no fault of theirs."""
        full_scale = np.mean([frame.full_scale for frame in self._history], axis=0)
        flat = np.mean([frame.flat for frame in self._history], axis=0)
        clipping: Flags = self._monitored & ((full_scale > MAX_FULL_SCALE_RATIO) | (flat > MAX_FLAT_RATIO))
        return clipping if clipping.sum() <= self._monitored.sum() / 2 else np.zeros_like(clipping)

    def _detect_outliers(self, reference: Flags) -> list[tuple[Fault, Flags]]:
        """Compare everybody's steady level in each band with the jury's."""
        powers = np.stack([frame.powers for frame in self._history])
        levels_db = 10 * np.log10(np.quantile(powers, QUANTILE, axis=0) + SILENT_POWER)
        ranked = np.sort(levels_db[reference], axis=0)
        above_db = levels_db - ranked[-1 - max(len(ranked) // 3, 1)]
        below_db = np.median(ranked, axis=0) - levels_db
        is_dead = (below_db[:, self._low] > DEAD_DB).all(axis=1)
        is_hum_only = (below_db[:, self._middle] > DEAD_DB).all(axis=1)
        return [
            (Fault.DEAD, reference & is_dead),
            # Hum without sound: what an open input picks up.
            (Fault.UNPLUGGED, reference & is_hum_only),
            (Fault.NOISY, reference & (above_db[:, self._above_wind] > NOISE_DB).all(axis=1)),
            (Fault.OCCLUDED, reference & _is_missing_band(below_db[:, self._high])),
        ]


def _is_missing_band(below_db: FloatArray) -> Flags:
    """Return who (mic,) lacks high frequencies: far below in all bands but one at most, and below in that one."""
    ranked = np.sort(below_db, axis=1)
    is_far_below = ranked[:, min(1, ranked.shape[1] - 1)] > OCCLUSION_DB
    return np.asarray(is_far_below & (ranked[:, 0] > OCCLUSION_SLACK_DB))
