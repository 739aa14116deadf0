# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Complete run of an experiment, from drives to a record of its scores. Finished stages are not repeated.

audio-manifold train run --config training/configs/systems/vq_8x8.yaml --seed 0 1 2

The stages are features, manifolds, AT-nets or single-stage networks, and scores on the test split with their controls.
A killed run resumes when it is started again. At its end it prints the scores, a verdict and the next command. The same
command runs on several devices, under torchrun and SLURM.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lightning.pytorch.utilities import rank_zero_only
from rich.console import Console

from audio_manifold_ros.cli.console import print_error
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.common.files import write_json_atomic
from audio_manifold_ros.evaluation.controls.audio_control import control_order
from training.config.config_arguments import add_config_arguments, given_config
from training.config.experiment_configuration import TrainingConfig
from training.data.window_checks import check_windows, with_drive_microphones
from training.experiment.calibrated_network import CalibratedNetwork
from training.experiment.evaluate import evaluate_experiment
from training.experiment.provenance import PROVENANCE, describe_provenance
from training.experiment.results import SCORES_FILE, has_known_leaks, make_record, record_path, results_folder
from training.experiment.run_directory import begin, open_windows, read_mapping
from training.experiment.verdict import describe
from training.fitting.checkpoints import BEST, FIT_FILE, LAST, set_aside_damaged_fit
from training.fitting.fit_direct import fit_direct
from training.fitting.fit_joint import fit_joint
from training.fitting.fit_manifold import fit_manifold
from training.fitting.fit_transform import fit_transform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.data.cache import WindowCache

TEST = 'test'


@dataclass(frozen=True)
class ExperimentStage:
    """One fit of an experiment.

    Attributes:
        name: Name in the output.
        folder: Folder of its checkpoints.
        fit: Function that fits it. With `resume`, it continues from the last checkpoint.

    """

    name: str
    folder: Path
    fit: Callable[..., Path]

    @property
    def done(self) -> bool:
        """True if the fit is finished."""
        return (self.folder / FIT_FILE).is_file()


def run(config: TrainingConfig, results: Path | None, console: Console) -> Path:
    """Run the unfinished stages of an experiment, print scores and verdict, and return the path of its record.

    Args:
        config: The experiment.
        results: Folder of records. None is the default of `results_folder`.
        console: Console for progress and verdict.

    Raises:
        TrainingError: The output folder belongs to another experiment, the experiment does not match its drives, or a
            stage fails.

    """
    config = with_drive_microphones(config)
    cache = open_windows(config)
    # Raise all errors before the fits, not after them.
    control_order(cache.window_drives(cache.indices(TEST)))
    check_windows(config, cache)
    begin(config, cache)
    stages = list_stages(config)
    for number, stage in enumerate(stages, 1):
        note = set_aside_damaged_fit(stage.folder) if stage.done else ''
        if note:
            _print(console, note)
        where = f'{config.name}, seed {config.machine.seed}, {number} of {len(stages)}'
        _print(console, f'{where}: {stage.name}{", already finished" if stage.done else ""}')
        if not stage.done:
            stage.fit(resume=any((stage.folder / name).is_file() for name in (LAST, BEST)) and not note)
    path = record_path(results_folder(config) if results is None else results, config)
    if getattr(rank_zero_only, 'rank', 0) == 0:
        path.parent.mkdir(parents=True, exist_ok=True)
        scores = _test_scores(config, cache)
        record = make_record(config, cache, scores)
        write_json_atomic(path, record, sort_keys=False)
        for line in describe(scores, leaks=has_known_leaks(cache, config.data.features, config.data)):
            _print(console, line)
    return path


def list_stages(config: TrainingConfig) -> list[ExperimentStage]:
    """Return the fits of an experiment in order."""
    if config.joint is not None:
        fit = partial(fit_joint, config, config.joint_fit)
        return [ExperimentStage('networks through their decoders', config.joint_folder, fit)]
    manifolds = [
        ExperimentStage(
            f'manifold of {name}',
            config.manifold_folder(name),
            partial(fit_manifold, config, name, config.manifold_fit),
        )
        for name in config.manifolds
    ]
    transforms = [
        ExperimentStage(
            f'audio transformation for {" and ".join(network.modalities)}',
            config.transform_folder(network.modalities),
            partial(fit_transform, config, network, config.transform_fit),
        )
        for network in config.at_nets
    ]
    direct = [
        ExperimentStage(
            f'{network.kind} for {" and ".join(network.modalities)}',
            config.direct_folder(network),
            partial(fit_direct, config, network, config.direct_fit),
        )
        for network in config.direct
    ]
    return [*manifolds, *transforms, *direct]


def _test_scores(config: TrainingConfig, cache: WindowCache) -> dict[str, object]:
    """Return the scores of the test split. Stored scores of other networks are computed again.

    Scores of the same networks with another calibration count as those of other networks.
    """
    path = Path(config.output) / SCORES_FILE
    found = read_mapping(path) if path.is_file() else {}
    calibrated = CalibratedNetwork.load(config, cache)
    if found.get(PROVENANCE) != describe_provenance(config, cache, TEST, calibrated.calibration()):
        found = evaluate_experiment(config, cache, TEST, calibrated)
        write_json_atomic(path, found, sort_keys=False)
    return {name: figures for name, figures in found.items() if name != PROVENANCE}


def _next_command(options: argparse.Namespace, config: TrainingConfig) -> str:
    """Return the command that exports the first seed as a bundle."""
    over = ['--with', *map(_shown, options.over)] if options.over else []
    experiment = ['--config', _shown(options.config), *over, '--seed', str(options.seed[0])]
    return shlex.join(['audio-manifold', 'train', 'export', *experiment, '--output', f'models/{config.name}'])


def _shown(path: Path) -> str:
    """Return a path relative to the current folder if it is below it."""
    folder = Path.cwd()
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


@rank_zero_only
def _print(console: Console, text: str) -> None:
    console.print(text, highlight=False, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = command_parser('train run')
    add_config_arguments(parser)
    parser.add_argument('--seed', type=int, nargs='+', default=[0], help='seeds, one run each (0)')
    parser.add_argument('--results', type=Path, help='folder for records (`results` next to the folder of the drives)')
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        config = given_config(options)
        for seed in options.seed:
            path = run(config.seeded(seed), options.results, console)
            _print(console, f'record: {path}')
        _print(console, f'next: {_next_command(options, config)}')
    except AudioManifoldError as error:
        print_error(console, error)
        return 1
    return 0
