# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The other processes of the demonstration: started together, ended together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from audio_manifold_ros.common.errors import DemoError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

STOP_TIMEOUT_S = 5.0
# The kernel ends a child whose parent was killed and could not end it.
DIE_WITH_PARENT = ('setpriv', '--pdeathsig', 'TERM')
LOG_TAIL_LINES = 15


class ProcessGroup:
    """A context that leaves no process behind, whatever ends it."""

    def __init__(self, log_folder: Path, environment: Mapping[str, str]) -> None:
        """Start nothing yet; the children's output goes to files in a folder."""
        self._folder = log_folder
        self._environment = {**os.environ, **environment}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> ProcessGroup:  # noqa: PYI034 - typing.Self needs Python 3.11
        """Enter."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all processes: SIGINT first, SIGKILL for those that do not listen."""
        for process in self._processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in self._processes.values():
            _stop_process(process)

    def start_node(self, name: str, module: str, parameters: Mapping[str, Any]) -> int:
        """Start a ROS node as a process of its own and return its process id.

        It has a session of its own, so that Ctrl-C reaches it only through this class.
        """
        settings = [part for key, value in parameters.items() for part in ('-p', f'{key}:={_text(value)}')]
        with self._log(name).open('wb') as log:
            process = subprocess.Popen(
                [*DIE_WITH_PARENT, sys.executable, '-m', module, '--ros-args', '-r', f'__node:={name}', *settings],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes[name] = process
        return process.pid

    @property
    def names(self) -> tuple[str, ...]:
        """Names of what has been started."""
        return tuple(self._processes)

    def check(self) -> None:
        """Refuse to go on without one of them.

        Raises:
            DemoError: A process has ended with an error; its last words are in the message.

        """
        for name, process in self._processes.items():
            if process.poll() not in {None, 0}:
                msg = f'{name} has ended with status {process.returncode}:\n{self.log_tail(name)}'
                raise DemoError(msg)

    def log_tail(self, name: str) -> str:
        """Return the end of what a process has printed."""
        text = self._log(name).read_text(encoding='utf-8', errors='replace')
        return '\n'.join(text.splitlines()[-LOG_TAIL_LINES:])

    def _log(self, name: str) -> Path:
        return self._folder / f'{name}.log'


def _stop_process(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _text(value: Any) -> str:
    """Write a value so that ROS reads the type that was meant, whatever a string looks like."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower() if isinstance(value, bool) else str(value)
