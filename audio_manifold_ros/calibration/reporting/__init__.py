# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reports of measurements: JSON, text, charts, and the changes of rig files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.calibration.reporting.calibration_report import (
        CalibrationReport,
        CalibrationVerdict,
        ReportTable,
    )
    from audio_manifold_ros.calibration.reporting.charts import bar_chart, line_chart, spectra_chart
    from audio_manifold_ros.calibration.reporting.position_charts import Marks, corner_chart, top_view_chart
    from audio_manifold_ros.calibration.reporting.rig_change import RigChange

__all__ = [
    'CalibrationReport',
    'CalibrationVerdict',
    'Marks',
    'ReportTable',
    'RigChange',
    'bar_chart',
    'corner_chart',
    'line_chart',
    'spectra_chart',
    'top_view_chart',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'calibration_report': 'CalibrationReport CalibrationVerdict ReportTable',
        'charts': 'bar_chart line_chart spectra_chart',
        'position_charts': 'Marks corner_chart top_view_chart',
        'rig_change': 'RigChange',
    },
)
