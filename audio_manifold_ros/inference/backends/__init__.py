# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Backends that run the networks of a bundle: ONNX Runtime and PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.inference.backends.backend import Backend, WaveformNetwork
    from audio_manifold_ros.inference.backends.fused_pipeline import FusedWaveformNetwork
    from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
    from audio_manifold_ros.inference.backends.torch_backend import TorchBackend

__all__ = [
    'Backend',
    'FusedWaveformNetwork',
    'OnnxBackend',
    'TorchBackend',
    'WaveformNetwork',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'backend': 'Backend WaveformNetwork',
        'fused_pipeline': 'FusedWaveformNetwork',
        'onnx_backend': 'OnnxBackend',
        'torch_backend': 'TorchBackend',
    },
)
