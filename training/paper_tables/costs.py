# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Costs of the systems of the tables: weights of the networks that run on a robot, and minutes of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from audio_manifold_ros.common.errors import AudioManifoldError, TrainingError
from audio_manifold_ros.common.schema import from_plain
from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork
from training.config.experiment_configuration import TrainingConfig
from training.paper_tables.records import RunRecord

HEADING = '### Costs of the systems'
NOTE = (
    'Weights of the networks from features to images, in millions, and minutes of all fits of a run. Of several seeds, '
    'the fastest counts, because other programs on the machine make a run longer. `./run bench systems` measures the '
    'time of a window.'
)


def costs(records: Sequence[RunRecord]) -> str:
    """Return a section in Markdown, empty without a record that has a configuration.

    Args:
        records: Runs of one dataset.

    """
    rows = []
    for system in sorted({record.system for record in records if record.config}):
        runs = [record for record in records if record.system == system and record.config]
        weights = count_weights(runs[0].config)
        rows.append(f'| `{system}` | {"–" if weights is None else f"{weights / 1e6:.2f}"} | {describe_minutes(runs)} |')
    if not rows:
        return ''
    return '\n'.join(
        [HEADING, '', NOTE, '', '| system | million weights | minutes |', '| --- | ---: | ---: |', *rows, '']
    )


def describe_minutes(runs: Sequence[RunRecord]) -> str:
    """Return the minutes of all fits of the fastest run, a dash if no record has them."""
    minutes = [run.cost.minutes for run in runs if run.cost.minutes is not None]
    return f'{min(minutes):.0f}' if minutes else '–'


def count_weights(config: Mapping[str, object]) -> int | None:
    """Return the number of weights of the networks of a configuration. None for one of another version."""
    try:
        experiment = from_plain(TrainingConfig, config, 'configuration of a record', TrainingError)
    except AudioManifoldError:
        return None
    sizes = PerceptionConfig(
        experiment.at_nets, dict(experiment.manifolds), experiment.depth, experiment.direct, experiment.spatial
    )
    return sum(weights.numel() for weights in PerceptionNetwork(sizes).parameters())
