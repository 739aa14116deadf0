# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images of one instant of a demo: a prediction and its ground truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class GroundTruth:
    """Ground truth images of one instant.

    Attributes:
        stamp_ns: Stamp of the images.
        depth_m: float32 (row, column), in metres.
        labels: uint8 (row, column), class ids.

    """

    stamp_ns: int
    depth_m: NDArray[np.float32]
    labels: NDArray[np.uint8]


@dataclass(frozen=True)
class DemoFrame:
    """A prediction, and the ground truth of the same instant if there is one.

    Attributes:
        stamp_ns: Instant that the images describe.
        depth_m: float32 (row, column), NaN where invalid. None if the bundle does not predict depth.
        labels: uint8 (row, column), 255 unlabelled. None if the bundle does not predict classes.
        confidence: float32 (row, column), 0 to 1.
        spectrogram: uint8 (row, column), all microphones. See `nodes.perception.spectrogram`.
        ground_truth: Ground truth, or None.

    """

    stamp_ns: int
    depth_m: NDArray[np.float32] | None
    labels: NDArray[np.uint8] | None
    confidence: NDArray[np.float32]
    spectrogram: NDArray[np.uint8]
    ground_truth: GroundTruth | None
