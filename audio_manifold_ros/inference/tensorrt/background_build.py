# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Background build of a TensorRT engine: a child process of a running node, with its state and last message."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

BUILD_COMMAND = (sys.executable, '-m', 'audio_manifold_ros.inference.tensorrt.build_engine')
STOP_TIMEOUT_S = 5.0
STATUS_MESSAGES = {
    'building': 'A TensorRT engine is being built, {spent_s:.0f} s so far ({message}). Until then {serving} predicts.',
    'built': 'The TensorRT engine is built: configure the node again to use it. Until then {serving} predicts.',
    'failed': 'The TensorRT engine could not be built, {serving} predicts: {message}',
}


@dataclass(frozen=True)
class BuildStatus:
    """State of a build.

    Attributes:
        state: `building`, `built` or `failed`.
        message: Its last line of output.
        spent_s: Seconds from its start to its end, or until now.

    """

    state: str
    message: str
    spent_s: float

    def describe(self, serving: str) -> str:
        """Return the state as a sentence.

        Args:
            serving: Name of the backend that predicts until the engine is used.

        """
        return STATUS_MESSAGES[self.state].format(spent_s=self.spent_s, message=self.message, serving=serving)


class BackgroundBuild:
    """Child process that runs `build_engine`. No method blocks its caller for long."""

    def __init__(
        self, bundle: Path, device: str, log: Callable[[str], None], command: Sequence[str] = BUILD_COMMAND
    ) -> None:
        """Start the process.

        Args:
            bundle: Folder of the bundle.
            device: `cuda` or `cuda:N`.
            log: Function for each line of output, called in a thread of its own.
            command: Command of the child process, without its arguments.

        """
        self._log = log
        self._start_s = time.monotonic()
        self._end_s: float | None = None
        self._state, self._message = 'building', 'The build has started.'
        self._process = subprocess.Popen(
            [*command, str(bundle), '--device', device, '--build-only'],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors='replace',
        )
        self._thread = threading.Thread(target=self._read_output, name='engine build', daemon=True)
        self._thread.start()

    def status(self) -> BuildStatus:
        """Return the state. Callable from any thread."""
        end_s = self._end_s or time.monotonic()
        return BuildStatus(self._state, self._message, end_s - self._start_s)

    def stop(self) -> None:
        """Stop the build if it still runs. Its partial files are ignored and removed by the next build."""
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._thread.join(STOP_TIMEOUT_S)

    def _read_output(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        with self._process.stdout as lines:
            for line in lines:
                if line.strip():
                    self._message = line.strip()
                    self._log(self._message)
        status = self._process.wait()
        self._end_s = time.monotonic()
        self._state = 'failed' if status else 'built'
