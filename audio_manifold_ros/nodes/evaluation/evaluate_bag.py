# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command line `evaluate_bag BAG --bundle B [--live] --out DIR`: scores of a bundle on a bag, as HTML and JSON."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import Progress

from audio_manifold_ros.bag_evaluation.evaluation_session import EvaluationOptions
from audio_manifold_ros.bag_evaluation.run_evaluation import (
    REPORT_FILE,
    OfflineSource,
    evaluate_bag,
)
from audio_manifold_ros.bags.decoding.audio_format_argument import add_audio_format_argument
from audio_manifold_ros.cli.console import SafeConsole
from audio_manifold_ros.cli.options import add_bundle_option
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.argument_types import number, whole_number
from audio_manifold_ros.common.errors import (
    AudioManifoldError,
    NodeError,
)
from audio_manifold_ros.inference.backend_factory import BACKENDS
from audio_manifold_ros.inference.bundle.bundle_location import find_bundle
from audio_manifold_ros.modalities.registry import MODALITIES
from audio_manifold_ros.nodes.common.name_resolution import resolve_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from audio_manifold_ros.bag_evaluation.evaluation_session import EvaluationSession
    from audio_manifold_ros.bag_evaluation.run_evaluation import PredictionSource

INTERRUPTED, MISMATCH = 130, 2
VARIANTS = {'model': '', 'prior': '_prior', 'shuffled': '_shuffled', 'mirrored microphones': '_mirrored'}


def parse_options(arguments: Sequence[str] | None = None) -> tuple[EvaluationOptions, bool]:
    """Parse the command line. Return the options, and whether to evaluate live.

    Raises:
        NodeError: The bundle or the rig does not exist.

    """
    parser = command_parser('bag evaluate')
    parser.add_argument('bag', type=Path, help='folder of the bag, or a single .mcap or .db3 file')
    add_bundle_option(parser)
    parser.add_argument('--out', type=Path, required=True, help='folder for report, metrics, contact sheet and video')
    parser.add_argument('--live', action='store_true', help='evaluate a running perception node over DDS')
    parser.add_argument('--rig', help='folder of the rig (default: the one in the bag)')
    parser.add_argument('--audio', default='', metavar='TOPIC', help='audio topic (default: the only one)')
    parser.add_argument('--depth', default='', metavar='TOPIC', help='ground truth depth (default: truth/depth/image)')
    parser.add_argument(
        '--labels', default='', metavar='TOPIC', help='ground truth labels (default: truth/segmentation/image)'
    )
    parser.add_argument(
        '--rate',
        type=number(0.1, 200),
        default=30.0,
        help='largest number of predictions per second (default: %(default)g)',
    )
    parser.add_argument('--backend', default='auto', choices=tuple(BACKENDS), help='backend for the network')
    parser.add_argument('--device', default='cpu', help='device of the torch backend (default: %(default)s)')
    parser.add_argument(
        '--threads', type=whole_number(1), default=2, help='number of threads on a CPU (default: %(default)s)'
    )
    parser.add_argument(
        '--video-audio',
        action='store_true',
        help='add the sound of the bag to the video; it is private, and needs ffmpeg on PATH',
    )
    add_audio_format_argument(parser)
    args = parser.parse_args(arguments)
    options = EvaluationOptions(
        bag=args.bag,
        bundle=find_bundle(args.bundle),
        out=args.out,
        rig=None if args.rig is None else resolve_folder('--rig', args.rig),
        audio=args.audio,
        depth=args.depth,
        labels=args.labels,
        stated=args.stated,
        rate_hz=args.rate,
        backend=args.backend,
        device=args.device,
        threads=args.threads,
        video_audio=args.video_audio,
    )
    return options, args.live


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate a bag and return the exit status. It is 2 if live and offline predictions do not agree."""
    errors, console = SafeConsole(stderr=True), SafeConsole()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        options, live = parse_options(arguments)
        with Progress(console=errors) as bar:
            task = bar.add_task(options.bag.name, total=1.0)
            result = evaluate_bag(
                options, _prediction_source(live=live), progress=lambda done: bar.update(task, completed=done)
            )
            bar.update(task, completed=1.0)
    except AudioManifoldError as error:
        errors.print(str(error), style='red', markup=False, highlight=False)
        return 1
    except KeyboardInterrupt:
        errors.print('Interrupted. All processes were terminated.')
        return INTERRUPTED
    for warning in result['warnings']:
        errors.print(warning, style='yellow', markup=False, highlight=False)
    for note in result['video']['notes']:
        errors.print(note, markup=False, highlight=False, soft_wrap=True)
    console.print(_summary(result), markup=False, highlight=False, soft_wrap=True)
    console.print(f'{(options.out / REPORT_FILE).resolve()}', markup=False, highlight=False, soft_wrap=True)
    return 0 if result.get('agreement', {}).get('agrees', True) else MISMATCH


def _prediction_source(*, live: bool) -> Callable[[EvaluationSession], PredictionSource]:
    if not live:
        return OfflineSource
    try:
        from audio_manifold_ros.nodes.evaluation.live_evaluation import LivePredictionSource
    except ImportError as error:
        msg = f'--live needs ROS 2 and the messages of this project ({error}): source the workspace, or omit --live.'
        raise NodeError(msg) from None
    return LivePredictionSource


def _summary(result: Mapping[str, Any]) -> str:
    lines = [f'{result["predictions"]} predictions, {result["with_truth"]} with ground truth']
    for head, modality in MODALITIES.items():
        for key in (metric.key for metric in modality.metrics):
            scores = result['scores'][head]
            values = {variant: scores.get(f'{key}{suffix}') for variant, suffix in VARIANTS.items()}
            if values['model'] is not None:
                text = ', '.join(f'{variant} {value:.3f}' for variant, value in values.items() if value is not None)
                lines.append(f'{head} {key}: {text}')
    agreement = result.get('agreement')
    if agreement is not None:
        verdict = 'agrees' if agreement['agrees'] else 'DOES NOT AGREE'
        lines.append(f'live {verdict} with offline on {agreement["compared"]} predictions')
    return '\n'.join(lines)


if __name__ == '__main__':
    sys.exit(main())
