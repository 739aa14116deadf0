# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Single keys from the terminal, read in a background thread."""

from __future__ import annotations

import os
import re
import select
import sys
import termios
import threading
import tty
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SPACE, UP, DOWN, RIGHT = ' ', '\x1b[A', '\x1b[B', '\x1b[C'
POLL_INTERVAL_S = 0.1
TYPED_BYTES = 64
# An arrow key is an escape sequence of three characters.
KEY = re.compile('\x1b\\[[A-Z]|.', re.DOTALL)


class Keyboard:
    """Thread that calls an action per key. Inactive if the standard input is not a terminal."""

    def __init__(self, actions: Mapping[str, Callable[[], object]]) -> None:
        """Start to read keys.

        Args:
            actions: Action by key: a character, or the escape sequence of an arrow key.

        """
        self._actions = actions
        self._stop = threading.Event()
        self._original_settings: list[Any] | None = None
        self._thread: threading.Thread | None = None
        # A background job that reads its terminal would be stopped.
        if sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp():
            self._original_settings = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin.fileno())
            self._thread = threading.Thread(target=self._read_keys, name='keyboard', daemon=True)
            self._thread.start()

    @property
    def is_active(self) -> bool:
        """True if keys are read from a terminal."""
        return self._thread is not None

    def close(self) -> None:
        """Stop reading and restore the terminal settings."""
        self._stop.set()
        if self._thread is not None and self._original_settings is not None:
            self._thread.join()
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._original_settings)
            self._thread = None

    def _read_keys(self) -> None:
        while not self._stop.is_set():
            ready, _, _ = select.select([sys.stdin], [], [], POLL_INTERVAL_S)
            if not ready:
                continue
            typed = os.read(sys.stdin.fileno(), TYPED_BYTES).decode(errors='replace')
            if not typed:
                return
            for key in KEY.findall(typed):
                action = self._actions.get(key)
                if action is not None:
                    action()
