# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate diff`: what differs between two rigs."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from audio_manifold_ros.calibration.commands.measurement_command import Command
from audio_manifold_ros.rig.rig_folder_diff import folder_difference

SAME, DIFFERENT = 0, 1


def run(given: argparse.Namespace, console: Console) -> int:
    """Print what differs; the exit status tells whether anything does, as `diff` does.

    Raises:
        CalibrationError: A file of one of the rigs cannot be read.

    """
    found = folder_difference(given.first, given.second)
    for file, lines in found.items():
        console.print(file, style='bold', highlight=False)
        for line in lines:
            console.print(f'  {line}', markup=False, highlight=False)
    if not found:
        console.print(f'{given.first} and {given.second} say the same.', markup=False, highlight=False)
    return DIFFERENT if found else SAME


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('first', type=Path, help='folder of a rig')
    parser.add_argument('second', type=Path, help='folder of the rig that is compared with it')


DIFF = Command(
    name='diff',
    title='what differs between two rigs',
    text=(
        'Compares two rigs value by value: microphones by their names (distance of positions, angle of facings, gain, '
        'delay, polarity, channel, order), the camera, the frames, the offset of the clocks, the depth. Comments and '
        'layout do not count.\n\nExit status 0: they say the same; 1: they differ.'
    ),
    configure=_configure,
    run=run,
)
