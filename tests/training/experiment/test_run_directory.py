# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Identity of a run directory: it is stored, and other experiments are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.files import write_json_atomic
from audio_manifold_ros.common.schema import from_plain
from training.config.experiment_configuration import TrainingConfig
from training.data.split_file import SplitFile
from training.data.window_dataset import find_drives
from training.experiment.run_directory import CONFIG_FILE, WINDOWS_FILE, begin, check_experiment, open_windows

SYSTEMS = Path(__file__).parents[3] / 'training' / 'configs' / 'systems'


@pytest.mark.parametrize(
    ('system', 'changes', 'words'),
    [
        ('echo2depth_paper', {'budget': {'manifold_steps': 7}, 'codebook': {'start_step': 5}}, ''),
        ('echo2depth_paper', {'machine': {'accelerator': 'cpu', 'devices': '2'}}, ''),
        ('echo2depth_paper', {'budget': {'steps': 7}}, 'direct_fit'),
        ('echo2depth_paper', {'budget': {'precision': 'bf16-mixed'}}, 'precision'),
        ('echo2depth_paper', {'budget': {'train_drives': 7}}, 'data'),
        ('echo2depth_paper', {'data': {'workers': 8, 'cache': 'elsewhere', 'shard_drives': 7}}, ''),
        ('echo2depth_paper', {'depth': {'kind': 'inverse'}}, 'depth'),
        ('vq_8x8', {'direct_fit': {'weight_decay': 0.5}}, ''),
        ('vq_8x8', {'budget': {'manifold_steps': 7}, 'codebook': {'start_step': 5}}, 'codebook, manifold_fit'),
    ],
)
def test_only_relevant_settings_change_the_identity(
    tmp_path: Path, system: str, changes: dict[str, Any], words: str
) -> None:
    begun, over = tmp_path / 'begun.yaml', tmp_path / 'over.yaml'
    begun.write_text(yaml.safe_dump({'output': str(tmp_path / 'runs')}))
    over.write_text(yaml.safe_dump(changes))
    path = SYSTEMS / f'{system}.yaml'
    (tmp_path / 'runs').mkdir()
    write_json_atomic(tmp_path / 'runs' / CONFIG_FILE, TrainingConfig.from_yaml(path, [begun]).to_dict())
    changed = TrainingConfig.from_yaml(path, [begun, over])
    if not words:
        check_experiment(changed)
        return
    with pytest.raises(TrainingError, match=f'another {words}: give another output'):
        check_experiment(changed)


@pytest.mark.parametrize('content', [b'{"name": "small", ', b'[]', b'\xff'], ids=['half', 'list', 'bytes'])
@pytest.mark.parametrize('name', [CONFIG_FILE, WINDOWS_FILE])
def test_a_damaged_file_is_refused_and_written_again_after_deletion(
    config: TrainingConfig, name: str, content: bytes
) -> None:
    begin(config, open_windows(config))
    path = Path(config.output) / name
    content_before = path.read_bytes()
    path.write_bytes(content)
    with pytest.raises(TrainingError, match=rf'{name}.*Delete it. The next run writes it again'):
        open_windows(config)
    path.unlink()
    begin(config, open_windows(config))
    assert path.read_bytes() == content_before


def test_a_drive_moved_from_train_to_test_changes_the_windows(config: TrainingConfig, tmp_path: Path) -> None:
    drives, path = sorted(find_drives(config.data.drives)), tmp_path / 'split.yaml'
    config = replace(config, data=replace(config.data, split=str(path)))
    SplitFile('by hand', tuple(drives[:5]), tuple(drives[5:7]), tuple(drives[7:])).write(path)
    begin(config, open_windows(config))
    open_windows(config)
    SplitFile('by hand', tuple(drives[:4]), tuple(drives[5:7]), (drives[4], *drives[7:])).write(path)
    with pytest.raises(TrainingError, match='begun with other windows'):
        open_windows(config)


def test_settings_missing_in_an_older_directory_have_their_default(config: TrainingConfig) -> None:
    values = config.to_dict()
    del values['ears'], values['augment']['drop_microphones']
    path = Path(config.output) / CONFIG_FILE
    path.parent.mkdir(parents=True)
    write_json_atomic(path, values)
    check_experiment(config)
    with pytest.raises(TrainingError, match='another ears: '):
        check_experiment(replace(config, ears=(2, 7)))
    write_json_atomic(path, {**values, 'colour': 'red'})
    with pytest.raises(TrainingError, match=r"cannot read the experiment .*'colour'"):
        check_experiment(config)


@pytest.mark.parametrize(
    ('part', 'changes'),
    [('augment', {'masks': 1}), ('transform_fit', {'learning_rate': 1.0}), ('data', {'features': {'mel_bands': 64}})],
)
def test_manifolds_survive_changed_audio_networks(config: TrainingConfig, part: str, changes: dict[str, Any]) -> None:
    begin(config, open_windows(config))
    manifold, at_net = Path(config.output) / 'manifold_depth', Path(config.output) / 'transform_depth_segmentation'
    for folder in (manifold, at_net):
        folder.mkdir()
        (folder / 'best.ckpt').write_bytes(b'x')
    values = config.to_dict()
    values[part] = {**values[part], **changes}
    changed = from_plain(TrainingConfig, values, 'changed', TrainingError)
    with pytest.raises(TrainingError, match=r"delete '.*/transform_depth_segmentation' to fit.*manifolds.* are kept"):
        check_experiment(changed)
    (at_net / 'best.ckpt').unlink()
    check_experiment(changed)
    assert (manifold / 'best.ckpt').is_file()
    with pytest.raises(TrainingError, match=r'another .*manifold_fit.*: give another output, or delete it'):
        check_experiment(replace(changed, manifold_fit=replace(config.manifold_fit, learning_rate=1.0)))


def test_a_changed_at_net_replaces_the_stored_experiment(config: TrainingConfig) -> None:
    begin(config, open_windows(config))
    path = Path(config.output) / CONFIG_FILE
    changed = replace(config, at_nets=(replace(config.at_nets[0], width=0.25),))
    begin(changed, open_windows(changed))
    assert json.loads(path.read_text())['at_nets'][0]['width'] == 0.25
    check_experiment(changed)


def test_single_fits_write_no_identity(config: TrainingConfig) -> None:
    open_windows(config)
    assert not Path(config.output).exists()
