# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command line of the demo: `audio-manifold demo`."""

from __future__ import annotations

import json
import signal
import sys
from typing import TYPE_CHECKING

from audio_manifold_ros.cli.console import SafeConsole
from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.demo.demo import Demo
from audio_manifold_ros.demo.options import parse_options
from audio_manifold_ros.demo.score_table import score_table

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo and return the exit status."""
    options = parse_options(arguments)
    console = SafeConsole()
    # Both signals terminate the child processes first. A shell script that starts the demo in the background makes it
    # ignore SIGINT, so SIGTERM is needed as well.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        summary = Demo(options, console).run()
    except AudioManifoldError as error:
        SafeConsole(stderr=True).print(str(error), style='red', markup=False, highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print('Interrupted. All processes were terminated.')
        return INTERRUPTED
    if summary.unfamiliar:
        console.print(summary.unfamiliar, style='yellow', highlight=False)
    if summary.scores:
        console.print(score_table(summary.scores))
    console.print_json(json.dumps(summary.to_dict()))
    console.print(f'{options.out.resolve()}: contact_sheet.png, drive.mp4, summary.json', highlight=False)
    return 0


if __name__ == '__main__':
    sys.exit(main())
