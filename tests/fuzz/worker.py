# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Child process of the fuzz tests: reads mutated files and reports what became of each.

`python -m tests.fuzz.worker TARGET FIRST COUNT FOLDER` prints one line of JSON before and after each input. The parent
watches the time between the lines. Limits of the process bound memory. An audit hook reports what a file must not
cause: a new process, a network connection, or a file opened outside the folder of the input.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from audio_manifold_ros.common.errors import AudioManifoldError
from tests.fuzz.targets import TARGETS

MAX_ADDRESS_SPACE_BYTES = 12 << 30
MAX_GROWTH_BYTES = 512 << 20
MAX_MESSAGE_CHARACTERS = 2_000
FORBIDDEN_EVENTS = ('subprocess.Popen', 'os.system', 'os.exec', 'os.posix_spawn', 'socket.connect')
OWN_PLACES = ('/dev/null', '/proc/self', '/dev/shm')  # noqa: S108 - of this process
PRIVATE_FOLDERS = ('/etc/passwd', '/etc/shadow', '/proc/1/', '/dev/sd')


class Watch:
    """Collects forbidden events while an input is read."""

    def __init__(self) -> None:
        """Start with nothing collected; `folder` is None while nothing is watched."""
        self.folder: Path | None = None
        self.violations: list[str] = []
        sys.addaudithook(self._on_event)

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        folder = self.folder
        if folder is None:
            return
        if event in FORBIDDEN_EVENTS:
            self.violations.append(f'{event} {arguments!r:.200}')
        elif event == 'open' and isinstance(arguments[0], str):
            path, writes = str(Path(arguments[0]).absolute()), bool((arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR))
            is_inside = path.startswith((str(folder), tempfile.gettempdir(), *OWN_PLACES))
            if (writes and not is_inside) or path.startswith(PRIVATE_FOLDERS):
                self.violations.append(f'opened {path}')


def run_input(name: str, number: int, folder: Path, watch: Watch) -> dict[str, Any]:
    """Write one mutated input, read it, and describe the result."""
    target = TARGETS[name]
    rng = np.random.default_rng([number, sum(name.encode())])
    shutil.rmtree(folder, ignore_errors=True)
    (folder / 'input').mkdir(parents=True)
    path = target.write(folder / 'input', rng)
    Path('/proc/self/clear_refs').write_text('5', encoding='ascii')
    before, started = _peak_bytes(), time.monotonic()
    output = io.StringIO()
    status, message = 'read', ''
    watch.violations.clear()
    watch.folder = folder
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            target.read(path)
    except AudioManifoldError as error:
        status, message = 'refused', str(error)
    except SystemExit as error:
        status, message = 'refused', f'exit {error.code}'
    except BaseException:  # noqa: BLE001 - whatever is not an error of the project is a finding
        status, message = 'crashed', traceback.format_exc()
    watch.folder = None
    text = message + output.getvalue()
    problems = list(watch.violations)
    if status == 'refused' and len(message) > MAX_MESSAGE_CHARACTERS:
        problems.append(f'the message has {len(message)} characters')
    if status != 'crashed' and any(ord(c) < 32 and c not in '\n\t\r' for c in text):
        problems.append('control characters reach the terminal')
    if 'Traceback (most recent call last)' in output.getvalue():
        problems.append('a traceback is printed')
    if (growth := _peak_bytes() - before) > MAX_GROWTH_BYTES:
        problems.append(f'{growth >> 20} MB of memory')
    return {
        'number': number,
        'status': status,
        'seconds': round(time.monotonic() - started, 3),
        'message': message[-3_000:],
        'problems': problems,
    }


def _peak_bytes() -> int:
    for line in Path('/proc/self/status').read_text(encoding='ascii', errors='replace').splitlines():
        if line.startswith('VmHWM:'):
            return int(line.split()[1]) * 1024
    return 0


def main() -> None:
    """Read `COUNT` inputs from number `FIRST` on."""
    name, first, count, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESS_SPACE_BYTES, MAX_ADDRESS_SPACE_BYTES))
    results = os.fdopen(os.dup(1), 'w', buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    tempfile.tempdir = str(folder / 'temporary')
    Path(tempfile.tempdir).mkdir()
    # The first run loads libraries. It does not count as an input.
    target = TARGETS[name]
    (folder / 'warm').mkdir(parents=True)
    target.read(target.copy_example(folder / 'warm'))
    watch = Watch()
    for number in range(first, first + count):
        print(json.dumps({'begins': number}), file=results)
        print(json.dumps(run_input(name, number, folder / 'work', watch)), file=results)


if __name__ == '__main__':
    main()
