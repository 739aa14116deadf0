# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Splits of drives, and the measurement of their leakage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from training.splits.split_leakage import LeakageReport, PairLeakage, measure_leakage

__all__ = [
    'LeakageReport',
    'PairLeakage',
    'measure_leakage',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'split_leakage': 'LeakageReport PairLeakage measure_leakage',
    },
)
