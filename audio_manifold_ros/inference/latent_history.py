# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reduced latents of the last windows of a stream, for networks with a state over time."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.inference.bundle.manifest import Manifest


class LatentHistory:
    """Latents by the end of their window. One thread at a time may use it.

    The networks get `past` windows, `step_samples` apart. Each is the nearest one in the stream, at most half a step
    away. A window that is missing, because the stream began later or had a gap, has zeros.
    """

    def __init__(self, shape: tuple[int, ...], step_samples: int) -> None:
        """Start without windows.

        Args:
            shape: Shape (past, channel, cell, cell) of the input of the networks.
            step_samples: Samples from one earlier window to the next.

        """
        self._shape, self._step = shape, step_samples
        self._kept: deque[tuple[int, NDArray[np.float32]]] = deque()

    @classmethod
    def of_bundle(cls, manifest: Manifest) -> LatentHistory | None:
        """Return an empty history for a bundle, or None without a state over time."""
        state = manifest.state
        if state is None:
            return None
        return cls(manifest.past_shape, state.step_hops * manifest.features.hop_samples)

    def emptied(self) -> LatentHistory:
        """Return a history without windows for the same networks."""
        return LatentHistory(self._shape, self._step)

    def add(self, window_end: int, latents: NDArray[np.float32]) -> None:
        """Keep the latents float32 (channel, cell, cell) of a window. Windows come in ascending order."""
        self._kept.append((window_end, latents))
        oldest = window_end - (self._shape[0] + 1) * self._step
        while self._kept[0][0] < oldest:
            self._kept.popleft()

    def past(self, window_end: int) -> NDArray[np.float32]:
        """Return the latents of the earlier windows of a window, flattened (value,), the earliest window first."""
        found = np.zeros(self._shape, dtype=np.float32)
        ends = [end for end, _ in self._kept]
        for place in range(self._shape[0]):
            wanted = window_end - (self._shape[0] - place) * self._step
            after = bisect_left(ends, wanted)
            near = [index for index in (after - 1, after) if 0 <= index < len(ends) and ends[index] < window_end]
            nearest = min(near, key=lambda index: abs(ends[index] - wanted), default=None)
            if nearest is not None and 2 * abs(ends[nearest] - wanted) <= self._step:
                found[place] = self._kept[nearest][1]
        return found.reshape(-1)
