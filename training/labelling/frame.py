# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Camera images on their way to a teacher, and where they come from."""

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
        time_ns: When it was recorded, on the clock of the recording.
        stamp_ns: Instant that it shows by its own header.
        names: What files about it may be called, the likeliest first.
        picture: Decodes it: uint8 (row, column, 3), red first.

    """

    time_ns: int
    stamp_ns: int
    names: tuple[str, ...]
    picture: Callable[[], NDArray[np.uint8]]


class FrameSource(Protocol):
    """The camera images of a recording."""

    @property
    def count(self) -> int:
        """How many images there are, at most."""

    @property
    def provenance(self) -> dict[str, object]:
        """Which images they are, as plain values; the same for the same images wherever they lie."""

    def frames(self) -> Iterator[RecordedFrame]:
        """Return the images in the order of time, no two of one time.

        Raises:
            BagError: The recording is damaged.

        """
