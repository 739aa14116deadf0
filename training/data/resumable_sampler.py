# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Batch sampler whose order depends only on seed and step, so that a resumed fit has the same batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch.utils.data import Sampler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray


class ResumableBatchSampler(Sampler[list[int]]):
    """Sampler of one batch per step for one of several devices. Each round over the windows has a new order.

    Windows that do not fill the last batch of a round are left out of it.

    Attributes:
        batches_per_round: Number of steps in which all devices together use each window once.

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
        """Configure the sampler.

        Args:
            windows: Number of windows.
            batch_size: Maximum number of windows per step on each device.
            steps: Number of steps.
            seed: Seed of the order.
            devices: Index of this device from 0, and the number of devices.
            first_step: Returns the first step when an iteration starts.

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
        """Yield the window positions of each batch."""
        for step in range(self._first_step(), self._steps):
            yield self.batch(step).tolist()

    def batch(self, step: int) -> NDArray[np.int64]:
        """Return the window positions of a step on this device."""
        number, place = divmod(step, self.batches_per_round)
        if number != self._round:
            self._round = number
            self._order = np.random.default_rng((self._seed, number)).permutation(self._windows)
        first = (place * self._devices + self._rank) * self._batch_size
        return self._order[first : first + self._batch_size]
