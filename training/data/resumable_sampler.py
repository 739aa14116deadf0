# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The order of the windows, as a function of seed and step alone: a fit that was killed goes on as if it had not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch.utils.data import Sampler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray


class ResumableBatchSampler(Sampler[list[int]]):
    """One batch per step for one of several devices; each round over the windows has an order of its own.

    Windows that do not fill the last batch of a round are left out of it.

    Attributes:
        batches_per_round: Steps in which all devices together see each window once.

    """

    def __init__(
        self,
        windows: int,
        batch_size: int,
        steps: int,
        *,
        seed: int = 0,
        devices: tuple[int, int] = (0, 1),
        first_step: Callable[[], int] = lambda: 0,
    ) -> None:
        """Remember how to draw.

        Args:
            windows: How many there are.
            batch_size: Windows per step on each device, at most.
            steps: After how many to end.
            seed: Another seed, another order.
            devices: Number of this device, from 0, and how many there are.
            first_step: Asked when an iteration begins.

        """
        self._rank, self._devices = devices
        self._windows, self._steps, self._seed, self._first_step = windows, steps, seed, first_step
        self._batch_size = max(1, min(batch_size, windows // self._devices))
        self.batches_per_round = max(1, windows // (self._batch_size * self._devices))
        self._round = -1
        self._order: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def __len__(self) -> int:
        """Return the number of steps."""
        return self._steps

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the places of each batch's windows."""
        for step in range(self._first_step(), self._steps):
            yield self.batch(step).tolist()

    def batch(self, step: int) -> NDArray[np.int64]:
        """Return the places of the windows of a step, on this device."""
        number, place = divmod(step, self.batches_per_round)
        if number != self._round:
            self._round = number
            self._order = np.random.default_rng((self._seed, number)).permutation(self._windows)
        first = (place * self._devices + self._rank) * self._batch_size
        return self._order[first : first + self._batch_size]
