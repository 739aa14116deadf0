# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Common ground: errors, units, array types, class ids, files, PCM scale, resource paths, argument types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.common.argument_types import number, whole_number
    from audio_manifold_ros.common.array_types import FloatArray, RgbImage, Samples
    from audio_manifold_ros.common.class_ids import UNLABELLED
    from audio_manifold_ros.common.errors import AudioManifoldError
    from audio_manifold_ros.common.files import (
        atomic_write,
        sha256_of,
        write_bytes_atomic,
        write_json_atomic,
        write_text_atomic,
    )
    from audio_manifold_ros.common.pcm16 import float_to_int16, int16_to_float
    from audio_manifold_ros.common.resource_paths import resource_path
    from audio_manifold_ros.common.units import NS_PER_S, SPEED_OF_SOUND_MPS

__all__ = [
    'NS_PER_S',
    'SPEED_OF_SOUND_MPS',
    'UNLABELLED',
    'AudioManifoldError',
    'FloatArray',
    'RgbImage',
    'Samples',
    'atomic_write',
    'float_to_int16',
    'int16_to_float',
    'number',
    'resource_path',
    'sha256_of',
    'whole_number',
    'write_bytes_atomic',
    'write_json_atomic',
    'write_text_atomic',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'argument_types': 'number whole_number',
        'array_types': 'FloatArray RgbImage Samples',
        'class_ids': 'UNLABELLED',
        'errors': 'AudioManifoldError',
        'files': 'atomic_write sha256_of write_bytes_atomic write_json_atomic write_text_atomic',
        'pcm16': 'float_to_int16 int16_to_float',
        'resource_paths': 'resource_path',
        'units': 'NS_PER_S SPEED_OF_SOUND_MPS',
    },
)
