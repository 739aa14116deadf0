# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Keyboard input in a pseudo-terminal, and restored terminal settings."""

from __future__ import annotations

import os
import pty
import select
import sys
import time

PROGRAM = """
import sys, termios, threading
from audio_manifold_ros.nodes.replay.keyboard import RIGHT, SPACE, UP, Keyboard
before = termios.tcgetattr(sys.stdin)
end = threading.Event()
keyboard = Keyboard({SPACE: lambda: print('space', flush=True), UP: lambda: print('up', flush=True), RIGHT: end.set})
print('active', keyboard.is_active, flush=True)
end.wait(30)
keyboard.close()
print('as before', termios.tcgetattr(sys.stdin) == before, flush=True)
"""


def read_until(terminal: int, word: str, seconds: float = 30.0) -> str:
    text, deadline = '', time.monotonic() + seconds
    while word not in text:
        assert time.monotonic() < deadline, text
        if select.select([terminal], [], [], 0.2)[0]:
            text += os.read(terminal, 1000).decode()
    return text


def test_keys_and_arrows_typed_at_once() -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, '-c', PROGRAM])  # noqa: S606 - the child of a fork
    read_until(terminal, 'active True')
    os.write(terminal, b'  \x1b[Ax')
    assert read_until(terminal, 'up').count('space') == 2
    os.write(terminal, b'\x1b[C')
    read_until(terminal, 'as before True')
    assert os.waitpid(child, 0)[1] == 0
    os.close(terminal)
