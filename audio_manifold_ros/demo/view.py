# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command line `audio-manifold view`: a running perception node or a bag in a browser, or in a file."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from audio_manifold_ros.bag_evaluation.evaluation_session import EvaluationOptions
from audio_manifold_ros.bags.decoding.audio_format_argument import add_audio_format_argument
from audio_manifold_ros.bags.decoding.bag_rig import DEFAULT_RIG
from audio_manifold_ros.cli.console import SafeConsole, print_error
from audio_manifold_ros.cli.options import add_bundle_option
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.argument_types import caller_path, number, whole_number
from audio_manifold_ros.common.errors import AudioManifoldError, NodeError
from audio_manifold_ros.inference.bundle.bundle_location import find_bundle
from audio_manifold_ros.nodes.common.name_resolution import resolve_folder
from audio_manifold_ros.viewer.view_bag import view_bag
from audio_manifold_ros.viewer.view_output import ViewOutput

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

INTERRUPTED = 130
MAX_PORT = 65_535


def main(arguments: Sequence[str] | None = None) -> int:
    """Show a bag or a running node until its end or an interrupt, and return the exit status."""
    parser = command_parser('view')
    parser.add_argument('bag', type=Path, nargs='?', help='bag to play; without one, a running node is shown')
    add_bundle_option(parser)
    parser.add_argument('--rig', help=f'folder of the rig (that of the bag; {DEFAULT_RIG} for a running node)')
    parser.add_argument('--namespace', default='', help='namespace of the running node')
    parser.add_argument('--save', type=caller_path, help='write a file (.rrd) instead of serving a browser')
    parser.add_argument(
        '--port', type=whole_number(0, MAX_PORT), default=0, help='port of the web page (0 chooses a free one)'
    )
    parser.add_argument('--seconds', type=number(0.1), help='end after this time (running node)')
    parser.add_argument('--keep', action='store_true', help='keep the web page after the end of the bag')
    add_audio_format_argument(parser)
    options = parser.parse_args(arguments)
    console = SafeConsole(stderr=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if options.bag is not None:
            _show_bag(options, console)
        else:
            _show_node(options, console)
    except AudioManifoldError as error:
        print_error(console, error)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _show_bag(options: argparse.Namespace, console: SafeConsole) -> None:
    evaluation = EvaluationOptions(
        bag=options.bag,
        bundle=find_bundle(options.bundle),
        out=Path(),
        rig=None if options.rig is None else resolve_folder('--rig', options.rig),
        stated=options.stated,
    )
    end = _wait_forever if options.keep and options.save is None else lambda: None
    count = view_bag(
        evaluation, _output(options), lambda place: announce(console, place), realtime=options.save is None, end=end
    )
    console.print(f'{count} predictions shown.', highlight=False)


def _show_node(options: argparse.Namespace, console: SafeConsole) -> None:
    try:
        from audio_manifold_ros.demo.node_view import show_node
    except ImportError as error:
        msg = f'A running node needs ROS 2 ({error}): source the workspace, or give a bag.'
        raise NodeError(msg) from None
    bundle, rig = find_bundle(options.bundle), resolve_folder('--rig', options.rig or DEFAULT_RIG)
    show_node(bundle, rig, options.namespace, _output(options), options.seconds, lambda place: announce(console, place))


def _output(options: argparse.Namespace) -> ViewOutput:
    return ViewOutput(options.save, options.port)


def announce(console: SafeConsole, place: str) -> None:
    """Print where to look at the view."""
    console.print(f'view: {place}', highlight=False, soft_wrap=True, markup=False)


def _wait_forever() -> None:
    while True:
        time.sleep(1.0)


if __name__ == '__main__':
    sys.exit(main())
