# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Do everything that an experiment needs, from drives to a record of its scores; what is done is not done again.

python -m training.run --config training/configs/systems/vq_8x8.yaml --seed 0 1 2

Features, manifolds, audio transformations or direct systems, scores on the test split beside their controls. A run that
was killed goes on when it is started again. The same command runs on several devices, under torchrun and under SLURM.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightning.pytorch.utilities import rank_zero_only
from rich.console import Console

from audio_manifold_ros.calibration.errors import CalibrationError
from audio_manifold_ros.datasets.errors import DatasetError
from audio_manifold_ros.evaluation.errors import EvaluationError
from audio_manifold_ros.inference.plain import write_json
from audio_manifold_ros.networks.errors import NetworkError
from training.cache import open_cache
from training.configuration import TrainingConfig
from training.curves import FIT_FILE
from training.decisions import balance_classes
from training.errors import TrainingError
from training.evaluate import evaluate
from training.fit_direct import fit_direct
from training.fit_manifold import fit_manifold
from training.fit_transform import fit_transform
from training.fitting import LAST
from training.results import RESULTS, make_record, record_path, write_record
from training.trained import load_perception

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIG_FILE, SCORES_FILE = 'config.json', 'scores.json'
# What may differ between the parts of a run that was interrupted. What a budget says stands in data and fits, too.
MAY_CHANGE = ('output', 'machine', 'budget')
# What matters only to an experiment that has such stages.
MATTERS_FOR = {'manifolds': ('manifold_fit', 'codebook'), 'at_nets': ('transform_fit',), 'direct': ('direct_fit',)}
FAILURES = (TrainingError, DatasetError, NetworkError, EvaluationError, CalibrationError)


@dataclass(frozen=True)
class Stage:
    """One fit of an experiment.

    Attributes:
        name: What people are told.
        folder: Where it lies.
        fit: Does it, from the last checkpoint where told so.

    """

    name: str
    folder: Path
    fit: Callable[..., Path]

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return (self.folder / FIT_FILE).is_file()


def run(config: TrainingConfig, results: Path, console: Console) -> Path:
    """Do what is left of an experiment and return the path of its record.

    Raises:
        TrainingError: The output holds another experiment, or a stage fails.

    """
    check_output(config)
    stages = list_stages(config)
    for number, stage in enumerate(stages, 1):
        where = f'{config.name}, seed {config.machine.seed}, {number} of {len(stages)}'
        _say(console, f'{where}: {stage.name}{", done before" if stage.done else ""}')
        if not stage.done:
            stage.fit(resume=(stage.folder / LAST).is_file())
    path = record_path(results, config)
    if getattr(rank_zero_only, 'rank', 0) == 0:
        cache = open_cache(config.data)
        write_record(path, make_record(config, cache, _test_scores(config, cache)))
    return path


def list_stages(config: TrainingConfig) -> list[Stage]:
    """Return the fits of an experiment in their order."""
    manifolds = [
        Stage(
            f'manifold of {name}',
            config.manifold_folder(name),
            partial(fit_manifold, config, name, config.manifold_fit),
        )
        for name in config.manifolds
    ]
    transforms = [
        Stage(
            f'audio transformation for {" and ".join(network.modalities)}',
            config.transform_folder(network.modalities),
            partial(fit_transform, config, network, config.transform_fit),
        )
        for network in config.at_nets
    ]
    direct = [
        Stage(
            f'{network.kind} for {" and ".join(network.modalities)}',
            config.direct_folder(network),
            partial(fit_direct, config, network, config.direct_fit),
        )
        for network in config.direct
    ]
    return [*manifolds, *transforms, *direct]


def check_output(config: TrainingConfig) -> None:
    """Write the configuration into the output, or compare it with the one there.

    Raises:
        TrainingError: The output was begun with another one, or it cannot be read.

    """
    path = Path(config.output) / CONFIG_FILE
    wanted = json.loads(write_json(config.to_dict()))
    if path.is_file():
        found = _read(path)
        before, now = _identity(found), _identity(wanted)
        differing = sorted(key for key in now.keys() | before.keys() if now.get(key) != before.get(key))
        if differing:
            msg = f'{config.output!r} was begun with another {", ".join(differing)}: give another output, or delete it.'
            raise TrainingError(msg)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, wanted)


def _identity(config: dict[str, Any]) -> dict[str, Any]:
    """Return those parts of a written configuration that make a run another one when they change."""
    idle = [part for stage, parts in MATTERS_FOR.items() if not config.get(stage) for part in parts]
    kept = {key: value for key, value in config.items() if key not in (*MAY_CHANGE, *idle)}
    return {**kept, 'precision': config.get('machine', {}).get('precision')}


def _test_scores(config: TrainingConfig, cache: Any) -> dict[str, Any]:
    path = Path(config.output) / SCORES_FILE
    if path.is_file():
        return _read(path)
    network = load_perception(config)
    balance_classes(network, cache)
    scores = evaluate(network, cache, drives=config.data.drives)
    _write(path, scores)
    return scores


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        msg = f'{str(path)!r} cannot be read ({error}): delete it, and it is written again.'
        raise TrainingError(msg) from None
    if not isinstance(found, dict):
        msg = f'{str(path)!r} holds a {type(found).__name__}, not a mapping: delete it, and it is written again.'
        raise TrainingError(msg)
    return found


def _write(path: Path, content: dict[str, Any]) -> None:
    # Each process of a run on several devices may write the same, and any may be killed: none may read half of it.
    draft = path.with_name(f'.{path.name}.{os.getpid()}')
    draft.write_text(write_json(content), encoding='utf-8')
    draft.replace(path)


@rank_zero_only
def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog='python -m training.run', description='Run experiments to their scores.')
    parser.add_argument('--config', type=Path, required=True, help='the experiment, a YAML file')
    parser.add_argument('--with', type=Path, nargs='+', default=[], dest='over', help='YAML files that change some')
    parser.add_argument('--seed', type=int, nargs='+', default=[0], help='one run each (0)')
    parser.add_argument('--results', type=Path, default=RESULTS, help='folder for records (training/results)')
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        config = TrainingConfig.from_yaml(options.config, options.over)
        for seed in options.seed:
            path = run(config.seeded(seed), options.results, console)
            _say(console, f'record: {path}')
    except FAILURES as error:
        console.print(f'[red]{type(error).__name__}[/red]: {error}')
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
