# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Campaign on a GPU machine: `python -m benchmarks.gpu_campaign --out DIR`, or `audio-manifold bench gpu-campaign`.

Only the standard library is imported before the packages are checked.
"""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.argument_types import number
from benchmarks.gpu_campaign.packages import describe_missing, missing_packages
from benchmarks.gpu_campaign.plan import PHASES
from benchmarks.gpu_campaign.settings import SYSTEMS, CampaignSettings, cores

DEFAULT_MINUTES = 10.0
PLANNED_CORES = 16
EXIT_TERMINATED = 143


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = command_parser(
        'bench gpu-campaign',
        'Runs the tests for GPUs and the benches network, pipeline and streams on CUDA, simulates drives on all cores, '
        'and trains the systems at full width. Needs no network and no ROS. A phase that overruns is stopped.',
    )
    parser.add_argument('--out', type=Path, required=True, help='folder of the results, at most 64 MB')
    parser.add_argument(
        '--minutes', type=number(0.1), default=DEFAULT_MINUTES, help='duration of the campaign (%(default)g)'
    )
    parser.add_argument(
        '--work', type=Path, help='folder of drives, caches and checkpoints (default: a temporary one, removed)'
    )
    for option, metavar, names in (('--phases', 'PHASE', tuple(PHASES)), ('--systems', 'SYSTEM', SYSTEMS)):
        some = f'some of {", ".join(names)} (default: all)'
        parser.add_argument(option, nargs='+', choices=names, default=names, metavar=metavar, help=some)
    parser.add_argument('--check', action='store_true', help='only list what is missing on this machine')
    parser.add_argument('--dry-run', action='store_true', help='run everything in small on the processor')
    given = parser.parse_args(arguments)
    problem = find_problem(dry_run=given.dry_run)
    if problem:
        print(f'✗ {problem}', file=sys.stderr)
        return 1
    if cores() < PLANNED_CORES:
        print(f'! {cores()} cores of the planned {PLANNED_CORES}: fewer drives, slower training.', file=sys.stderr)
    if given.check:
        print('Nothing is missing.', file=sys.stderr)
        return 0
    signal.signal(signal.SIGTERM, _end)
    with tempfile.TemporaryDirectory(prefix='gpu_campaign_', ignore_cleanup_errors=True) as folder:
        work = Path(folder) if given.work is None else given.work
        systems = tuple(name for name in SYSTEMS if name in given.systems)
        return _run(CampaignSettings(given.out, work, 60 * given.minutes, systems, given.dry_run), given.phases)


def find_problem(*, dry_run: bool) -> str:
    """Return what is missing on this machine for a campaign, empty if nothing is."""
    missing = missing_packages()
    if missing:
        return describe_missing(missing)
    import torch

    if not dry_run and not torch.cuda.is_available():
        return f'torch {torch.__version__} sees no CUDA device: start on a machine with one, or give --dry-run.'
    return ''


def _run(settings: CampaignSettings, phases: Sequence[str]) -> int:
    from benchmarks.gpu_campaign.campaign import is_complete, run_campaign

    record = run_campaign(settings, phases)
    print(f'{settings.out}: {record["bytes"] / 1e6:.1f} MB of {record["max_bytes"] / 1e6:.0f} MB', file=sys.stderr)
    return 0 if is_complete(record) else 1


def _end(signal_number: int, frame: FrameType | None) -> None:
    """End this process with its exit handlers, which end the processes of the current phase."""
    del signal_number, frame
    sys.exit(EXIT_TERMINATED)


if __name__ == '__main__':
    sys.exit(main())
