# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Identity of a run directory: its experiment and windows, so that no other experiment continues in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.files import write_json_atomic
from audio_manifold_ros.common.json_text import read_json
from audio_manifold_ros.common.schema import from_plain
from training.config.experiment_configuration import TrainingConfig
from training.data.cache import open_cache, windows_sha256

if TYPE_CHECKING:
    from training.data.cache import WindowCache

REMEDY = 'Delete it. The next run writes it again.'
CONFIG_FILE, WINDOWS_FILE = 'config.json', 'windows.json'
# Settings that may change between the parts of an interrupted run. The budget is also part of data and fits.
MUTABLE_SETTINGS = ('output', 'machine', 'budget')
# Settings of location and computation of the windows. The windows themselves are identified by their own file.
MUTABLE_DATA_SETTINGS = ('drives', 'cache', 'shard_drives', 'workers')
# Settings of the audio networks only. The manifolds of a folder stay valid when they change.
AUDIO_SETTINGS = ('at_nets', 'transform_fit', 'augment', 'direct', 'direct_fit', 'joint', 'joint_fit', 'spatial')
# Settings of the data that only change the input of the audio networks. Other windows are detected by their own file.
AUDIO_DATA_SETTINGS = ('features', 'features_on')
# Settings that matter only to experiments with such stages.
SETTINGS_OF_STAGE = {
    'manifolds': ('manifold_fit', 'codebook'),
    'at_nets': ('transform_fit',),
    'direct': ('direct_fit',),
    'joint': ('joint', 'joint_fit'),
    'spatial': ('spatial',),
}


def begin(config: TrainingConfig, cache: WindowCache) -> None:
    """Write the experiment and the hash of its windows into its output folder, unless they exist.

    An experiment whose audio networks have changed replaces the former one. `check_experiment` accepts it only before
    these networks are fitted.

    Raises:
        TrainingError: The stored experiment cannot be read.

    """
    folder = Path(config.output)
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / CONFIG_FILE).is_file() and not _differences(config, folder / CONFIG_FILE):
        contents = [(WINDOWS_FILE, _windows(cache))]
    else:
        contents = [(CONFIG_FILE, config.to_dict()), (WINDOWS_FILE, _windows(cache))]
    for name, content in contents:
        if name == CONFIG_FILE or not (folder / name).is_file():
            write_json_atomic(folder / name, content, sort_keys=False)


def open_windows(config: TrainingConfig) -> WindowCache:
    """Open the cache of an experiment. Only the output folder of a run is checked: single fits write no identity.

    Raises:
        TrainingError: The output folder belongs to another experiment or other windows, or a file cannot be read.
        DatasetError: A drive cannot be read, or the split names drives that do not exist.

    """
    check_experiment(config)
    cache = open_cache(config.data)
    path = Path(config.output) / WINDOWS_FILE
    if path.is_file() and read_mapping(path) != _windows(cache):
        msg = (
            f'{config.output!r} was begun with other windows than those of {config.data.drives!r} and the split '
            f'{config.data.split!r}: restore drives and split, or give another output.'
        )
        raise TrainingError(msg)
    return cache


def check_experiment(config: TrainingConfig) -> None:
    """Compare an experiment with the one in its output folder, if there is one.

    If only settings of the audio networks differ and none of these networks has been fitted, the folder stays usable:
    its manifolds do not depend on them.

    Raises:
        TrainingError: The experiments differ, or the file cannot be read.

    """
    path = Path(config.output) / CONFIG_FILE
    differing = _differences(config, path) if path.is_file() else []
    if not differing:
        return
    begun = f'{config.output!r} was begun with another {", ".join(differing)}'
    if not config.manifolds or not config.at_nets or not set(differing) <= {*AUDIO_SETTINGS, *AUDIO_DATA_SETTINGS}:
        msg = f'{begun}: give another output, or delete it.'
        raise TrainingError(msg)
    fitted = [str(folder) for folder in config.audio_network_folders if any(folder.glob('*.ckpt'))]
    if fitted:
        msg = (
            f'{begun}: give another output, or delete {" and ".join(map(repr, fitted))} to fit the audio networks '
            'again. The manifolds do not depend on these settings and are kept.'
        )
        raise TrainingError(msg)


def _differences(config: TrainingConfig, path: Path) -> list[str]:
    before, now = _identity(_read_experiment(path)), _identity(config)
    return sorted(key for key in now.keys() | before.keys() if now.get(key) != before.get(key))


def _windows(cache: WindowCache) -> dict[str, object]:
    return {'windows_sha256': windows_sha256(cache)}


def _read_experiment(path: Path) -> TrainingConfig:
    """Read a stored experiment. Settings that did not exist when it was written have their default."""
    values = read_mapping(path)
    try:
        return from_plain(TrainingConfig, values, repr(str(path)), TrainingError)
    except TrainingError as error:
        msg = f'This version cannot read the experiment of the output folder. {error} Give another output folder.'
        raise TrainingError(msg) from None


def _identity(config: TrainingConfig) -> dict[str, object]:
    """Return the settings that identify an experiment, as plain values."""
    unused_settings = [
        part for stage, parts in SETTINGS_OF_STAGE.items() if not getattr(config, stage) for part in parts
    ]
    values = config.to_dict()
    data = {
        key: value for key, value in values['data'].items() if key not in (*MUTABLE_DATA_SETTINGS, *AUDIO_DATA_SETTINGS)
    }
    audio_data = {key: values['data'][key] for key in AUDIO_DATA_SETTINGS}
    kept = {key: value for key, value in values.items() if key not in (*MUTABLE_SETTINGS, *unused_settings)}
    return {**kept, **audio_data, 'data': data, 'precision': config.machine.precision}


def read_mapping(path: Path) -> dict[str, object]:
    """Read a JSON file of a run directory.

    Raises:
        TrainingError: It cannot be read, or is not an object.

    """
    found = read_json(path, TrainingError, REMEDY)
    if not isinstance(found, dict):
        msg = f'{str(path)!r} contains a {type(found).__name__}, not a mapping. {REMEDY}'
        raise TrainingError(msg)
    return found
