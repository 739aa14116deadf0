# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drawing: colormaps for depth, classes, confidence and spectrograms, top views of vehicles, and image files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.drawing.colormaps import (
        colour_confidence,
        colour_depth,
        colour_labels,
        colour_normals,
        colour_spectrogram,
    )
    from audio_manifold_ros.drawing.images import save_png, scale_with_sharp_edges, write_text
    from audio_manifold_ros.drawing.top_view import draw_top_view

__all__ = [
    'colour_confidence',
    'colour_depth',
    'colour_labels',
    'colour_normals',
    'colour_spectrogram',
    'draw_top_view',
    'save_png',
    'scale_with_sharp_edges',
    'write_text',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'colormaps': 'colour_confidence colour_depth colour_labels colour_normals colour_spectrogram',
        'images': 'save_png scale_with_sharp_edges write_text',
        'top_view': 'draw_top_view',
    },
)
