# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command line `rig urdf`: the xacro of a rig, its URDF, or the commands that publish its static transforms."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.rig.extrinsics import EXTRINSICS_FILE, Extrinsics
from audio_manifold_ros.rig.rig import RIG_FILE, MicrophoneArray
from audio_manifold_ros.rig.rig_frames import rig_frames
from audio_manifold_ros.rig.rig_urdf import to_urdf, to_xacro


def static_transform_commands(array: MicrophoneArray, extrinsics: Extrinsics) -> str:
    """Return one command of tf2_ros for each frame.

    Raises:
        RigError: The frames of the rig do not form a tree.

    """
    lines = []
    for frame in rig_frames(array, extrinsics):
        names = ('x', 'y', 'z', 'roll', 'pitch', 'yaw')
        values = zip(names, (*frame.translation_m, *frame.rotation_rpy_rad), strict=True)
        numbers = ' '.join(f'--{name} {round(value, 8) + 0.0:.10g}' for name, value in values)
        frames = f'--frame-id {shlex.quote(frame.parent)} --child-frame-id {shlex.quote(frame.child)}'
        lines.append(f'ros2 run tf2_ros static_transform_publisher {numbers} {frames}\n')
    return ''.join(lines)


WRITERS = {'xacro': to_xacro, 'urdf': to_urdf, 'commands': static_transform_commands}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Return 1 if the rig cannot be used or the file cannot be written, else 0."""
    parser = command_parser('rig urdf')
    parser.add_argument('rig', type=Path, help=f'folder with {RIG_FILE} and {EXTRINSICS_FILE}')
    parser.add_argument('--format', choices=tuple(WRITERS), default='xacro', help='what is written (%(default)s)')
    parser.add_argument('--out', type=Path, help='file to write (default: the terminal)')
    given = parser.parse_args(arguments)
    try:
        array = MicrophoneArray.from_yaml(given.rig / RIG_FILE)
        text = WRITERS[given.format](array, Extrinsics.from_yaml(given.rig / EXTRINSICS_FILE))
        if given.out is None:
            print(text, end='')
        else:
            given.out.write_text(text, encoding='utf-8')
    except (RigError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
