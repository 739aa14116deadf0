# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Group of child processes that are terminated together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import psutil

from audio_manifold_ros.common.errors import ProcessError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

STOP_TIMEOUT_S = 5.0
# The kernel terminates a child whose parent was killed.
DIE_WITH_PARENT = ('setpriv', '--pdeathsig', 'TERM')
LOG_TAIL_LINES = 15


class ProcessGroup:
    """Child processes with log files. Use it as a context manager: at its end, all processes are terminated."""

    def __init__(self, log_folder: Path, environment: Mapping[str, str]) -> None:
        """Start nothing yet.

        Args:
            log_folder: Folder for the output of each process.
            environment: Environment variables in addition to those of this process.

        """
        self._folder = log_folder
        self._environment = {**os.environ, **environment}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> ProcessGroup:  # noqa: PYI034 - typing.Self needs Python 3.11
        """Return the group."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Terminate all processes: with SIGINT, and with SIGKILL after a timeout."""
        for process in self._processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in self._processes.values():
            _stop_process(process)

    def start_node(self, name: str, module: str, parameters: Mapping[str, Any]) -> int:
        """Start a ROS node as a child process and return its process id.

        The process has its own session, so that Ctrl-C in the terminal does not reach it directly.

        Args:
            name: Name of the node, and of its log file.
            module: Python module to run.
            parameters: ROS parameters.

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
        """Names of the processes that were started."""
        return tuple(self._processes)

    def check(self) -> None:
        """Check that no process has failed.

        Raises:
            ProcessError: A process has ended with an error. The message contains the end of its output.

        """
        for name, process in self._processes.items():
            if process.poll() not in {None, 0}:
                msg = f'{name} has ended with status {process.returncode}:\n{self.log_tail(name)}'
                raise ProcessError(msg)

    def log_tail(self, name: str) -> str:
        """Return the last lines of the output of a process."""
        text = self._log(name).read_text(encoding='utf-8', errors='replace')
        return '\n'.join(text.splitlines()[-LOG_TAIL_LINES:])

    def resident_mb(self, name: str) -> float:
        """Return the resident memory of a process in MB (10^6 bytes), or 0 if it has ended."""
        try:
            return float(psutil.Process(self._processes[name].pid).memory_info().rss) / 1e6
        except psutil.NoSuchProcess:
            return 0.0

    def open_files(self, name: str) -> int:
        """Return the number of open file descriptors of a process, or 0 if it has ended."""
        try:
            return int(psutil.Process(self._processes[name].pid).num_fds())
        except psutil.NoSuchProcess:
            return 0

    def _log(self, name: str) -> Path:
        return self._folder / f'{name}.log'


def _stop_process(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _text(value: Any) -> str:
    """Return a parameter value in YAML. Strings are quoted, so that ROS reads them as strings."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower() if isinstance(value, bool) else str(value)
