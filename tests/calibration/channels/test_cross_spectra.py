# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.calibration.channels.cross_spectra import cross_spectra
from audio_manifold_ros.common.errors import CalibrationError

RATE_HZ = 16_000


def test_power_density_adds_up_to_the_variance() -> None:
    noise = np.random.default_rng(0).standard_normal((2, 5 * RATE_HZ)).astype(np.float32) * np.float32(0.1)
    spectra = cross_spectra(noise + np.float32(0.3), RATE_HZ, 1024)
    step_hz = spectra.frequencies_hz[1]
    assert spectra.powers.sum(axis=0) * step_hz == pytest.approx(noise.var(axis=1), rel=0.03)


def test_coherence_is_the_common_fraction() -> None:
    rng = np.random.default_rng(1)
    common, own = rng.standard_normal((1, 10 * RATE_HZ)), rng.standard_normal((3, 10 * RATE_HZ))
    sound = (np.array([[1.0], [-1.0], [0.0]]) * common + np.array([[0.5], [0.5], [1.0]]) * own).astype(np.float32)
    coherence = cross_spectra(sound, RATE_HZ, 512).coherences().mean(axis=0)
    assert coherence[0, 1] == pytest.approx(-0.8, abs=0.02)
    assert abs(coherence[0, 2]) < 0.05
    assert np.diag(coherence).real == pytest.approx(1)


def test_a_silent_channel_has_no_coherence() -> None:
    sound = np.random.default_rng(2).standard_normal((2, RATE_HZ)).astype(np.float32)
    sound[1] = 0
    assert not cross_spectra(sound, RATE_HZ).coherences()[:, 0, 1].any()


def test_less_than_a_frame_is_refused() -> None:
    with pytest.raises(CalibrationError, match='100 samples are too few'):
        cross_spectra(np.zeros((2, 100), dtype=np.float32), RATE_HZ, 1024)
