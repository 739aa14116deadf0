# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images of one instant of a demo: a prediction and its ground truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_manifold_ros.modalities.modality_images import ModalityImages

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from audio_manifold_ros.networks.vehicle_map import VehiclePosition


@dataclass(frozen=True, kw_only=True)
class GroundTruth(ModalityImages):
    """Ground truth images of one instant.

    Attributes:
        stamp_ns: Stamp of the images.

    """

    stamp_ns: int


@dataclass(frozen=True)
class TrueVehicles:
    """True vehicles around the array at one instant.

    Attributes:
        stamp_ns: The instant.
        vehicles: The vehicles.

    """

    stamp_ns: int
    vehicles: Sequence[VehiclePosition]


@dataclass(frozen=True, kw_only=True)
class DemoFrame(ModalityImages):
    """A prediction, and the ground truth of the same instant if there is one.

    Attributes:
        stamp_ns: Instant that the images describe.
        confidence: float32 (row, column), 0 to 1.
        spectrogram: uint8 (row, column), all microphones. See `nodes.perception.spectrogram`.
        ground_truth: Ground truth, or None.
        vehicles: Predicted vehicles all round, or None.
        true_vehicles: True vehicles, empty where they are unknown.

    """

    stamp_ns: int
    confidence: NDArray[np.float32]
    spectrogram: NDArray[np.uint8]
    ground_truth: GroundTruth | None
    vehicles: Sequence[VehiclePosition] | None = None
    true_vehicles: Sequence[VehiclePosition] = ()
