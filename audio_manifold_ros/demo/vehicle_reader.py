# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicles around the array from messages of detections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audio_manifold_ros.features.array_geometry import array_centre_m
from audio_manifold_ros.nodes.common.detection_messages import DetectionType, detection_type

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import FloatArray
    from audio_manifold_ros.datasets.rig_files import RigFiles
    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.networks.vehicle_map import VehiclePosition


class VehicleReader:
    """Reads the vehicles of the classes of a bundle from detections in the root frame of a rig."""

    def __init__(self, kind: DetectionType, classes: tuple[str, ...], array_m: FloatArray) -> None:
        """Keep the type of the messages.

        Args:
            kind: Type of the messages.
            classes: Classes of vehicles. Detections of other classes are left out.
            array_m: Centre of the array (3,) in the root frame.

        """
        self._kind, self._classes, self._array_m = kind, classes, array_m

    @classmethod
    def open(cls, manifest: Manifest, rig: RigFiles) -> VehicleReader | None:
        """Return the reader for a bundle with a rig.

        It is None for a bundle without vehicles all round, and where no type of such messages is installed.
        """
        kind, config = detection_type(), manifest.vehicles
        if kind is None or config is None:
            return None
        return cls(kind, config.classes, array_centre_m(rig.array(), rig.transforms()))

    @property
    def message(self) -> Any:
        """Class of the messages."""
        return self._kind.message

    def read(self, message: Any) -> list[VehiclePosition]:
        """Return the vehicles of a message, as seen from the array."""
        return [one for one in self._kind.positions(message, self._array_m) if one.category in self._classes]
