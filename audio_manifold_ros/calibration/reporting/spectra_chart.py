# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Long-term spectra of all channels as one picture, smoothed to sixths of an octave."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audio_manifold_ros.calibration.channels.cross_spectra import CrossSpectra
from audio_manifold_ros.calibration.reporting.charts import line_chart
from audio_manifold_ros.common.array_types import RgbImage

MIN_HZ, BANDS_PER_OCTAVE = 50.0, 6
POWER_FLOOR = 1e-16


def spectra_chart(title: str, names: Sequence[str], spectra: CrossSpectra) -> RgbImage:
    """Draw the power density of each channel, uint8 (row, column, 3), red first."""
    highest_hz = float(spectra.frequencies_hz[-1])
    count = int(np.log2(highest_hz / MIN_HZ) * BANDS_PER_OCTAVE)
    centres_hz = MIN_HZ * 2.0 ** (np.arange(count) / BANDS_PER_OCTAVE)
    half = 2 ** (0.5 / BANDS_PER_OCTAVE)
    inside = [spectra.band_mask(centre / half, centre * half) for centre in centres_hz]
    kept = [(centre, bins) for centre, bins in zip(centres_hz.tolist(), inside, strict=True) if bins.any()]
    powers = np.array([spectra.powers[bins].mean(axis=0) for _, bins in kept])
    levels_db = 10 * np.log10(np.maximum(powers, POWER_FLOOR))
    x = [centre for centre, _ in kept]
    curves = {name: (x, levels_db[:, channel].tolist()) for channel, name in enumerate(names)}
    return line_chart(title, 'Hz', 'dBFS/Hz', curves, logarithmic=True, min_span=10.0)
