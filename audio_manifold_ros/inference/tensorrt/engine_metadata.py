# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Metadata of an engine (`engine.json`): its key, hash, build and comparison with the network."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.common.files import sha256_of
from audio_manifold_ros.common.json_text import format_json, parse_json
from audio_manifold_ros.common.schema import check_version, from_plain, to_plain
from audio_manifold_ros.inference.tensorrt.engine_key import EngineKey
from audio_manifold_ros.modalities.registry import DEPTH, SEGMENTATION

METADATA_FILE = 'engine.json'
FIRST_VERSION, FORMAT_VERSION = 1, 2
# Keys of the changes of each modality in the first version.
FIRST_CHANGES = {DEPTH: 'depth_change', SEGMENTATION: 'labels_changed'}
REBUILD = 'Build the engine again.'


@dataclass(frozen=True)
class VerificationResult:
    """Result of the comparison of an engine, loaded by a fresh process, with the single precision network.

    Attributes:
        windows: Number of compared windows.
        changes: Mean change of the images of each modality (see `IMAGE_CHANGES`).
        half_layers: Number of layers in half precision.
        single_layers: Number of layers in single precision.
        load_s: Loading time in seconds.
        run_ms: Median time per window in milliseconds.

    """

    windows: int
    changes: Mapping[str, float]
    half_layers: int
    single_layers: int
    load_s: float
    run_ms: float


@dataclass(frozen=True)
class EngineMetadata:
    """Content of `engine.json`. An engine without this file is not used.

    Attributes:
        format_version: Layout of this file.
        bundle: Name of the bundle.
        key: Key of the engine.
        size: Size of the engine in bytes.
        sha256: Hash of the engine.
        built: Date and time of the build, ISO 8601.
        build_s: Duration of the build in seconds.
        check: Result of the comparison. None if the engine was built ahead of time and no GPU has compared it yet.

    """

    format_version: int
    bundle: str
    key: EngineKey
    size: int
    sha256: str
    built: str
    build_s: float
    check: VerificationResult | None

    @classmethod
    def of_build(
        cls, bundle: str, key: EngineKey, engine: Path, build_s: float, check: VerificationResult | None
    ) -> EngineMetadata:
        """Return the metadata of an engine that was built now.

        Args:
            bundle: Name of the bundle.
            key: Key of the engine.
            engine: The file, which is read for its size and hash.
            build_s: Duration of the build in seconds.
            check: Result of the comparison, None if there was none.

        """
        built = dt.datetime.now(dt.timezone.utc).isoformat(timespec='seconds')
        return cls(FORMAT_VERSION, bundle, key, engine.stat().st_size, sha256_of(engine), built, build_s, check)

    def to_json(self) -> str:
        """Return the content of the file."""
        return format_json(to_plain(self))

    @classmethod
    def from_json(cls, text: str) -> EngineMetadata:
        """Read the content of the file.

        Raises:
            InferenceError: The text is not such metadata, or has another version.

        """
        values = parse_json(text, METADATA_FILE, InferenceError, REBUILD)
        if isinstance(values, dict) and values.get('format_version') == FIRST_VERSION:
            values = _from_first_version(values)
        check_version(values, 'format_version', FORMAT_VERSION, METADATA_FILE, InferenceError, REBUILD)
        return from_plain(cls, values, METADATA_FILE, InferenceError, complete=True)


def _from_first_version(values: dict[str, Any]) -> dict[str, Any]:
    """Return metadata of the first version in the current layout. A wrong layout is left to the reader."""
    check = values.get('check')
    if not isinstance(check, dict):
        return values
    rest = {key: value for key, value in check.items() if key not in FIRST_CHANGES.values()}
    changes = {modality: check[key] for modality, key in FIRST_CHANGES.items() if key in check}
    return {**values, 'format_version': FORMAT_VERSION, 'check': {**rest, 'changes': changes}}
