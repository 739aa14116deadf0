# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`audio-manifold rig calibrate COMMAND`: measures the rig from a device, a WAV file or a bag, and writes reports.

Exit status 0: the rig is healthy. 1: a fault was found, or the recording cannot be measured. 2: the command cannot run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

from audio_manifold_ros.calibration.commands.apply import APPLY
from audio_manifold_ros.calibration.commands.camera import CAMERA
from audio_manifold_ros.calibration.commands.channel_order import ORDER
from audio_manifold_ros.calibration.commands.check import CHECK
from audio_manifold_ros.calibration.commands.delay import DELAY
from audio_manifold_ros.calibration.commands.diff import DIFF
from audio_manifold_ros.calibration.commands.extrinsics import EXTRINSICS
from audio_manifold_ros.calibration.commands.gains import GAINS
from audio_manifold_ros.calibration.commands.geometry import GEOMETRY
from audio_manifold_ros.calibration.commands.measurement_command import Command
from audio_manifold_ros.calibration.commands.polarity import POLARITY
from audio_manifold_ros.calibration.commands.sync import SYNC
from audio_manifold_ros.cli.console import SafeConsole
from audio_manifold_ros.cli.parser import command_parser, epilog, wrap
from audio_manifold_ros.cli.verbs import VERBS, find_verb
from audio_manifold_ros.common.errors import AudioManifoldError

# In the order in which a new rig needs them.
COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        CHECK,
        ORDER,
        POLARITY,
        GEOMETRY,
        DELAY,
        GAINS,
        CAMERA,
        SYNC,
        EXTRINSICS,
        APPLY,
        DIFF,
    )
}
VERB = 'rig calibrate'
EXIT_CANNOT_RUN, EXIT_INTERRUPTED = 2, 130


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = command_parser(VERB, 'Only `audio-manifold rig calibrate apply` writes to a rig.')
    calibrate = find_verb(VERB)
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for command in COMMANDS.values():
        verb = replace(calibrate, name=f'{VERB} {command.name}', summary=command.title, example=command.example)
        if any(other.name == f'rig {command.name}' for other in VERBS):
            verb = replace(verb, name=f'rig {command.name}')
        subparser = commands.add_parser(
            command.name,
            prog=verb.program,
            help=command.title,
            description=wrap(command.text),
            epilog=epilog(verb),
        )
        command.configure(subparser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command with command-line arguments, and return the exit status."""
    given = make_parser().parse_args(arguments)
    console = SafeConsole(soft_wrap=True)
    try:
        return COMMANDS[given.command].run(given, console)
    except AudioManifoldError as error:
        print(f'calibrate {given.command}: {error}', file=sys.stderr)
        return EXIT_CANNOT_RUN
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
