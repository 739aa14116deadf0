# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Self-calibration of microphone positions from TDOAs and measured distances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.calibration.geometry.array_self_calibration import (
        GeometryEstimate,
        estimate_geometry,
        fit_rigid_transform,
    )
    from audio_manifold_ros.calibration.geometry.geometry_problem import (
        GeometryPrior,
        GeometryProblem,
        GeometryState,
        MeasuredDistance,
    )
    from audio_manifold_ros.calibration.geometry.geometry_solver import GeometrySolution, solve_geometry

__all__ = [
    'GeometryEstimate',
    'GeometryPrior',
    'GeometryProblem',
    'GeometrySolution',
    'GeometryState',
    'MeasuredDistance',
    'estimate_geometry',
    'fit_rigid_transform',
    'solve_geometry',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'array_self_calibration': 'GeometryEstimate estimate_geometry fit_rigid_transform',
        'geometry_problem': 'GeometryPrior GeometryProblem GeometryState MeasuredDistance',
        'geometry_solver': 'GeometrySolution solve_geometry',
    },
)
