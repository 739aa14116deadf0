# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Camera images for labelling: one image, and the protocol of their sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RecordedFrame:
    """One camera image.

    Attributes:
        time_ns: Recording time on the clock of the recording.
        stamp_ns: Header stamp of the image.
        names: Possible base names of label files, the most likely first.
        picture: Decodes the image: uint8 (row, column, 3), red first.

    """

    time_ns: int
    stamp_ns: int
    names: tuple[str, ...]
    picture: Callable[[], NDArray[np.uint8]]


class FrameSource(Protocol):
    """The camera images of a recording."""

    @property
    def count(self) -> int:
        """Maximum number of images."""

    @property
    def provenance(self) -> dict[str, object]:
        """Identity of the images as plain values, independent of their folder."""

    def frames(self) -> Iterator[RecordedFrame]:
        """Yield the images in the order of time. No two have one time.

        Raises:
            BagError: The recording is damaged.

        """
