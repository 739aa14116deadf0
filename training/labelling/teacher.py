# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Protocol of pseudo-label sources (teachers)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from training.labelling.frame import RecordedFrame


class Teacher(Protocol):
    """A source of depth or class labels."""

    @property
    def modality(self) -> str:
        """`depth` or `segmentation`."""

    @property
    def provenance(self) -> dict[str, object]:
        """Identity as plain values. Teachers with different labels have different identities."""

    def label(self, frames: Sequence[RecordedFrame]) -> list[NDArray[Any] | None]:
        """Label consecutive images.

        Returns:
            For each image (row, column) of any size that covers the whole image: float32 metres, NaN invalid, or uint8
            class ids, 255 unlabelled. None without a label.

        Raises:
            TrainingError: The teacher cannot label the images.
            BagError: The recording is damaged.

        """
