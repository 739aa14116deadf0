# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Thread that repeats one step until it is stopped, with a name that the tools of the system show."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class RepeatingThread:
    """A thread that repeats one step, from `start` to `stop`. It ends with the process.

    Args:
        name: Name that `top -H` shows, at most 15 ASCII characters.
        step: Called again and again. It raises no exception, and it returns after a short time.

    """

    def __init__(self, name: str, step: Callable[[], None]) -> None:
        """Store the parameters. Nothing is started."""
        self._name, self._step = name, step
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread after its current step. Do nothing if stopped."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def wait(self, seconds: float) -> None:
        """Wait within a step. `stop` ends the wait."""
        self._stop.wait(seconds)

    def _run(self) -> None:
        _set_thread_name(self._name)
        while not self._stop.is_set():
            self._step()


def _set_thread_name(name: str) -> None:
    """Set the name of the calling thread. Do nothing where the system has no /proc."""
    with suppress(OSError):
        Path(f'/proc/self/task/{threading.get_native_id()}/comm').write_text(name, encoding='ascii')
