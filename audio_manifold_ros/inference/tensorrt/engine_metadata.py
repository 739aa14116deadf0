# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What stands beside an engine: what it is, and that it was found to say what the network says."""

from __future__ import annotations

from dataclasses import dataclass

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.common.json_text import format_json, parse_json
from audio_manifold_ros.common.schema import check_version, from_plain, to_plain
from audio_manifold_ros.inference.tensorrt.engine_key import EngineKey

METADATA_FILE = 'engine.json'
FORMAT_VERSION = 1
REBUILD = 'Build the engine again.'


@dataclass(frozen=True)
class VerificationResult:
    """What was found when the engine was loaded by a fresh process and compared with the single precision network.

    Attributes:
        windows: How many windows were compared.
        depth_change: Mean of |depth / depth of the network - 1|; 0 without depth.
        labels_changed: Share of pixels with another class; 0 without segmentation.
        half_layers: Layers of the engine that compute in half precision.
        single_layers: Layers of the engine that compute in single precision.
        load_s: Seconds to load it.
        run_ms: Milliseconds of one window, median.

    """

    windows: int
    depth_change: float
    labels_changed: float
    half_layers: int
    single_layers: int
    load_s: float
    run_ms: float


@dataclass(frozen=True)
class EngineMetadata:
    """Content of `engine.json`; an engine without it is none.

    Attributes:
        format_version: Layout of this file.
        bundle: Name of the bundle.
        key: What the engine depends on, in clear.
        size: Of the engine, in bytes.
        sha256: Of the engine.
        built: Date and time, ISO 8601.
        build_s: Seconds that the build took.
        check: What the comparison found.

    """

    format_version: int
    bundle: str
    key: EngineKey
    size: int
    sha256: str
    built: str
    build_s: float
    check: VerificationResult

    def to_json(self) -> str:
        """Return the content of the file."""
        return format_json(to_plain(self))

    @classmethod
    def from_json(cls, text: str) -> EngineMetadata:
        """Read the content of the file.

        Raises:
            InferenceError: It is no sidecar that this software understands.

        """
        values = parse_json(text, METADATA_FILE, InferenceError, REBUILD)
        check_version(values, 'format_version', FORMAT_VERSION, METADATA_FILE, InferenceError, REBUILD)
        return from_plain(cls, values, METADATA_FILE, InferenceError, complete=True)
