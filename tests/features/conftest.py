# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Difficult signals for features: quiet, loud, tonal, offset, quantised."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

Signal = Callable[[int, int], NDArray[np.float32]]


def _noise(channels: int, length: int, level: float) -> NDArray[np.float64]:
    return level * np.random.default_rng(length).standard_normal((channels, length))


def _int16(samples: NDArray[np.float64]) -> NDArray[np.float32]:
    return (np.clip(np.round(samples * 32_768), -32_768, 32_767) / 32_768).astype(np.float32)


def _tone(channels: int, length: int) -> NDArray[np.float64]:
    frequency_hz = 900.3 + 410.0 * np.arange(channels)[:, None]
    return 0.99 * np.sin(2 * np.pi * frequency_hz * np.arange(length) / 22_500)


SIGNALS: dict[str, Signal] = {
    'noise': lambda c, n: _int16(_noise(c, n, 0.1)),
    'loud': lambda c, n: _int16(_noise(c, n, 1.5)),
    'near_silent': lambda c, n: _int16(_noise(c, n, 0.4 / 32_768)),
    'around_the_floor': lambda c, n: _noise(c, n, 3e-7).astype(np.float32),
    'zero': lambda c, n: np.zeros((c, n), dtype=np.float32),
    'tone_over_dither': lambda c, n: _int16(_tone(c, n) + _noise(c, n, 0.3 / 32_768)),
    'clean_tone': lambda c, n: _tone(c, n).astype(np.float32),
    'offset': lambda c, n: (0.9 + _noise(c, n, 1e-5)).astype(np.float32),
    'clicks': lambda c, n: np.where(np.arange(n) % 7001 == 11, 1.0, 0.0).astype(np.float32) * np.ones((c, 1), 'f4'),
}


@pytest.fixture(scope='session')
def signals() -> dict[str, Signal]:
    """All signals by name: functions of channels and length."""
    return SIGNALS


@pytest.fixture(params=SIGNALS)
def signal(request: pytest.FixtureRequest) -> Signal:
    """Each signal in turn."""
    return SIGNALS[request.param]
