# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scattering of sound back from a rigid cylinder, relative to geometric reflection."""

from __future__ import annotations

import numpy as np
import scipy.special

from audio_manifold_ros.common.array_types import FloatArray

# Terms of the series beyond the size parameter. The rest is below 1e-5.
FURTHER_TERMS = 12


def backscatter_factor(size_parameter: FloatArray) -> FloatArray:
    """Return the pressure that a rigid cylinder scatters back, relative to its limit for short waves, at most 1.

    The exact series for an infinite cylinder and a plane wave across it is f = Σ ε_n (−1)^n J'_n(ka) / H'_n(ka)
    (Morse and Ingard, Theoretical Acoustics, 1968, section 8.1). Its limit for short waves is √(π ka) / 2, which
    corresponds to geometric reflection. For long waves the factor is 3 √π / 2 · (ka)^1.5. Values above 1,
    which are up to 1.1 near ka = 0.84, are cut.

    Args:
        size_parameter: Circumference in wavelengths, ka, greater than 0, of any shape.

    """
    x = np.asarray(size_parameter, dtype=np.float64)
    orders = np.arange(int(x.max(initial=0.0)) + FURTHER_TERMS).reshape(-1, *(1,) * x.ndim)
    weights = np.where(orders == 0, 1.0, 2.0) * (-1.0) ** orders
    terms = scipy.special.jvp(orders, x) / scipy.special.h1vp(orders, x)
    return np.asarray(np.minimum(np.abs(np.sum(weights * terms, axis=0)) * 2 / np.sqrt(np.pi * x), 1.0))
