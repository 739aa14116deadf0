# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Description inside the weights and graphs of a bundle, which tools show and which belongs to one manifest.

It is the `__metadata__` of a safetensors file and the `metadata_props` of an ONNX graph. No package is needed to read
them.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.common.json_text import parse_json
from audio_manifold_ros.common.schema import to_plain
from audio_manifold_ros.common.untrusted_text import shorten
from audio_manifold_ros.inference.bundle.onnx_references import BYTES, KEY_FIELD, VALUE_FIELD, read_fields

if TYPE_CHECKING:
    from audio_manifold_ros.inference.bundle.manifest import Manifest

LICENCE = 'Apache-2.0'
# Field number of `metadata_props` in the message ModelProto of ONNX 1.19.
PROPERTIES_FIELD = 14
MAX_PROPERTIES = 256
MAX_HEADER_BYTES = 16_000_000
# Other features of the same size would give wrong images without an error. A bundle may be renamed.
VERIFIED = ('format_version', 'features_sha256')
REMEDY = 'Copy the bundle again.'
ONNX, SAFETENSORS = '.onnx', '.safetensors'


def describe_files(manifest: Manifest) -> dict[str, str]:
    """Return the description that the weights and the graphs of a bundle contain."""
    features = json.dumps(to_plain(manifest.features), sort_keys=True)
    return {
        'name': manifest.name,
        'format_version': str(manifest.format_version),
        'modalities': ','.join(manifest.modalities),
        'features_sha256': hashlib.sha256(features.encode()).hexdigest(),
        'licence': LICENCE,
    }


def check_file_metadata(path: Path, manifest: Manifest) -> None:
    """Refuse weights or a graph that state another bundle than the manifest. Files of old bundles state nothing.

    Args:
        path: A file of the bundle. Only `.onnx` and `.safetensors` are read.
        manifest: The manifest of the bundle.

    Raises:
        InferenceError: The file is damaged, or states another value than the manifest.

    """
    if path.suffix not in {ONNX, SAFETENSORS}:
        return
    found = read_metadata(path)
    described = describe_files(manifest)
    for key in VERIFIED:
        if found.get(key, described[key]) != described[key]:
            msg = (
                f'{path} states {key} {shorten(found[key])}, but its manifest means {described[key]!r}: they belong to '
                'different bundles. Copy the whole bundle again.'
            )
            raise InferenceError(msg)


def read_metadata(path: Path) -> dict[str, str]:
    """Return the description in an ONNX graph or a safetensors file, empty if there is none.

    Raises:
        InferenceError: The file is damaged.

    """
    try:
        return _onnx_properties(path) if path.suffix == ONNX else _safetensors_metadata(path)
    except (ValueError, struct.error) as error:
        msg = f'Cannot read the description in {path}: {error}. {REMEDY}'
        raise InferenceError(msg) from None


def _onnx_properties(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    with path.open('rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for number, wire_type, first, last in read_fields(data, 0, len(data)):
            if number == PROPERTIES_FIELD and wire_type == BYTES and len(found) < MAX_PROPERTIES:
                fields = {
                    field: data[start:end].decode(errors='backslashreplace')
                    for field, kind, start, end in read_fields(data, first, last)
                    if kind == BYTES
                }
                found[fields.get(KEY_FIELD, '')] = fields.get(VALUE_FIELD, '')
    return found


def _safetensors_metadata(path: Path) -> dict[str, str]:
    with path.open('rb') as file:
        (length,) = struct.unpack('<Q', file.read(8))
        if length > MAX_HEADER_BYTES:
            error = f'its header has {length} bytes, more than {MAX_HEADER_BYTES}'
            raise ValueError(error)
        text = file.read(length).decode()
    header = parse_json(text, f'The header of {path}', InferenceError, REMEDY, max_bytes=MAX_HEADER_BYTES)
    metadata = header.get('__metadata__', {}) if isinstance(header, dict) else {}
    return {str(key): str(value) for key, value in metadata.items()} if isinstance(metadata, dict) else {}
