# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Values that version 0.1.0 read from its own files, and their comparison."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

FIXTURES = Path(__file__).parent / 'old_files'


RATE_HZ = 22_500


def noise(first: int, end: int, channels: int = 8) -> NDArray[np.int16]:
    """Return int16 (channel, sample) noise that depends on the absolute sample index only."""
    index = np.arange(first, end, dtype=np.uint64)[None, :] * 8 + np.arange(channels, dtype=np.uint64)[:, None]
    return ((index * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(48)).astype(np.uint16).view(np.int16)


def expected(name: str) -> Any:
    """Return what a fixture said to the code that wrote it."""
    return json.loads((FIXTURES / 'expected.json').read_text(encoding='utf-8'))[name]


def sha256(*arrays: NDArray[Any]) -> str:
    """Return the hash of arrays: their types, shapes and bytes."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f'{array.dtype.str} {array.shape} '.encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def thinned(image: NDArray[Any] | None) -> list[Any]:
    """Return some pixels of an image."""
    if image is None:
        return []
    return [[round(float(value), 5) for value in row] for row in image[8::32, 8::32]]


def plain(values: Any) -> Any:
    """Return values as JSON gives them back; NaN becomes a text."""
    return json.loads(json.dumps(values), parse_constant=str)


def assert_same(found: Any, wanted: Any, where: str = '') -> None:
    """Compare plain values; numbers with a fraction may differ by rounding."""
    if isinstance(wanted, dict):
        assert isinstance(found, dict), where
        # Newer code may add something.
        assert not set(wanted) - set(found), where
        for key, value in wanted.items():
            assert_same(found[key], value, f'{where}.{key}')
    elif isinstance(wanted, list):
        assert isinstance(found, list), where
        assert len(found) == len(wanted), where
        for number, value in enumerate(wanted):
            assert_same(found[number], value, f'{where}[{number}]')
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=1e-3, abs=1e-6), where
    else:
        assert found == wanted, where
