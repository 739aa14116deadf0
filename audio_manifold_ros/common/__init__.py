# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Common ground: errors, units, array types, files, YAML and JSON, schemas, PCM scale, resource paths."""

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
    from audio_manifold_ros.common.json_text import format_json, parse_json, read_json
    from audio_manifold_ros.common.pcm16 import float_to_int16, int16_to_float
    from audio_manifold_ros.common.resource_paths import resource_path
    from audio_manifold_ros.common.schema import from_plain, to_plain
    from audio_manifold_ros.common.units import NS_PER_S, SPEED_OF_SOUND_MPS
    from audio_manifold_ros.common.yaml_file import format_yaml, parse_yaml, read_yaml

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
    'format_json',
    'format_yaml',
    'from_plain',
    'int16_to_float',
    'number',
    'parse_json',
    'parse_yaml',
    'read_json',
    'read_yaml',
    'resource_path',
    'sha256_of',
    'to_plain',
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
        'json_text': 'format_json parse_json read_json',
        'pcm16': 'float_to_int16 int16_to_float',
        'resource_paths': 'resource_path',
        'schema': 'from_plain to_plain',
        'units': 'NS_PER_S SPEED_OF_SOUND_MPS',
        'yaml_file': 'format_yaml parse_yaml read_yaml',
    },
)
