# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Check of the files that an ONNX graph refers to, before ONNX Runtime opens them.

A tensor of a graph may be stored in another file (`external_data`). Some versions of ONNX Runtime, among them 1.23,
follow a location such as `../other.bin` out of the folder of the graph. The check needs no package: it reads the
protocol buffers of the graph. Field numbers are from `onnx.proto` of ONNX 1.19.
"""

from __future__ import annotations

import mmap
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.common.untrusted_text import shorten

MAX_DEPTH = 64
MAX_FIELDS = 2_000_000
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FIXED_BYTES = {FIXED64: 8, FIXED32: 4}
MAX_VARINT_BYTES = 10
LOCATION = b'location'
# message: {field number: message of the field}
SUBMESSAGES: Mapping[str, Mapping[int, str]] = {
    'model': {7: 'graph', 20: 'training', 25: 'function'},
    'training': {1: 'graph', 2: 'graph'},
    'function': {7: 'node', 11: 'attribute'},
    'graph': {1: 'node', 5: 'tensor', 15: 'sparse tensor'},
    'node': {5: 'attribute'},
    'attribute': {
        5: 'tensor',
        6: 'graph',
        10: 'tensor',
        11: 'graph',
        22: 'sparse tensor',
        23: 'sparse tensor',
    },
    'sparse tensor': {1: 'tensor', 2: 'tensor'},
    'tensor': {13: 'external data'},
    'external data': {},
}
KEY_FIELD, VALUE_FIELD = 1, 2


def check_external_files(path: Path, files: Collection[str]) -> None:
    """Refuse an ONNX graph with weights in a file that is not in the manifest.

    Args:
        path: The graph.
        files: Names of the files of the bundle.

    Raises:
        InferenceError: The graph refers to another file, or is damaged.

    """
    if not path.stat().st_size:
        msg = f'{path} is empty: export the bundle again.'
        raise InferenceError(msg)
    try:
        with path.open('rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            locations = external_locations(data)
    except ValueError as error:
        msg = f'{path} is not a valid ONNX graph: {error}. Export the bundle again.'
        raise InferenceError(msg) from None
    outside = sorted(location for location in locations if location not in files)
    if outside:
        msg = (
            f'{path} has weights in {shorten(outside)}, which its manifest does not list: files outside the bundle are '
            'not opened. Export the bundle again.'
        )
        raise InferenceError(msg)


def external_locations(data: bytes | mmap.mmap) -> set[str]:
    """Return the locations of external data in the serialised model `data`.

    Raises:
        ValueError: The data is not a serialised model, is nested too deeply or has too many fields.

    """
    found: set[str] = set()
    pending = [('model', 0, len(data), 0)]
    fields = 0
    while pending:
        message, start, end, depth = pending.pop()
        if depth > MAX_DEPTH:
            error = f'it is nested more than {MAX_DEPTH} levels deep'
            raise ValueError(error)
        if message == 'external data':
            found.update(_locations(data, start, end))
            continue
        for number, wire_type, first, last in read_fields(data, start, end):
            fields += 1
            if fields > MAX_FIELDS:
                error = f'it has more than {MAX_FIELDS} fields'
                raise ValueError(error)
            submessage = SUBMESSAGES[message].get(number)
            if submessage is not None and wire_type == BYTES:
                pending.append((submessage, first, last, depth + 1))
    return found


def _locations(data: bytes | mmap.mmap, start: int, end: int) -> Iterator[str]:
    """Yield every value of a pair whose key is `location`. Parsers take the last of repeated keys and values."""
    entries = [
        (number, data[first:last]) for number, kind, first, last in read_fields(data, start, end) if kind == BYTES
    ]
    if any(number == KEY_FIELD and text == LOCATION for number, text in entries):
        for number, text in entries:
            if number == VALUE_FIELD:
                yield text.decode(errors='backslashreplace')


def read_fields(data: bytes | mmap.mmap, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield number, wire type, start and end of the content of each field of a message.

    Raises:
        ValueError: The data between `start` and `end` is not a message.

    """
    at = start
    while at < end:
        tag, at = _varint(data, at, end)
        number, wire_type = tag >> 3, tag & 7
        first = at
        if wire_type == VARINT:
            _, at = _varint(data, at, end)
        elif wire_type == BYTES:
            length, first = _varint(data, at, end)
            at = first + length
        elif wire_type in FIXED_BYTES:
            at += FIXED_BYTES[wire_type]
        else:
            error = f'byte {at} has the wire type {wire_type}, which ONNX does not use'
            raise ValueError(error)
        if not number or at > end:
            error = f'a field ends after its message at byte {end}'
            raise ValueError(error)
        yield number, wire_type, first, at


def _varint(data: bytes | mmap.mmap, at: int, end: int) -> tuple[int, int]:
    value = 0
    for index in range(min(MAX_VARINT_BYTES, end - at)):
        byte = data[at + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, at + index + 1
    error = f'the number at byte {at} does not end'
    raise ValueError(error)
