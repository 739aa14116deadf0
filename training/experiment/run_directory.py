# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a run's folder was begun with, so that no other experiment goes on in it or is read out of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.schema import from_plain
from training.config.experiment_configuration import TrainingConfig
from training.data.cache import open_cache
from training.data.dataset_fingerprint import windows_sha256
from training.experiment.whole_json import read_mapping, write_json_atomic

if TYPE_CHECKING:
    from training.data.cache import WindowCache

CONFIG_FILE, WINDOWS_FILE = 'config.json', 'windows.json'
# What may differ between the parts of a run that was interrupted. What a budget says stands in data and fits, too.
MUTABLE_SETTINGS = ('output', 'machine', 'budget')
# Where the windows lie and how they are computed, not which they are: that is in the file of windows.
MUTABLE_DATA_SETTINGS = ('drives', 'cache', 'shard_drives', 'workers')
# What matters only to an experiment that has such stages.
SETTINGS_OF_STAGE = {
    'manifolds': ('manifold_fit', 'codebook'),
    'at_nets': ('transform_fit',),
    'direct': ('direct_fit',),
}


def begin(config: TrainingConfig, cache: WindowCache) -> None:
    """Write into the output of an experiment what it is and which windows it has, where that is not there yet."""
    folder = Path(config.output)
    for name, content in ((CONFIG_FILE, config.to_dict()), (WINDOWS_FILE, _windows(cache))):
        if not (folder / name).is_file():
            write_json_atomic(folder / name, content)


def open_windows(config: TrainingConfig) -> WindowCache:
    """Open the cache of an experiment; an output that was fitted by hand does not say what it was begun with.

    Raises:
        TrainingError: The output was begun with another experiment or other windows, or a file cannot be read.
        DatasetError: A drive cannot be read, or the split speaks of drives that are not there.

    """
    check_experiment(config)
    cache = open_cache(config.data)
    path = Path(config.output) / WINDOWS_FILE
    if path.is_file() and read_mapping(path) != _windows(cache):
        msg = (
            f'{config.output!r} was begun with other windows than those that {config.data.drives!r} and the split '
            f'{config.data.split!r} make now: bring drives and split back, or give another output.'
        )
        raise TrainingError(msg)
    return cache


def check_experiment(config: TrainingConfig) -> None:
    """Compare an experiment with the one that its output was begun with, if it says.

    Raises:
        TrainingError: It is another one, or the file cannot be read.

    """
    path = Path(config.output) / CONFIG_FILE
    if path.is_file():
        before, now = _identity(_read_experiment(path)), _identity(config)
        differing = sorted(key for key in now.keys() | before.keys() if now.get(key) != before.get(key))
        if differing:
            msg = f'{config.output!r} was begun with another {", ".join(differing)}: give another output, or delete it.'
            raise TrainingError(msg)


def _windows(cache: WindowCache) -> dict[str, Any]:
    return {'windows_sha256': windows_sha256(cache)}


def _read_experiment(path: Path) -> TrainingConfig:
    """Read the experiment of an output folder. Settings that did not exist at that time take their default."""
    values = read_mapping(path)
    try:
        return from_plain(TrainingConfig, values, repr(str(path)), TrainingError)
    except TrainingError as error:
        msg = f'This version cannot read the experiment of the output folder. {error} Give another output folder.'
        raise TrainingError(msg) from None


def _identity(config: TrainingConfig) -> dict[str, Any]:
    """Return those parts of an experiment that make a run another one when they change, as plain values."""
    unused_settings = [
        part for stage, parts in SETTINGS_OF_STAGE.items() if not getattr(config, stage) for part in parts
    ]
    values = config.to_dict()
    data = {key: value for key, value in values['data'].items() if key not in MUTABLE_DATA_SETTINGS}
    kept = {key: value for key, value in values.items() if key not in (*MUTABLE_SETTINGS, *unused_settings)}
    return {**kept, 'data': data, 'precision': config.machine.precision}
