# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Times of alternatives, measured in turns so that a slow spell of the machine meets all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True)
class Action:
    """Something to be timed.

    Attributes:
        call: Does it once.
        calls: How often it is done for one sample of the clock: more for what is short.

    """

    call: Callable[[], object]
    calls: int = 1


def medians_s(
    actions: Mapping[str, Action], rounds: int, clock: Callable[[], float] = perf_counter
) -> dict[str, float]:
    """Return the median time of one call of each action, in seconds; each round takes one sample of each.

    Args:
        actions: What is timed, by name.
        rounds: Samples of each.
        clock: `process_time` for work of one thread, which others on the machine then hardly disturb.

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
