# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Export of networks as bundles, ONNX graphs and int8 graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from training.export.export_bundle import export
    from training.export.onnx_graph import ExportedNetwork, export_network
    from training.export.onnx_int8 import quantize_graph

__all__ = [
    'ExportedNetwork',
    'export',
    'export_network',
    'quantize_graph',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'export_bundle': 'export',
        'onnx_graph': 'ExportedNetwork export_network',
        'onnx_int8': 'quantize_graph',
    },
)
