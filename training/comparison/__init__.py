# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Comparison of bundles on the same unseen streets, with other arrays and dead microphones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from training.comparison.bundle_scorer import BundleScorer
    from training.comparison.compared_rigs import RigCase, rig_cases
    from training.comparison.unseen_streets import simulate_streets

__all__ = ['BundleScorer', 'RigCase', 'rig_cases', 'simulate_streets']

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'bundle_scorer': 'BundleScorer',
        'compared_rigs': 'RigCase rig_cases',
        'unseen_streets': 'simulate_streets',
    },
)
