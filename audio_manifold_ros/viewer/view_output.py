# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Destination of a view: a server for browsers on this machine, or a file."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from audio_manifold_ros.common.errors import ViewerError
from audio_manifold_ros.processes.process_group import DIE_WITH_PARENT
from audio_manifold_ros.viewer.rerun_import import import_rerun
from audio_manifold_ros.viewer.view_layout import make_layout

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

APPLICATION = 'audio_manifold'
# Only programs on this machine can connect: images and spectrograms of a drive are private.
LOCAL_ADDRESS = '127.0.0.1'
SERVER_MEMORY = '512MB'
START_TIMEOUT_S, STOP_TIMEOUT_S, POLL_INTERVAL_S = 30.0, 5.0, 0.1


@dataclass(frozen=True)
class ViewOutput:
    """Destination of a view.

    Attributes:
        save: File for the recording (`.rrd`). None serves browsers instead.
        web_port: Port of the web page. 0 chooses a free one.

    """

    save: Path | None = None
    web_port: int = 0


@contextmanager
def open_output(
    output: ViewOutput, modalities: Collection[str], *, has_vehicles: bool = False
) -> Iterator[tuple[Any, str]]:
    """Yield a stream of rerun with the layout of this project, and the place where to look at it.

    The place is the address of a web page on this machine, or the path of the file. At the end the stream is flushed
    and the server is stopped.

    Args:
        output: Destination of the view.
        modalities: Modalities of the bundle, for the layout.
        has_vehicles: The bundle predicts vehicles all round, for the layout.

    Raises:
        ViewerError: rerun is not installed, the server does not start, or the file cannot be written.

    """
    rerun, layout = import_rerun(), make_layout(modalities, has_vehicles=has_vehicles)
    with ExitStack() as stack:
        stream = rerun.RecordingStream(APPLICATION)
        if output.save is not None:
            try:
                output.save.parent.mkdir(parents=True, exist_ok=True)
                stream.save(output.save, default_blueprint=layout)
            except (OSError, RuntimeError) as error:
                msg = f'The view cannot be written to {str(output.save)!r}: {error}. Give a path that can be written.'
                raise ViewerError(msg) from None
            place = str(output.save)
        else:
            data_port, web_port = _free_port(0), _free_port(output.web_port)
            stack.enter_context(_server(data_port, web_port))
            address = f'rerun+http://{LOCAL_ADDRESS}:{data_port}/proxy'
            stream.connect_grpc(address, default_blueprint=layout)
            place = f'http://{LOCAL_ADDRESS}:{web_port}/?url={quote(address, safe="")}'
        try:
            yield stream, place
        finally:
            stream.flush()
            stream.disconnect()


@contextmanager
def _server(data_port: int, web_port: int) -> Iterator[None]:
    """Run the server of rerun in a child process.

    Raises:
        ViewerError: It ended, or does not answer.

    """
    command = [
        *DIE_WITH_PARENT, sys.executable, '-m', 'rerun', '--serve-web', '--bind', LOCAL_ADDRESS,
        '--port', str(data_port), '--web-viewer-port', str(web_port), '--server-memory-limit', SERVER_MEMORY,
    ]  # fmt: skip
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while not (_answers(data_port) and _answers(web_port)):
            if process.poll() is not None or time.monotonic() > deadline_s:
                state = 'does not answer' if process.poll() is None else f'ended with status {process.returncode}'
                msg = f'The server of the viewer {state}: start {" ".join(command[len(DIE_WITH_PARENT) :])} to see why.'
                raise ViewerError(msg)
            time.sleep(POLL_INTERVAL_S)
        yield
    finally:
        # The program in Python starts the server as a child of its own.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex((LOCAL_ADDRESS, port)) == 0


def _free_port(port: int) -> int:
    """Return a port that is free now.

    Raises:
        ViewerError: The given port is in use.

    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOCAL_ADDRESS, port))
        except OSError as error:
            msg = f'The port {port} cannot be used: {error}. Give another one, or 0 for a free one.'
            raise ViewerError(msg) from None
        return int(probe.getsockname()[1])
