# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Timing of alternatives in turns, so that a slow phase of the machine affects all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True)
class Action:
    """An action to be timed.

    Attributes:
        call: Function that runs it once.
        calls: Number of runs for one reading of the clock; more for short actions.

    """

    call: Callable[[], object]
    calls: int = 1


def medians_s(
    actions: Mapping[str, Action], rounds: int, clock: Callable[[], float] = perf_counter
) -> dict[str, float]:
    """Return the median time of one call of each action, in seconds. Each round takes one sample of each action.

    Args:
        actions: Actions by name.
        rounds: Number of samples of each action.
        clock: `process_time` for work of one thread, because other processes hardly disturb it.

    """
    samples: dict[str, list[float]] = {name: [] for name in actions}
    for action in actions.values():
        action.call()
    for _ in range(rounds):
        for name, action in actions.items():
            started = clock()
            for _ in range(action.calls):
                action.call()
            samples[name].append((clock() - started) / action.calls)
    return {name: median(times) for name, times in samples.items()}
