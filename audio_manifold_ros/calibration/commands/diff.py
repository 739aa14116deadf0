# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate diff`: differences between two rigs."""

from __future__ import annotations

import argparse
from pathlib import Path

from audio_manifold_ros.calibration.commands.measurement_command import Command
from audio_manifold_ros.cli.console import SafeConsole
from audio_manifold_ros.rig.rig_folder_diff import folder_difference

SAME, DIFFERENT = 0, 1


def run(given: argparse.Namespace, console: SafeConsole) -> int:
    """Print the differences of two rigs. Return 1 if there are any, else 0, as `diff` does.

    Raises:
        RigError: A file of one of the rigs cannot be read.

    """
    found = folder_difference(given.first, given.second)
    for file, lines in found.items():
        console.print(file, style='bold', highlight=False)
        for line in lines:
            console.print(f'  {line}', markup=False, highlight=False)
    if not found:
        console.print(f'{given.first} and {given.second} have the same values.', markup=False, highlight=False)
    return DIFFERENT if found else SAME


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('first', type=Path, help='folder of a rig')
    parser.add_argument('second', type=Path, help='folder of the rig to compare with it')


DIFF = Command(
    name='diff',
    title='differences between two rigs',
    example='calibration/roof_octagon my_rig',
    text=(
        'Compares two rigs value by value: microphones by their names (distance of positions, angle of facings, gain, '
        'delay, polarity, channel, order), the camera, the frames, the clock offset and the depth calibration. '
        'Comments and layout do not count.\n\nExit status 0: all values are equal. 1: they differ.'
    ),
    configure=_configure,
    run=run,
)
