# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Detection of a vehicle or person: class, place, extent and their errors."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import FloatArray
    from audio_manifold_ros.rig.transform_chain import Pose


@dataclass(frozen=True)
class Detection:
    """Vehicle or person.

    Vectors are in the frame of the message: the optical frame of the camera (x right, y down, z forward) for detections
    in images, the root frame of the rig (x ahead, y left, z up) for those all round.

    Attributes:
        class_id: Id of the class.
        class_name: Name of the class.
        probability: Mean confidence of the pixels of a region, or probability of a vehicle all round.
        bearing_rad: Horizontal angle to its centre, to the left: from the optical axis at the camera, or in the root
            frame from ahead at the centre of the array.
        distance_m: Distance of its centre from the camera, or in the root frame horizontal distance from the array.
        position_m: (3,), its centre.
        extent_m: (3,), sides of the box around it.
        covariance_m2: (3, 3), covariance of the position.

    """

    class_id: int
    class_name: str
    probability: float
    bearing_rad: float
    distance_m: float
    position_m: FloatArray
    extent_m: FloatArray
    covariance_m2: FloatArray

    def in_root(self, optical_in_root: Pose, array_m: FloatArray) -> Detection:
        """Return a detection in an image in the root frame of the rig, with bearing and distance from the array.

        Args:
            optical_in_root: Pose of the optical frame in the root frame.
            array_m: Centre of the array (3,) in the root frame.

        """
        rotation = optical_in_root.rotation
        position_m = rotation @ self.position_m + optical_in_root.translation_m
        ahead_left_m = (position_m - array_m)[:2]
        return replace(
            self,
            bearing_rad=math.atan2(ahead_left_m[1], ahead_left_m[0]),
            distance_m=math.hypot(*ahead_left_m),
            position_m=position_m,
            extent_m=np.abs(rotation) @ self.extent_m,
            covariance_m2=rotation @ self.covariance_m2 @ rotation.T,
        )
