# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whoever says what an image shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from training.labelling.frame import RecordedFrame


class Teacher(Protocol):
    """A source of depth or of class ids."""

    @property
    def modality(self) -> str:
        """Either `depth` or `segmentation`."""

    @property
    def provenance(self) -> dict[str, object]:
        """Who it is, as plain values: two teachers that may disagree differ in it."""

    def label(self, frames: Sequence[RecordedFrame]) -> list[NDArray[Any] | None]:
        """Label images that follow one another.

        Returns:
            For each image float32 metres, NaN invalid, or uint8 class ids, 255 unlabelled, (row, column) of any size
            that covers the whole image; None where nothing is known about it.

        Raises:
            TrainingError: The teacher cannot be asked.
            BagError: The recording is damaged.

        """
