# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Differences between the files of two rigs, as lines of text."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from audio_manifold_ros.rig.camera import CAMERA_FILE, CameraCalibration
from audio_manifold_ros.rig.depth_calibration import DEPTH_FILE, DepthCalibration
from audio_manifold_ros.rig.extrinsics import EXTRINSICS_FILE, Extrinsics, Transform
from audio_manifold_ros.rig.rig import RIG_FILE, MicrophoneArray
from audio_manifold_ros.rig.rig_difference import TOLERANCE_DEG, TOLERANCE_M, rig_difference
from audio_manifold_ros.rig.rotation import angle_between_deg

ABSENT = 'none'
File = TypeVar('File')


def folder_difference(first: Path, second: Path) -> dict[str, tuple[str, ...]]:
    """Return the differences of the second rig from the first, one line each, by file name. Equal files are left out.

    Raises:
        RigError: A file cannot be read, or `mic_array.yaml` is missing. The other files may be missing.

    """
    found = {
        RIG_FILE: _arrays(*(MicrophoneArray.from_yaml(folder / RIG_FILE) for folder in (first, second))),
        CAMERA_FILE: _optional(first, second, CAMERA_FILE, CameraCalibration.from_yaml, _cameras),
        EXTRINSICS_FILE: _optional(first, second, EXTRINSICS_FILE, Extrinsics.from_yaml, _extrinsics),
        DEPTH_FILE: _optional(first, second, DEPTH_FILE, DepthCalibration.from_yaml, _depths),
    }
    return {file: tuple(lines) for file, lines in found.items() if lines}


def _optional(
    first: Path, second: Path, name: str, read: Callable[[Path], File], compare: Callable[[File, File], list[str]]
) -> list[str]:
    one, other = (read(folder / name) if (folder / name).exists() else None for folder in (first, second))
    if one is None or other is None:
        return _changes([('file', one and 'there', other and 'there')])
    return compare(one, other)


def _arrays(first: MicrophoneArray, second: MicrophoneArray) -> list[str]:
    named = ('array_id', 'frame_id', 'sound_mps', 'device')
    head = [(key, getattr(first, key), getattr(second, key)) for key in named]
    return [*_changes(head), *rig_difference(first, second).lines()]


def _cameras(first: CameraCalibration, second: CameraCalibration) -> list[str]:
    one, other = ({**asdict(camera.model), **asdict(camera)} for camera in (first, second))
    return _changes([(key, one[key], other[key]) for key in one if key != 'model'])


def _extrinsics(first: Extrinsics, second: Extrinsics) -> list[str]:
    one, other = ({frame.child: frame for frame in extrinsics.transforms} for extrinsics in (first, second))
    lines = [f'{child}: missing' for child in one if child not in other]
    lines += [f'{child}: new' for child in other if child not in one]
    for child in one:
        if child in other:
            lines += _transforms(one[child], other[child])
    named = ('audio_time_offset_s', 'offset_method', 'offset_residual_s')
    return [*lines, *_changes([(key, getattr(first, key), getattr(second, key)) for key in named])]


def _transforms(first: Transform, second: Transform) -> list[str]:
    parts = []
    if first.parent != second.parent:
        parts.append(f'parent {first.parent} → {second.parent}')
    moved_m = math.dist(first.translation_m, second.translation_m)
    if moved_m >= TOLERANCE_M:
        parts.append(f'moved by {moved_m * 100:.1f} cm')
    turned_deg = angle_between_deg(first.rotation_rpy_rad, second.rotation_rpy_rad)
    if turned_deg >= TOLERANCE_DEG:
        parts.append(f'turned by {turned_deg:.1f}°')
    return [f'{first.child}: {", ".join(parts)}'] if parts else []


def _depths(first: DepthCalibration, second: DepthCalibration) -> list[str]:
    one, other = asdict(first), asdict(second)
    return _changes([(key, one[key], other[key]) for key in one])


def _changes(values: list[tuple[str, object, object]]) -> list[str]:
    return [f'{key}: {_format_value(one)} → {_format_value(other)}' for key, one, other in values if one != other]


def _format_value(value: object) -> str:
    return ABSENT if value in (None, '', ()) else str(value)
