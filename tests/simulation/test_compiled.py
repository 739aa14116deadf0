# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compiled loops on a system without a place for a cache."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from audio_manifold_ros.simulation.compiled import compiled


def test_a_read_only_system_compiles_without_a_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    original = numba.njit

    def njit(*arguments: object, cache: bool = False, **options: object) -> object:
        if cache:
            msg = "cannot cache function 'double': no locator available for file 'x.py'"
            raise RuntimeError(msg)
        return original(*arguments, **options)

    monkeypatch.setattr(numba, 'njit', njit)

    @compiled('void(f8[::1])')
    def double(values: np.ndarray) -> None:
        for index in range(len(values)):
            values[index] *= 2

    values = np.array([1.0, 2.0])
    double(values)
    assert values.tolist() == [2.0, 4.0]
