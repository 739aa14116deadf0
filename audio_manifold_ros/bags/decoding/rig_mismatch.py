# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the rig that is used is the one that recorded, and if not, what differs."""

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

# A sentence, not a table.
MAX_LINES = 4


def rig_mismatch(used: RigFiles, recorded: RigFiles) -> str:
    """Return one sentence, or nothing where both rigs say the same; comments and layout do not count.

    Args:
        used: The rig that is used now.
        recorded: The rig that stands beside the recording.

    Raises:
        RigError: A file of one of them makes no sense.

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
        f'The rig {used_array.array_id!r} is not the one that recorded the audio ({recorded_array.array_id!r}): {"; ".join(lines)}. '
        'Use the rig of the recording.'
    )


def rig_warning(bag: BagReader, used: RigFiles | Path) -> str:
    """Return what should be said of a rig that was named for a bag: what differs from the bag's own, or nothing.

    Where they cannot be compared, it says why: naming the rig by hand is the way out of damaged run metadata.

    Args:
        bag: May say what it was recorded with.
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
        # A recording needs nothing of them but the offset, which is asked for where it is used.
        return None
