# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate COMMAND …`: measures the rig, from a live device, a WAV file or a bag, and writes reports.

Run as `python -m audio_manifold_ros.calibration.commands.cli`. Exit status 0: the rig is sound; 1: something is broken, or
the recording cannot be measured; 2: the command cannot be run.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Sequence

from rich.console import Console

from audio_manifold_ros.calibration.commands.commands import COMMANDS
from audio_manifold_ros.common.errors import (
    AudioManifoldError,
)

EXIT_CANNOT_RUN, EXIT_INTERRUPTED = 2, 130
HELP_WIDTH = 100


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog='calibrate',
        description='Measure the microphones of a rig. Nothing is written to a rig without `calibrate apply`.',
    )
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for command in COMMANDS.values():
        text = '\n\n'.join(textwrap.fill(part, HELP_WIDTH) for part in command.text.split('\n\n'))
        subparser = commands.add_parser(
            command.name,
            help=command.title,
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.configure(subparser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    given = make_parser().parse_args(arguments)
    console = Console(soft_wrap=True)
    try:
        return COMMANDS[given.command].run(given, console)
    except AudioManifoldError as error:
        print(f'calibrate {given.command}: {error}', file=sys.stderr)
        return EXIT_CANNOT_RUN
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


if __name__ == '__main__':
    sys.exit(main())
