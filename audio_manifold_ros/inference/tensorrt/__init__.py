# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""TensorRT engines: build, verification, cache and backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.inference.tensorrt.background_build import BackgroundBuild, BuildStatus
    from audio_manifold_ros.inference.tensorrt.engine_cache import EngineCache
    from audio_manifold_ros.inference.tensorrt.engine_key import EngineKey, Platform
    from audio_manifold_ros.inference.tensorrt.engine_metadata import EngineMetadata, VerificationResult
    from audio_manifold_ros.inference.tensorrt.tensorrt_backend import TensorRtBackend
    from audio_manifold_ros.inference.tensorrt.torch_tensorrt_compiler import TensorRtToolchain

__all__ = [
    'BackgroundBuild',
    'BuildStatus',
    'EngineCache',
    'EngineKey',
    'EngineMetadata',
    'Platform',
    'TensorRtBackend',
    'TensorRtToolchain',
    'VerificationResult',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'background_build': 'BackgroundBuild BuildStatus',
        'engine_cache': 'EngineCache',
        'engine_key': 'EngineKey Platform',
        'engine_metadata': 'EngineMetadata VerificationResult',
        'tensorrt_backend': 'TensorRtBackend',
        'torch_tensorrt_compiler': 'TensorRtToolchain',
    },
)
