# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""JSON from and to text, with limits on size and depth, without repeated keys, NaN and infinity."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.common.untrusted_text import (
    MAX_DEPTH,
    MAX_TEXT_BYTES,
    check_text_size,
    parse_float,
    parse_integer,
    read_limited_text,
    shorten,
)

TOO_DEEP = f'it is nested more than {MAX_DEPTH} levels deep'


def parse_json(
    text: str, source: str, error: type[AudioManifoldError], remedy: str, *, max_bytes: int = MAX_TEXT_BYTES
) -> Any:
    """Return the values of a JSON text.

    Args:
        text: The text.
        source: Name of the text in messages, for example `manifest.json`.
        error: Class of the error.
        remedy: A sentence with the remedy.
        max_bytes: Maximum length of the text.

    Raises:
        AudioManifoldError: `error`, if the text is not valid JSON, repeats a key, holds NaN, infinity or a number
            that is too large, or exceeds the limits of size and depth.

    """
    try:
        check_text_size(text, max_bytes)
        values = json.loads(
            text,
            object_pairs_hook=_unique_keys,
            parse_constant=_reject_constant,
            parse_int=parse_integer,
            parse_float=parse_float,
        )
        _check_depth(values)
    except RecursionError:
        msg = f'{source} is not valid JSON: {TOO_DEEP}. {remedy}'
        raise error(msg) from None
    except ValueError as problem:
        msg = f'{source} is not valid JSON: {problem}. {remedy}'
        raise error(msg) from None
    return values


def read_json(path: Path, error: type[AudioManifoldError], remedy: str) -> Any:
    """Return the values of a JSON file.

    Args:
        path: The file.
        error: Class of the error.
        remedy: A sentence with the remedy.

    Raises:
        AudioManifoldError: `error`, if the file cannot be read, or its text is refused by `parse_json`.

    """
    try:
        text = read_limited_text(path)
    except ValueError as problem:
        msg = f'Cannot read {str(path)!r}: {problem}. {remedy}'
        raise error(msg) from None
    return parse_json(text, repr(str(path)), error, remedy)


def format_json(values: object) -> str:
    """Return plain values as JSON with an indent of one space and a final newline.

    Raises:
        ValueError: A number is NaN or infinite.

    """
    return json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + '\n'


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        seen: set[str] = set()
        repeated = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        msg = f'the key {shorten(repeated)} occurs twice in one object'
        raise ValueError(msg)
    return values


def _reject_constant(name: str) -> None:
    msg = f'{name} is not a JSON number'
    raise ValueError(msg)


def _check_depth(values: object) -> None:
    containers, depth = [item for item in (values,) if isinstance(item, (list, dict))], 0
    while containers:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(TOO_DEEP)
        items = (item for part in containers for item in (part.values() if isinstance(part, dict) else part))
        containers = [item for item in items if isinstance(item, (list, dict))]
