# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth images of a bag, worth what the `depth.yaml` of its rig says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.bags.decoding.image_messages import decode_depth_m
from audio_manifold_ros.datasets.drive_attributes import METRES, RELATIVE

if TYPE_CHECKING:
    from audio_manifold_ros.rig.depth_calibration import DepthCalibration


class RigDepth:
    """Decodes the depth images of one rig.

    Attributes:
        unit: Of what `decode` returns: `m`, or `relative` where the rig does not know its scale.

    """

    def __init__(self, file: DepthCalibration | None) -> None:
        """Take the rig's `depth.yaml`; without one, images are metres, as REP 118 says."""
        self._file = file
        self.unit = METRES if file is None or file.is_metric else RELATIVE

    def decode(self, message: Any) -> NDArray[np.float32]:
        """Return float32 (row, column) in `unit`, NaN where there is none or it is out of the rig's range.

        The rig's scale applies to what REP 118 says, so to millimetres of 16UC1 that have become metres.

        Raises:
            BagError: The message is no depth image, or is damaged.

        """
        depth = decode_depth_m(message)
        return depth if self._file is None else np.asarray(self._file.metres(depth), dtype=np.float32)
