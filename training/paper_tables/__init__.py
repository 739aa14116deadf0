# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tables of the paper from stored runs, as text, LaTeX and images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from training.paper_tables.comparison import comparison_tables
    from training.paper_tables.published_values import Paper
    from training.paper_tables.records import RunRecord, load_records
    from training.paper_tables.table import ComparisonTable

__all__ = [
    'ComparisonTable',
    'Paper',
    'RunRecord',
    'comparison_tables',
    'load_records',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'comparison': 'comparison_tables',
        'published_values': 'Paper',
        'records': 'RunRecord load_records',
        'table': 'ComparisonTable',
    },
)
