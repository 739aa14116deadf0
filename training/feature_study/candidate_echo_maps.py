# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Candidates for the echo map: other values of its definition, other whitening, segments, a moving reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.features.echo_map import SPECTRUM_FLOOR
from audio_manifold_ros.features.steering import echo_bins, echo_lag_edges, steering_weights
from training.feature_study.study_street import DEFAULT, SIDES_RAD, octagon_geometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import FloatArray, Samples
    from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec

# Relative changes of the time scale of the reference: walls towards which the car drives with up to 7 m/s, and away.
STRETCHES = (-0.04, -0.02, 0.0, 0.02, 0.04)


@dataclass(frozen=True)
class EchoCandidate:
    """Echo map at the two sides of the car, in full resolution of the correlation.

    Attributes:
        spec: Length of the window, segments, frequencies and lags.
        whitening: Exponent of the levels by which the cross-spectrum is divided. 1 is that of the features.
        stretches: Relative changes of the time scale of the reference. The largest correlation of all counts.

    """

    spec: SpatialFeatureSpec = DEFAULT
    whitening: float = 1.0
    stretches: tuple[float, ...] = (0.0,)

    @cached_property
    def _weights(self) -> NDArray[np.complex128]:
        bins_hz = echo_bins(self.spec) * self.spec.sample_rate_hz / self.spec.echo_samples
        return steering_weights(octagon_geometry(self.spec).positions_m, np.array(SIDES_RAD), bins_hz)

    def map(self, window: Samples) -> FloatArray:
        """Return the map (side, lag) of a window (mic, sample), the mean of those of its segments."""
        length = self.spec.echo_samples
        segments = [window[:, first : first + length] for first in self.spec.echo_starts]
        mean: FloatArray = np.mean([self._largest(segment) for segment in segments], axis=0)
        return mean

    def _largest(self, segment: Samples) -> FloatArray:
        largest: FloatArray = np.max([self._map(segment, stretch) for stretch in self.stretches], axis=0)
        return largest

    def _map(self, segment: Samples, stretch: float) -> FloatArray:
        bins, samples = echo_bins(self.spec), self.spec.echo_samples
        spectra = np.fft.rfft(segment)[:, bins]
        mean = segment.mean(axis=0, dtype=np.float64)
        if stretch:
            instants = np.arange(samples)
            mean = np.interp((instants - samples / 2) * (1 + stretch) + samples / 2, instants, mean)
        reference = np.fft.rfft(mean)[bins]
        level = np.sqrt(np.mean(np.abs(spectra) ** 2, axis=0)) + SPECTRUM_FLOOR
        divisor = (level * (np.abs(reference) + SPECTRUM_FLOOR)) ** self.whitening
        beams = np.einsum('fam,mf->af', self._weights, spectra) * (reference.conj() / divisor)
        if self.whitening < 1:
            # The map does not depend on the level of the sound.
            beams /= np.sqrt(np.mean(np.abs(beams) ** 2, axis=1, keepdims=True))
        full = np.zeros((len(beams), samples), dtype=np.complex128)
        full[:, bins] = beams * (samples / len(bins))
        edges = echo_lag_edges(self.spec)
        envelope = np.abs(np.fft.ifft(full)[:, edges[0] : edges[-1]])
        largest: FloatArray = np.maximum.reduceat(envelope, edges[:-1] - edges[0], axis=1)
        return largest


def echo_candidates() -> Mapping[str, EchoCandidate]:
    """Return the candidates by what they change. The first one is the default."""
    longer = replace(DEFAULT, window_samples=2 * DEFAULT.window_samples)
    segments = replace(DEFAULT, window_samples=DEFAULT.window_samples + 3 * DEFAULT.echo_step_samples, echo_segments=4)
    return {
        'default': EchoCandidate(),
        'lags up to 240 ms (41 m)': EchoCandidate(replace(DEFAULT, echo_lags_ms=(8, 240))),
        **{f'whitening {value:g} instead of 1': EchoCandidate(whitening=value) for value in (0.5, 0.7, 0.85)},
        '200 Hz to 2 kHz': EchoCandidate(replace(DEFAULT, echo_band_hz=(200.0, 2000.0))),
        '500 Hz to 4 kHz': EchoCandidate(replace(DEFAULT, echo_band_hz=(500.0, 4000.0))),
        '200 Hz to 8 kHz': EchoCandidate(replace(DEFAULT, echo_band_hz=(200.0, 8000.0))),
        'a window of 2 s': EchoCandidate(longer),
        'a window of 2 s, whitening 0.85': EchoCandidate(longer, whitening=0.85),
        'mean of 4 segments of 1 s in 1.8 s': EchoCandidate(segments),
        'mean of 4 segments of 1 s in 1.8 s, whitening 0.85': EchoCandidate(segments, whitening=0.85),
        'reference that moves with up to 7 m/s': EchoCandidate(stretches=STRETCHES),
    }
