# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The kinds of arrays and cameras of training drives, for the manifest of a bundle with spatial features."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.camera_prior.camera_view import CameraView
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.inference.bundle.array_range import (
    PLANE_TOLERANCE_M,
    ArrayRange,
    field_of_view_deg,
    vertical_field_of_view_deg,
)
from training.data.evenly_spaced import evenly_spaced
from training.data.left_out_microphones import min_microphones

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.config.data_configuration import LeftOutConfig

# Drives that are read, evenly spaced. A drive takes some milliseconds.
MAX_DRIVES = 2000


def trained_range(drives: Sequence[Path], left_out: LeftOutConfig) -> ArrayRange:
    """Return the range of the arrays and cameras of drives.

    Microphones that are disabled or were not recorded do not count.

    Args:
        drives: Training drives.
        left_out: Microphones that the features of some windows left out.

    Raises:
        DatasetError: A drive cannot be read.
        RigError: A camera is invalid.

    """
    counts, apertures_m, views = [], [], []
    planar = True
    for path in [drives[place] for place in evenly_spaced(np.arange(len(drives)), MAX_DRIVES)]:
        with DriveReader(path) as drive:
            array, missing = drive.array, set(drive.missing_microphones)
            views.append(CameraView.from_rig(drive.rig.camera_model(), drive.rig.transforms()))
        enabled = (index for index, microphone in enumerate(array.microphones) if microphone.enabled)
        used = [index for index in enabled if index not in missing]
        positions_m = array.positions_m[used]
        counts.append(len(used))
        apertures_m.append(float(np.linalg.norm(positions_m[:, None] - positions_m[None], axis=-1).max()))
        planar = planar and float(np.ptp(positions_m[:, 2])) <= PLANE_TOLERANCE_M
    return ArrayRange(
        (min_microphones(min(counts), left_out), max(counts)),
        _limits(apertures_m, 3),
        planar,
        _limits([field_of_view_deg(view.camera) for view in views], 1),
        _limits([vertical_field_of_view_deg(view.camera) for view in views], 1),
        _limits([view.height_m for view in views], 2),
    )


def _limits(values: Sequence[float], digits: int) -> tuple[float, float]:
    return round(min(values), digits), round(max(values), digits)
