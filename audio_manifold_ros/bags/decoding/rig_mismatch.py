# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Comparison of the rig in use with the rig of a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audio_manifold_ros.bags.decoding.bag_rig import read_run_metadata
from audio_manifold_ros.common.errors import AudioManifoldError, RigError
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.rig.camera import CAMERA_FILE, CameraCalibration
from audio_manifold_ros.rig.extrinsics import EXTRINSICS_FILE, Extrinsics
from audio_manifold_ros.rig.rig_difference import rig_difference

if TYPE_CHECKING:
    from audio_manifold_ros.bags.storage.bag_reader import BagReader

# Number of differing microphones that the sentence lists.
MAX_LINES = 4


def rig_mismatch(used: RigFiles, recorded: RigFiles) -> str:
    """Return one sentence with the differences, or an empty string. Comments and layout are ignored.

    Args:
        used: The rig in use.
        recorded: The rig of the recording.

    Raises:
        RigError: A rig file is invalid.

    """
    used_array, recorded_array = used.array(), recorded.array()
    lines = list(rig_difference(recorded_array, used_array).lines())
    if len(lines) > MAX_LINES:
        lines[MAX_LINES:] = [f'and {len(lines) - MAX_LINES} more microphones']
    lines += [
        f'{name} differs'
        for name, read in ((CAMERA_FILE, _camera), (EXTRINSICS_FILE, _extrinsics))
        if read(used) != read(recorded)
    ]
    if not lines:
        return ''
    return (
        f'The rig {used_array.array_id!r} is not the one that recorded the audio ({recorded_array.array_id!r}): '
        f'{"; ".join(lines)}. Use the rig of the recording.'
    )


def rig_warning(bag: BagReader, used: RigFiles | Path) -> str:
    """Return a warning about a rig that was given for a bag: the differences from the rig in the bag, or ''.

    If they cannot be compared, the warning gives the reason, because a given rig is the remedy for damaged run
    metadata.

    Args:
        bag: The bag. Its run metadata may contain a rig.
        used: The rig, or its folder.

    """
    try:
        metadata = read_run_metadata(bag)
        if metadata is None or metadata.rig is None:
            return ''
        return rig_mismatch(used if isinstance(used, RigFiles) else RigFiles.from_folder(used), metadata.rig)
    except AudioManifoldError as error:
        return f'The rig cannot be compared with that of the recording: {error}'


def _camera(rig: RigFiles) -> CameraCalibration:
    return CameraCalibration.from_text(rig.camera, CAMERA_FILE)


def _extrinsics(rig: RigFiles) -> Extrinsics | None:
    try:
        return Extrinsics.from_text(rig.extrinsics, EXTRINSICS_FILE)
    except RigError:
        # A recording needs only the offset, which is checked where it is used.
        return None
