# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Comparison of bundles on the same unseen streets: scores, priors, other rigs, dead microphones and controls.

audio-manifold train compare models/street --streets 500 --random-rigs 100 --out scores
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import track

from audio_manifold_ros.cli.console import print_error
from audio_manifold_ros.cli.options import add_trunk_echoes_option, add_workers_option
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.argument_types import whole_number
from audio_manifold_ros.common.errors import AudioManifoldError, EvaluationError
from audio_manifold_ros.common.files import write_bytes_atomic, write_json_atomic
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.splits import FIRST_DEMO_SEED
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.simulation.drive import SIMULATOR_VERSION
from training.comparison.bundle_scorer import BundleScorer
from training.comparison.compared_rigs import rig_cases
from training.comparison.comparison_report import comparison_report
from training.comparison.flicker import SMOOTHING_S, measure_flicker
from training.comparison.junctions import measure_junctions
from training.comparison.silent_predictors import SilentPredictors
from training.comparison.street_window import StreetWindow
from training.comparison.unseen_streets import simulate_streets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from training.comparison.compared_rigs import RigCase

NAMED_RIGS = tuple(f'calibration/{name}' for name in ('roof_octagon', 'roof_rectangle', 'binaural_pairs', 'usb_ring'))
SCORES_FILE, REPORT_FILE = 'comparison.json', 'comparison.md'
# A control needs the sound of another street.
MIN_STREETS = 2


def compare(
    bundles: Mapping[str, Bundle],
    cases: Sequence[RigCase],
    seeds: range,
    drives: Path,
    workers: int = 1,
    *,
    controls: bool = True,
) -> dict[str, object]:
    """Return the scores of bundles on the same streets with each rig, as plain values for JSON.

    Args:
        bundles: Bundles by the name in tables.
        cases: Rigs. The controls are scored with the first one.
        seeds: Seeds of the streets.
        drives: Folder of the simulated drives. Missing ones are simulated.
        workers: Number of processes of the simulation.
        controls: Score the controls of the audio.

    Raises:
        EvaluationError: The bundles differ in the instant of their images, or there are fewer than two streets.

    """
    look_backs_s = {round(bundle.manifest.look_back_s, 4) for bundle in bundles.values()}
    if len(look_backs_s) != 1 or len(seeds) < MIN_STREETS:
        msg = (
            f'{len(seeds)} streets, images at {sorted(look_backs_s)} s before the end of the window: give at least '
            f'{MIN_STREETS} streets, and bundles whose images describe the same instant.'
        )
        raise EvaluationError(msg)
    (look_back_s,) = look_backs_s
    longest = max((bundle.manifest for bundle in bundles.values()), key=lambda one: one.features.window_samples)
    spec = longest.features
    seconds = math.ceil(longest.window_s)
    found: dict[str, dict[str, dict[str, object]]] = {
        name: {'scores': {}, 'refusals': {}, 'network_ms': {}} for name in bundles
    }
    drives_of: dict[str, list[Path]] = {}
    for number, case in enumerate(cases):
        if case.folder not in drives_of:
            drives_of[case.folder] = simulate_streets(case, drives, seeds, seconds, look_back_s, workers)
        paths = drives_of[case.folder]
        silent = SilentPredictors(case, drives, workers)
        scorers = {name: BundleScorer(bundle, controls=controls and not number) for name, bundle in bundles.items()}
        windows = (StreetWindow.read(path, spec, longest.frame_position, case.dead) for path in paths)
        shown = track(_with_neighbour(windows), case.name, total=len(paths), console=Console(stderr=True))
        for window, other in shown:
            images = silent.images(window.view)
            for scorer in scorers.values():
                scorer.add(window, other, images)
        for name, scorer in scorers.items():
            found[name]['scores'][case.name] = scorer.result()
            found[name]['network_ms'][case.name] = scorer.network_ms
            if scorer.refusal:
                found[name]['refusals'][case.name] = scorer.refusal
    return {
        'streets': len(seeds),
        'seeds': [seeds.start, seeds.stop - 1],
        'simulator_version': SIMULATOR_VERSION,
        'trunk_echoes': any(case.trunk_echoes for case in cases),
        'cases': [case.name for case in cases],
        'bundles': found,
    }


def _with_neighbour(windows: Iterator[StreetWindow]) -> Iterator[tuple[StreetWindow, StreetWindow]]:
    """Yield each window with the one before it, the first one with the last."""
    first = previous = next(windows)
    for window in windows:
        yield window, previous
        previous = window
    yield first, previous


def bundle_names(folders: Sequence[Path]) -> dict[str, Path]:
    """Return folders by the shortest end of their paths that is different for each."""
    paths = [folder.resolve() for folder in folders]
    for length in range(1, max(len(path.parts) for path in paths) + 1):
        names = ['/'.join(path.parts[-length:]) for path in paths]
        if len(set(names)) == len(names):
            return dict(zip(names, paths, strict=True))
    msg = f'The bundles are {[str(folder) for folder in folders]!r}: give each once.'
    raise EvaluationError(msg)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = command_parser('train compare')
    parser.add_argument('bundles', type=Path, nargs='+', metavar='BUNDLE', help='folders of bundles')
    parser.add_argument('--streets', type=whole_number(MIN_STREETS), default=500, help='how many streets (%(default)s)')
    parser.add_argument(
        '--first-seed', type=whole_number(0), default=FIRST_DEMO_SEED, help='seed of the first street (%(default)s)'
    )
    parser.add_argument(
        '--rigs',
        type=Path,
        nargs='+',
        metavar='RIG',
        help='folders of rigs, the first one is the reference (the four of calibration/ for simulation)',
    )
    parser.add_argument('--random-rigs', type=whole_number(0), default=0, help='number of random rigs (%(default)s)')
    parser.add_argument(
        '--dead', type=whole_number(0), default=2, help='dead microphones of a case with the first rig (%(default)s)'
    )
    parser.add_argument('--no-controls', action='store_true', help='do not score the controls of the audio')
    parser.add_argument(
        '--other-noise', action='store_true', help='add the first rig with noise that no training contains'
    )
    parser.add_argument(
        '--flicker', type=whole_number(0), default=0, metavar='STREETS', help='streets to stream for the flicker (0)'
    )
    parser.add_argument(
        '--junctions',
        type=whole_number(0),
        default=0,
        metavar='STREETS',
        help='streets to drive through for the hidden vehicles at junctions (0)',
    )
    parser.add_argument(
        '--drives', type=Path, default=Path('data/unseen'), help='folder of the simulated drives (%(default)s)'
    )
    parser.add_argument('--out', type=Path, required=True, help=f'folder for {SCORES_FILE} and {REPORT_FILE}')
    add_trunk_echoes_option(parser)
    add_workers_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    options = _arguments(arguments)
    console = Console(stderr=True)
    seeds = range(options.first_seed, options.first_seed + options.streets)
    try:
        bundles = {name: Bundle.load(folder) for name, folder in bundle_names(options.bundles).items()}
        rigs = options.rigs or [resource_path(rig) for rig in NAMED_RIGS]
        echoes = options.trunk_echoes
        cases = rig_cases(rigs, options.random_rigs, options.dead, other_noise=options.other_noise, trunk_echoes=echoes)
        found = compare(bundles, cases, seeds, options.drives, options.workers, controls=not options.no_controls)
        if options.flicker:
            found['flicker'] = {
                name: {
                    f'{smoothing_s:g}': measure_flicker(
                        bundle, rigs[0], seeds[: options.flicker], smoothing_s, trunk_echoes=echoes
                    )
                    for smoothing_s in SMOOTHING_S
                }
                for name, bundle in bundles.items()
            }
        if options.junctions:
            streets = range(options.first_seed, options.first_seed + options.junctions)
            found['junctions'] = {
                name: measure_junctions(bundle, rigs[0], streets, trunk_echoes=echoes)
                for name, bundle in bundles.items()
                if bundle.manifest.vehicles is not None
            }
    except (AudioManifoldError, OSError) as error:
        print_error(console, error)
        return 1
    text = comparison_report(found)
    options.out.mkdir(parents=True, exist_ok=True)
    write_json_atomic(options.out / SCORES_FILE, found, sort_keys=False)
    write_bytes_atomic(options.out / REPORT_FILE, text.encode())
    Console(soft_wrap=True).print(text, markup=False, highlight=False)
    return 0
