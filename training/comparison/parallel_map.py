# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Map over tasks in several processes, or in this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.progress import track

from audio_manifold_ros.processes.process_pool import fresh_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Task = TypeVar('Task')
Result = TypeVar('Result')


def parallel_map(
    function: Callable[[Task], Result], tasks: Sequence[Task], workers: int, title: str
) -> Iterator[Result]:
    """Yield the result of each task, in order, with a progress bar.

    Args:
        function: A function of a module, so that other processes can import it.
        tasks: Its arguments.
        workers: Number of processes. With 1 the tasks run in this process.
        title: Text of the progress bar.

    """
    console = Console(stderr=True)
    if workers == 1:
        yield from track(map(function, tasks), title, total=len(tasks), console=console)
        return
    with fresh_pool(workers) as pool:
        yield from track(pool.map(function, tasks), title, total=len(tasks), console=console)
