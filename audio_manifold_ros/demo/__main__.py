# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m audio_manifold_ros.demo`: hear a street and see it."""

from __future__ import annotations

import json
import signal
import sys
from typing import TYPE_CHECKING

from rich.console import Console

from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.demo.demo import Demo
from audio_manifold_ros.demo.options import parse_options

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a demonstration; returns the exit status."""
    options = parse_options(arguments)
    console = Console()
    # Either ends it with every child process ended first. A script that starts it in its background has SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        summary = Demo(options, console).run()
    except AudioManifoldError as error:
        Console(stderr=True).print(str(error), style='red', markup=False, highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print('interrupted; all processes are ended')
        return INTERRUPTED
    console.print_json(json.dumps(summary))
    console.print(f'{options.out.resolve()}: contact_sheet.png, drive.mp4, summary.json', highlight=False)
    return 0


if __name__ == '__main__':
    sys.exit(main())
