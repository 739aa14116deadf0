# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Manifest of a bundle: the content of `manifest.json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from audio_manifold_ros.common.class_ids import UNLABELLED
from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.common.json_text import format_json, parse_json
from audio_manifold_ros.common.schema import check_version, from_plain, to_plain
from audio_manifold_ros.common.schema_kinds import KIND_KEY
from audio_manifold_ros.common.untrusted_text import shorten
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.inference.bundle.array_range import ArrayRange
from audio_manifold_ros.inference.bundle.confidence import ConfidenceModel
from audio_manifold_ros.inference.bundle.trained_array import TrainedArray
from audio_manifold_ros.modalities.registry import DEPTH, METRE, MODALITIES, NORMALS, SEGMENTATION
from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig
from audio_manifold_ros.networks.spatial.state_config import LatentStateConfig
from audio_manifold_ros.networks.vehicle_map import VEHICLES, VehicleMapConfig
from audio_manifold_ros.rig.camera import CameraModel

MANIFEST_FILE = 'manifest.json'
# Software that reads version 1 only would not find the array of a bundle with spatial features.
FORMAT_VERSION, SPATIAL_FORMAT_VERSION = 1, 2
# Limits of what a manifest makes this software allocate.
MAX_MICROPHONES = 64
MAX_IMAGE_PIXELS = 1 << 24
# Key of the manifest that describes the values of a modality, None for a modality without such a key.
MODALITY_KEYS: Mapping[str, str | None] = {DEPTH: 'depth', SEGMENTATION: 'classes', NORMALS: None}


@dataclass(frozen=True)
class FileEntry:
    """A file of the bundle: its size in bytes, and the SHA-256 of its content in hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True)
class DepthRange:
    """Representation of depth in the network, and its range.

    `log` maps the logarithm of `min_m` to `max_m` linearly to 0 to 1. `inverse` maps the inverse linearly to 1 at
    `min_m` and 0 at `max_m`. Without a segmentation, depth within `far_margin_m` of `max_m` means that nothing is near.

    Depth in the unit `relative` is proportional to metres by an unknown factor, for networks that were trained on
    disparity. All limits are in that unit then.
    """

    representation: Literal['log', 'inverse']
    min_m: float
    max_m: float
    far_margin_m: float = 0.5
    unit: Literal['m', 'relative'] = 'm'


@dataclass(frozen=True)
class LabelClass:
    """A class of the segmentation: id in the image, name, and display colour (RGB, 0 to 255)."""

    id: int
    name: str
    colour: tuple[int, int, int]


@dataclass(frozen=True)
class Manifest:
    """Description of a bundle.

    Attributes:
        format_version: Layout of the bundle: `SPATIAL_FORMAT_VERSION` with spatial features, else `FORMAT_VERSION`.
        name: Short name, for example `street`.
        description: One sentence.
        modalities: The heads, any of `modalities.registry.MODALITIES`.
        features: Definition of the input of the networks.
        frame_position: Instant of the images within the window: 0 its first sample, 1 its end.
        array: The array that the networks were trained for. With spatial features the range of arrays.
        camera: Camera model of the images. With a range of arrays the camera of the rig replaces it, at its size.
        depth: Representation of depth; None without that head.
        classes: Classes of the segmentation; empty without that head.
        networks: Configuration of the networks for the torch backend.
        confidence: Calibration of the confidence.
        training: Data and settings of the training, as plain values for display.
        metrics: Summary of the metrics on the test set.
        files: Every other file of the bundle.
        tolerates_missing: Number of microphones that may be silent, as in the training. 0 with a range of arrays, which
            states how many must work.

    """

    format_version: int
    name: str
    description: str
    modalities: tuple[str, ...]
    features: FeatureSpec | SpatialFeatureSpec
    frame_position: float
    array: TrainedArray | ArrayRange
    camera: CameraModel
    depth: DepthRange | None
    classes: tuple[LabelClass, ...]
    networks: Mapping[str, Any]
    confidence: ConfidenceModel
    training: Mapping[str, Any]
    metrics: Mapping[str, Any]
    files: Mapping[str, FileEntry]
    tolerates_missing: int = 0

    def __post_init__(self) -> None:
        """Refuse values that contradict each other.

        Raises:
            InferenceError: Two values contradict each other; the message names one of them.

        """
        heads = set(self.modalities)
        checks = (
            (
                bool(heads) and len(heads) == len(self.modalities) and heads <= set(MODALITIES),
                'modalities',
                list(self.modalities),
                f'each head once, any of {list(MODALITIES)}',
            ),
            (0 <= self.frame_position <= 1, 'frame_position', self.frame_position, 'a number from 0 to 1'),
            (
                self.format_version == (SPATIAL_FORMAT_VERSION if self.is_spatial else FORMAT_VERSION),
                'format_version',
                self.format_version,
                f'{SPATIAL_FORMAT_VERSION} with spatial features, else {FORMAT_VERSION}',
            ),
            (
                isinstance(self.array, ArrayRange) == self.is_spatial,
                'array',
                self.array,
                'a range of arrays with spatial features, else one array',
            ),
            (self._is_array_small(), 'array', self.microphones, f'at most {MAX_MICROPHONES} microphones'),
            (
                self._is_camera_valid(),
                'camera',
                self.camera,
                f'a positive size of at most {MAX_IMAGE_PIXELS} pixels and positive focal lengths',
            ),
            *self._described_heads(),
            (
                self._is_depth_range_valid(),
                'depth',
                self.depth,
                '0 < min_m < max_m and 0 <= far_margin_m < max_m - min_m',
            ),
            (
                self._are_classes_unique(),
                'classes',
                [c.id for c in self.classes],
                'ids from 0 to 254 and names, each once',
            ),
            (
                0 <= self.tolerates_missing <= self._max_missing(),
                'tolerates_missing',
                self.tolerates_missing,
                f'a number from 0 to {self._max_missing()}',
            ),
            (set(self.confidence.modalities) == heads, 'confidence', sorted(self.confidence.modalities), 'every head'),
        )
        for is_valid, key, value, expected in checks:
            if not is_valid:
                msg = f'{key} is {shorten(value)}: give {expected}.'
                raise InferenceError(msg)

    @property
    def is_spatial(self) -> bool:
        """True if the input of the networks is spatial features, which any array gives."""
        return isinstance(self.features, SpatialFeatureSpec)

    @property
    def window_s(self) -> float:
        """Length of the window."""
        return self.features.window_samples / self.features.sample_rate_hz

    @property
    def look_back_s(self) -> float:
        """Time from the instant of the images to the end of the window."""
        return (1.0 - self.frame_position) * self.window_s

    @property
    def vehicles(self) -> VehicleMapConfig | None:
        """Map of the vehicles all round that the networks predict. None without it.

        Raises:
            NetworkError: Its values are invalid.

        """
        spatial = self.networks.get('spatial')
        values = spatial.get(VEHICLES) if isinstance(spatial, dict) else None
        return VehicleMapConfig.from_dict(values) if isinstance(values, dict) else None

    @property
    def state(self) -> LatentStateConfig | None:
        """Earlier windows that correct the latents of a window. None without a state over time.

        Raises:
            NetworkError: Its values are invalid.

        """
        values = self.networks.get('state')
        return LatentStateConfig.from_dict(values) if isinstance(values, dict) else None

    @property
    def past_shape(self) -> tuple[int, ...]:
        """Shape (past, channel, cell, cell) of the reduced latents of earlier windows. () without a state.

        Raises:
            NetworkError: The values of the state or of the network are invalid.

        """
        state, spatial = self.state, self.networks.get('spatial')
        if state is None or not isinstance(spatial, dict):
            return ()
        return state.past_shape(SpatialNetworkConfig.from_dict(spatial))

    @property
    def microphones(self) -> int:
        """Number of microphones of the array, the largest one of a range of arrays."""
        return self.array.max_microphones

    @property
    def metric_modalities(self) -> tuple[str, ...]:
        """The heads that can be compared with ground truth: all but depth of an unknown factor."""
        has_scale = self.depth is None or self.depth.unit == METRE
        return tuple(head for head in self.modalities if has_scale or MODALITIES[head].unit != METRE)

    def class_id(self, name: str) -> int | None:
        """Return the id of a class, or None if there is no such class."""
        return next((entry.id for entry in self.classes if entry.name == name), None)

    def to_json(self) -> str:
        """Return the content of `manifest.json`."""
        return format_json(to_plain(self))

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read the content of `manifest.json`.

        Raises:
            InferenceError: The text is not a manifest, has another version, or holds a wrong key or value.

        """
        values = parse_json(text, MANIFEST_FILE, InferenceError, 'Export the bundle again.')
        remedy = 'Export the bundle again, or install the software that wrote it.'
        features = values.get('features') if isinstance(values, dict) else None
        has_kind = isinstance(features, dict) and KIND_KEY in features
        version = SPATIAL_FORMAT_VERSION if has_kind else FORMAT_VERSION
        check_version(values, 'format_version', version, MANIFEST_FILE, InferenceError, remedy)
        return from_plain(cls, values, MANIFEST_FILE, InferenceError, complete=True)

    def _max_missing(self) -> int:
        return 0 if self.is_spatial else self.microphones - 1

    def _described_heads(self) -> Iterator[tuple[bool, str, object, str]]:
        """Yield for each key of `MODALITY_KEYS` whether its value exists exactly with its head."""
        for head, key in MODALITY_KEYS.items():
            if key is not None:
                value = getattr(self, key)
                expected = f'a value with the head {head}, else none'
                yield bool(value) == (head in self.modalities), key, value, expected

    def _is_array_small(self) -> bool:
        return self.microphones <= MAX_MICROPHONES

    def _is_camera_valid(self) -> bool:
        camera = self.camera
        is_sized = min(camera.width, camera.height) > 0 and camera.width * camera.height <= MAX_IMAGE_PIXELS
        return is_sized and min(camera.fx, camera.fy) > 0

    def _is_depth_range_valid(self) -> bool:
        depth = self.depth
        return depth is None or (0 < depth.min_m < depth.max_m and 0 <= depth.far_margin_m < depth.max_m - depth.min_m)

    def _are_classes_unique(self) -> bool:
        ids, names = {entry.id for entry in self.classes}, {entry.name for entry in self.classes}
        return len(ids) == len(names) == len(self.classes) and all(0 <= i < UNLABELLED for i in ids)
