# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Decoding of depth images with the depth calibration of a rig (`depth.yaml`): scale, range and unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.bags.decoding.image_messages import decode_depth_m
from audio_manifold_ros.common.depth_range import valid_depth
from audio_manifold_ros.datasets.drive_attributes import METRES, RELATIVE

if TYPE_CHECKING:
    from audio_manifold_ros.rig.depth_calibration import DepthCalibration


class RigDepth:
    """Decoder of the depth images of one rig.

    Attributes:
        unit: Unit of the decoded depth: `m`, or `relative` if the scale of the rig is unknown.

    """

    def __init__(self, file: DepthCalibration | None) -> None:
        """Use the `depth.yaml` of the rig. Without one, images are in metres (REP 118)."""
        self._file = file
        self.unit = METRES if file is None or file.is_metric else RELATIVE

    def decode(self, message: Any) -> NDArray[np.float32]:
        """Return float32 (row, column) in `unit`, NaN where depth is invalid or out of the range of the rig.

        Depth is also invalid above the limits of `valid_depth`. The scale of the rig applies to depth in metres, also
        to millimetres of 16UC1 after their conversion.

        Raises:
            BagError: The message is not a depth image, or is damaged.

        """
        depth = decode_depth_m(message)
        if self._file is not None:
            depth = np.asarray(self._file.metres(depth), dtype=np.float32)
        return valid_depth(depth, is_metric=self.unit == METRES)
