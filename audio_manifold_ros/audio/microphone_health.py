# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Detection of faulty microphones from the audio alone, within two seconds.

Each microphone is compared with the others in frequency bands, because all of them receive the same street. The
effects of street, rain and wind on healthy microphones are measured in benchmarks/benches/health.py. The limits below
are well above them. Wind is loud below 3 kHz and at single microphones, so loudness below 3 kHz is not treated as a
fault. A passing vehicle is loud on one side, so a microphone must be louder than the third loudest. Events shorter
than a second are ignored.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.channel_relation import find_unrelated
from audio_manifold_ros.audio.health_features import FrameFeatures, HealthFeatureExtractor
from audio_manifold_ros.common.array_types import FloatArray, Samples

if TYPE_CHECKING:
    from audio_manifold_ros.rig.rig import MicrophoneArray

Flags = NDArray[np.bool_]

WINDOW_S = 1.0
# Louder frames are ignored: a slammed door, a drop of rain.
QUANTILE = 0.3
# Time between checks, and consecutive checks that must find a fault before it is reported.
CHECK_PERIOD_S, CHECKS_TO_CONFIRM = 0.18, 2
# Time without a fault after which it is cleared.
RECOVERY_S = 3.0
CONSTANT_S = 0.4
# Upper limit of wind noise. Noise is not detected below it.
WIND_MAX_HZ = 3200
HIGH_BAND_MIN_HZ, MIDDLE_BAND_MIN_HZ = 1600, 400
NOISE_DB, OCCLUSION_DB, DEAD_DB = 8.0, 13.0, 20.0
# A covered microphone keeps its own noise, which may fill the highest band on a quiet street.
OCCLUSION_SLACK_DB = 6.0
MAX_FULL_SCALE_RATIO, MAX_FLAT_RATIO = 0.003, 0.02
# With fewer microphones there is no reliable majority.
MIN_MICROPHONES = 4
SILENT_POWER = 1e-16


class Fault(str, Enum):
    """Fault of a microphone."""

    UNPLUGGED = 'unplugged'
    DEAD = 'dead'
    CLIPPED = 'clips'
    NOISY = 'hisses'
    OCCLUDED = 'covered'
    UNRELATED = 'unrelated'


REMEDIES = {
    Fault.UNPLUGGED: 'no signal arrives: check its cable',
    Fault.DEAD: 'it does not receive what the others receive: check the capsule and its supply',
    Fault.CLIPPED: 'its signal is clipped: lower its gain',
    Fault.NOISY: 'it adds noise that no other microphone receives: check its cable, supply and capsule',
    Fault.OCCLUDED: 'it lacks high frequencies: clean it, or remove its cover',
    Fault.UNRELATED: 'its signal is not related to that of the others: check its channel, its cable and its clock',
}


class MicrophoneHealth:
    """Fault detector for the raw audio of an array.

    The faults depend only on the audio and its index, not on the length of the blocks. If all microphones have the
    same fault, only missing signals and clipping are detected.
    """

    def __init__(self, array: MicrophoneArray, sample_rate_hz: int, *, check_relation: bool = False) -> None:
        """Start without audio.

        Args:
            array: The rig. Microphones that it disables are not checked.
            sample_rate_hz: Rate of the blocks.
            check_relation: Detect `Fault.UNRELATED`, which matters to features with phase.

        """
        self._check_relation = check_relation
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
        # At least one band, also at rates without a band above the wind.
        self._above_wind = edges >= min(WIND_MAX_HZ, edges[-1])
        self.reset()

    @property
    def faults(self) -> dict[int, Fault]:
        """Faults by the index of the microphone in the array."""
        return dict(self._faults)

    def reset(self) -> None:
        """Drop all audio and all faults."""
        self._frames.reset()
        self._history.clear()
        self._frames_since_check = 0
        self._constant: NDArray[np.int64] = np.zeros(len(self._monitored), dtype=np.int64)
        self._pending: dict[int, tuple[Fault, int]] = {}
        self._clean_checks = dict.fromkeys(range(len(self._monitored)), 0)
        self._faults: dict[int, Fault] = {}

    def push(self, samples: Samples, first_sample: int) -> None:
        """Add a block, float32 (device channel, n), at its index. A jump of the index is not a fault."""
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
        """Return the faults that this check finds, at most one per microphone: the first of the list."""
        constant = self._monitored & (self._constant >= self._constant_frames)
        tests = [(Fault.UNPLUGGED, constant)]
        if len(self._history) == self._history.maxlen:
            tests.append((Fault.CLIPPED, self._detect_clipping()))
            reference = self._monitored & ~constant
            if reference.sum() >= MIN_MICROPHONES:
                tests += self._detect_outliers(reference)
                if self._check_relation:
                    spectra = np.stack([frame.low_spectra for frame in self._history])
                    tests.append((Fault.UNRELATED, find_unrelated(spectra, reference)))
        found: dict[int, Fault] = {}
        for fault, flags in tests:
            for mic in np.flatnonzero(flags).tolist():
                found.setdefault(mic, fault)
        return found

    def _detect_clipping(self) -> Flags:
        """Return which microphones (mic,) clip. A sound that is too loud for most of them is not a fault."""
        full_scale = np.mean([frame.full_scale for frame in self._history], axis=0)
        flat = np.mean([frame.flat for frame in self._history], axis=0)
        clipping: Flags = self._monitored & ((full_scale > MAX_FULL_SCALE_RATIO) | (flat > MAX_FLAT_RATIO))
        return clipping if clipping.sum() <= self._monitored.sum() / 2 else np.zeros_like(clipping)

    def _detect_outliers(self, reference: Flags) -> list[tuple[Fault, Flags]]:
        """Compare the steady level of each microphone with the reference microphones, band by band."""
        powers = np.stack([frame.powers for frame in self._history])
        levels_db = 10 * np.log10(np.quantile(powers, QUANTILE, axis=0) + SILENT_POWER)
        ranked = np.sort(levels_db[reference], axis=0)
        above_db = levels_db - ranked[-1 - max(len(ranked) // 3, 1)]
        below_db = np.median(ranked, axis=0) - levels_db
        is_dead = (below_db[:, self._low] > DEAD_DB).all(axis=1)
        is_hum_only = (below_db[:, self._middle] > DEAD_DB).all(axis=1)
        return [
            (Fault.DEAD, reference & is_dead),
            # Hum without other sound is the signal of an open input.
            (Fault.UNPLUGGED, reference & is_hum_only),
            (Fault.NOISY, reference & (above_db[:, self._above_wind] > NOISE_DB).all(axis=1)),
            (Fault.OCCLUDED, reference & _is_missing_band(below_db[:, self._high])),
        ]


def _is_missing_band(below_db: FloatArray) -> Flags:
    """Return which microphones (mic,) lack high frequencies: far below in all bands but one, and below in that one."""
    ranked = np.sort(below_db, axis=1)
    is_far_below = ranked[:, min(1, ranked.shape[1] - 1)] > OCCLUSION_DB
    return np.asarray(is_far_below & (ranked[:, 0] > OCCLUSION_SLACK_DB))
