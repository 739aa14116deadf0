# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reports of calibration: verdict, tables, charts and proposed changes of the rig."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.calibration.reporting.calibration_report import (
        CalibrationReport,
        CalibrationVerdict,
        ReportTable,
    )
    from audio_manifold_ros.calibration.reporting.charts import bar_chart, line_chart
    from audio_manifold_ros.calibration.reporting.rig_change import RigChange

__all__ = [
    'CalibrationReport',
    'CalibrationVerdict',
    'ReportTable',
    'RigChange',
    'bar_chart',
    'line_chart',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'calibration_report': 'CalibrationReport CalibrationVerdict ReportTable',
        'charts': 'bar_chart line_chart',
        'rig_change': 'RigChange',
    },
)
