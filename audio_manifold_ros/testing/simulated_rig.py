# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings of a simulated rig with known channel errors, for the tests of calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.rig.rig import Microphone, MicrophoneArray
from audio_manifold_ros.simulation.sound.acoustics import ARRAY_HEIGHT_M, StreetAcoustics
from audio_manifold_ros.simulation.sound.microphones import HIGH_OMNI, directivity
from audio_manifold_ros.simulation.sound.propagation import speed_of_sound_mps
from audio_manifold_ros.simulation.sound.sample_grid import SPLIT_HZ
from audio_manifold_ros.simulation.street import make_street
from audio_manifold_ros.simulation.trajectory import StraightTrajectory
from audio_manifold_ros.testing.rig_faults import quantize_to_pcm16

RATE_HZ = 22_500
GAIN_DB, DELAY_SAMPLES = 6.0, 4.0
SNR_DB = 10.0
GROUND_REFLECTION, WALL_REFLECTION, WALL_M = 0.4, 0.7, 8.0
BAND_HZ = (100.0, 10_000.0)


@dataclass(frozen=True)
class RigGroundTruth:
    """True properties of a rig, for each microphone of its file.

    Attributes:
        channels: Device channels (mic,).
        gains_db: Gains relative to their median (mic,).
        polarities: Polarities, 1 or -1 (mic,).
        delays_samples: Delays relative to their median, at the device rate (mic,).

    """

    channels: NDArray[np.int64]
    gains_db: FloatArray
    polarities: NDArray[np.int64]
    delays_samples: FloatArray


def octagon(radius_m: float = 0.5) -> MicrophoneArray:
    """Return eight capsules on a circle, facing outwards."""
    angles = np.arange(8) * np.pi / 4
    outwards = np.stack([np.cos(angles), np.sin(angles), np.zeros(8)], axis=1)
    return make_array(f'ring_{radius_m:g}', outwards * radius_m, outwards)


def rectangle() -> MicrophoneArray:
    """Return eight capsules along the edges of a roof of 1.6 m × 1 m, facing outwards."""
    along = np.array([0.8, 0.27, -0.27, -0.8])
    positions = np.array([(x, side * 0.5, 0.02 * abs(x)) for side in (1, -1) for x in along])
    facings = positions * np.array([1.0, 1.0, 0.0])
    return make_array('rectangle', positions, facings / np.linalg.norm(facings, axis=1, keepdims=True))


def make_array(name: str, positions_m: FloatArray, facings: FloatArray) -> MicrophoneArray:
    """Return an array whose microphones are on consecutive channels from 0 on."""
    microphones = [
        Microphone(f'mic_{index}', index, (position[0], position[1], position[2]), (facing[0], facing[1], facing[2]))
        for index, (position, facing) in enumerate(zip(positions_m.tolist(), facings.tolist(), strict=True))
    ]
    return MicrophoneArray(name, 'mic_array_link', tuple(microphones))


class SimulatedRig:
    """A parked car and the street noise around it.

    Attributes:
        array: The rig file: no corrections, microphone i on channel i.
        ground_truth: The values that the commands should estimate.
        generator: Random generator of everything.

    """

    def __init__(self, seed: int, array: MicrophoneArray, *, driving: bool = False) -> None:
        """Choose street and faults at random."""
        self.array = array
        self.generator = generator = np.random.default_rng([seed, 0xCA11])
        street = make_street(seed)
        if not driving:
            parked = StraightTrajectory((0.0, street.ego.y_m, 0.0), (0.0, 0.0, 0.0), 0.0)
            street = replace(street, ego=replace(street.ego, trajectory=parked, electric=True))
        self._street = StreetAcoustics(street, array, RATE_HZ)
        self._speed_of_sound_mps = speed_of_sound_mps(street.weather.temperature_c)
        capsules = self._street.microphones
        self._positions_m = array.positions_m + capsules.jitter_m
        self._capsule_gains = capsules.gains[:, None]
        mics = len(array.microphones)
        gains_db = generator.uniform(-GAIN_DB, GAIN_DB, mics)
        delays = generator.uniform(-DELAY_SAMPLES, DELAY_SAMPLES, mics)
        flipped = generator.permutation(mics)[: generator.integers(0, (mics + 1) // 2)]
        polarities = np.ones(mics, dtype=np.int64)
        polarities[flipped] = -1
        self.ground_truth = RigGroundTruth(
            np.asarray(generator.permutation(mics), dtype=np.int64),
            gains_db - np.median(gains_db),
            polarities,
            delays - np.median(delays),
        )

    def street(self, seconds: float, start_s: float = 0.0) -> Samples:
        """Return the pressure (mic, sample) of the street alone."""
        sound = self._street.render(round(start_s * RATE_HZ), round(seconds * RATE_HZ))
        return np.asarray(sound / self._capsule_gains)

    def places(self, count: int, seconds: float, street: Samples, *, echoes: bool = False) -> Samples:
        """Return the street with a loudspeaker at places around the array, one after the other.

        Args:
            count: Number of places.
            seconds: Duration at each place.
            street: f32 (mic, sample), at least as long.
            echoes: Whether the ground and a wall reflect the sound.

        """
        received = street.copy()
        width = round(seconds * RATE_HZ)
        start_rad = self.generator.uniform(0, 2 * np.pi)
        for number in range(count):
            azimuth = start_rad + 2 * np.pi * (number + self.generator.uniform(-0.2, 0.2)) / count
            distance_m = self.generator.uniform(3, 5)
            height_m = self.generator.uniform(-0.2, 0.2)
            source_m = np.array([distance_m * np.cos(azimuth), distance_m * np.sin(azimuth), height_m])
            part = slice(number * width, (number + 1) * width)
            signal = self._pink(width)
            sound = self._propagate(source_m, signal)
            for level, image_source_m in _image_sources(source_m) if echoes else ():
                sound += np.float32(level) * self._propagate(image_source_m, signal)
            received[:, part] += self._at_snr(sound, street[:, part])
        return received

    def wired(self, seconds: float, street: Samples) -> Samples:
        """Return one electrical signal on all channels, with the street's noise on each."""
        signal = np.tile(self._pink(round(seconds * RATE_HZ)), (len(street), 1))
        return street[:, : signal.shape[1]] + self._at_snr(signal, street)

    def speech_at_microphones(self, seconds: float, street: Samples, *, taps: bool) -> Samples:
        """Return the street with speech or taps at each microphone in turn for some seconds."""
        received, width = street.copy(), round(seconds * RATE_HZ)
        for mic, position in enumerate(self._positions_m):
            facing = np.array(self.array.microphones[mic].facing)
            mouth_m = position + (0.01 if taps else 0.15) * facing + self.generator.normal(0, 0.002, 3)
            signal = self._taps(width) if taps else self._speech(width)
            part = slice(mic * width, (mic + 1) * width)
            sound = self._propagate(mouth_m, signal)
            level = float(np.mean(in_band(sound[mic : mic + 1]) ** 2))
            noise = float(np.mean(in_band(street[mic : mic + 1, part]) ** 2))
            received[:, part] += sound * np.float32(np.sqrt(noise / level * 10 ** (SNR_DB / 10)))
        return received

    def device(self, pressure: Samples, *, drift_ppm: Sequence[float] = (), shuffled: bool = False) -> Samples:
        """Return the device output with gains, polarities, delays, drift, order and 16 bits applied.

        Args:
            pressure: f32 (mic, sample).
            drift_ppm: Drift of the clock of each microphone; empty for one common clock.
            shuffled: Whether the microphones are on the channels of `ground_truth` instead of those of the file.

        """
        ground_truth = self.ground_truth
        drift = np.array(drift_ppm or np.zeros(len(pressure))) * 1e-6
        delayed = np.stack(
            [
                _apply_delay(signal, delay, rate)
                for signal, delay, rate in zip(pressure, ground_truth.delays_samples, drift, strict=True)
            ]
        )
        factors = ground_truth.polarities * 10 ** (ground_truth.gains_db / 20)
        recorded = np.empty_like(delayed)
        recorded[ground_truth.channels if shuffled else np.arange(len(delayed))] = delayed * factors[:, None].astype(
            np.float32
        )
        return quantize_to_pcm16(recorded)

    def _propagate(self, source_m: FloatArray, signal: Samples) -> Samples:
        """Return the pressure (mic, sample) of a signal emitted at a place."""
        spectrum = scipy.fft.rfft(signal)
        frequencies = scipy.fft.rfftfreq(len(signal), 1 / RATE_HZ)
        paths_m = source_m - self._positions_m
        distances = np.linalg.norm(paths_m, axis=1)
        cosines = np.sum(paths_m * self.array.facings, axis=1) / distances
        received = np.empty((len(paths_m), len(signal)), dtype=np.float32)
        for mic, (distance, cosine) in enumerate(zip(distances.tolist(), cosines.tolist(), strict=True)):
            pattern = np.where(frequencies < SPLIT_HZ, 1.0, directivity(np.array(cosine), HIGH_OMNI))
            phase = np.exp(-2j * np.pi * frequencies * distance / self._speed_of_sound_mps)
            received[mic] = scipy.fft.irfft(spectrum * pattern * phase / distance, len(signal))
        return received

    def _pink(self, n: int) -> Samples:
        frequencies = scipy.fft.rfftfreq(n, 1 / RATE_HZ)
        inside = (frequencies >= BAND_HZ[0]) & (frequencies <= BAND_HZ[1])
        parts = self.generator.standard_normal((2, len(frequencies)))
        spectrum = (parts[0] + 1j * parts[1]) * inside / np.sqrt(np.maximum(frequencies, 1.0))
        signal = scipy.fft.irfft(spectrum, n)
        return np.asarray(signal / np.std(signal), dtype=np.float32)

    def _speech(self, n: int) -> Samples:
        """Return noise with the spectrum and syllable rhythm of a voice, and a pause at its end."""
        times_s = np.arange(n) / RATE_HZ
        syllables = np.maximum(np.sin(2 * np.pi * 2.2 * times_s + self.generator.uniform(0, 6)), 0) ** 2
        return np.asarray(self._pink(n) * syllables * (times_s < 0.8 * times_s[-1]), dtype=np.float32)

    def _taps(self, n: int) -> Samples:
        signal = np.zeros(n, dtype=np.float32)
        decay = np.exp(-np.arange(round(0.02 * RATE_HZ)) / (0.004 * RATE_HZ))
        for time_s in np.arange(0.2, 0.8 * n / RATE_HZ, 0.4):
            start = round((time_s + self.generator.uniform(0, 0.1)) * RATE_HZ)
            signal[start : start + len(decay)] += decay * self.generator.standard_normal(len(decay))
        return signal

    @staticmethod
    def _at_snr(sound: Samples, street: Samples) -> Samples:
        """Return the signal scaled to 10 dB above the street between 100 Hz and 10 kHz, averaged over microphones."""
        part = slice(0, sound.shape[1])
        ratio = np.mean(in_band(street[:, part]) ** 2) / np.mean(in_band(sound) ** 2)
        return np.asarray(sound * np.float32(np.sqrt(ratio * 10 ** (SNR_DB / 10))))


def _image_sources(source_m: FloatArray) -> tuple[tuple[float, FloatArray], ...]:
    """Return reflection factors and image positions of a source for the ground and a wall."""
    x, y, z = source_m
    return (GROUND_REFLECTION, np.array([x, y, -2 * ARRAY_HEIGHT_M - z])), (
        WALL_REFLECTION,
        np.array([x, 2 * WALL_M - y, z]),
    )


def in_band(samples: Samples) -> Samples:
    """Return audio (mic, sample) band-limited to the band in which it is compared with the street."""
    spectrum = scipy.fft.rfft(samples, axis=1)
    frequencies = scipy.fft.rfftfreq(samples.shape[1], 1 / RATE_HZ)
    spectrum[:, (frequencies < BAND_HZ[0]) | (frequencies > BAND_HZ[1])] = 0
    return np.asarray(scipy.fft.irfft(spectrum, samples.shape[1], axis=1), dtype=np.float32)


def _apply_delay(signal: Samples, delay_samples: float, drift: float) -> Samples:
    """Return a signal delayed by a fractional number of samples, with a growing delay if its clock drifts."""
    n = len(signal)
    padded = scipy.fft.next_fast_len(n + 64, real=True)
    spectrum = scipy.fft.rfft(signal, padded)
    if drift == 0:
        shift = np.exp(-2j * np.pi * scipy.fft.rfftfreq(padded) * delay_samples)
        return np.asarray(scipy.fft.irfft(spectrum * shift, padded)[:n], dtype=np.float32)
    # Eight times the rate, so that linear interpolation is accurate enough.
    fine = scipy.fft.irfft(spectrum, 8 * padded) * 8
    times = np.clip((np.arange(n) * (1 - drift) - delay_samples) * 8, 0, len(fine) - 1)
    return np.asarray(np.interp(times, np.arange(len(fine)), fine), dtype=np.float32)
