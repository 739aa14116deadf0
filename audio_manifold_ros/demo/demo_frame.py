# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images of one instant of a demo: a prediction and its ground truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_manifold_ros.modalities.modality_images import ModalityImages

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class GroundTruth(ModalityImages):
    """Ground truth images of one instant.

    Attributes:
        stamp_ns: Stamp of the images.

    """

    stamp_ns: int


@dataclass(frozen=True, kw_only=True)
class DemoFrame(ModalityImages):
    """A prediction, and the ground truth of the same instant if there is one.

    Attributes:
        stamp_ns: Instant that the images describe.
        confidence: float32 (row, column), 0 to 1.
        spectrogram: uint8 (row, column), all microphones. See `nodes.perception.spectrogram`.
        ground_truth: Ground truth, or None.

    """

    stamp_ns: int
    confidence: NDArray[np.float32]
    spectrogram: NDArray[np.uint8]
    ground_truth: GroundTruth | None
