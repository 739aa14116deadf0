# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from audio_manifold_ros.calibration.commands.apply import apply_report
from audio_manifold_ros.calibration.reporting.calibration_report import CalibrationReport, CalibrationVerdict
from audio_manifold_ros.calibration.reporting.rig_change import RigChange, microphone_change
from audio_manifold_ros.common.errors import CalibrationError, RigError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.rig import MicrophoneArray


def report(folder: Path, *changes: RigChange, files: dict[str, str] | None = None) -> Path:
    CalibrationReport('gains', CalibrationVerdict.CHANGE, 'Change it.', changes=changes, files=files or {}).save(folder)
    return folder


def contents(rig: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in rig.iterdir()}


def test_values_and_files_are_written_and_old_files_kept(tmp_path: Path, rig: Path) -> None:
    before = contents(rig)
    camera = (resource_path('calibration/roof_octagon') / 'camera.yaml').read_text(encoding='utf-8')
    change = microphone_change(2, 'mic_2', 'gain_db', 0.0, -1.5)
    kept = apply_report(report(tmp_path / 'r', change, files={'camera.yaml': camera}), rig)
    assert [path.read_bytes() for path in kept] == list(before.values())
    assert MicrophoneArray.from_yaml(rig / 'mic_array.yaml').microphones[2].gain_db == -1.5
    assert (rig / 'camera.yaml').read_text(encoding='utf-8') == camera
    second = microphone_change(2, 'mic_2', 'gain_db', -1.5, 1.0)
    apply_report(report(tmp_path / 'r', second), rig)
    assert len([name for name in contents(rig) if 'before' in name]) == 2


def test_missing_key_counts_as_its_default(tmp_path: Path, rig: Path) -> None:
    changes = (
        RigChange('mic_array.yaml', ('delay_rate_hz',), 'array', None, 48_000),
        microphone_change(0, 'mic_0', 'delay_samples', 0.0, 1.25),
    )
    apply_report(report(tmp_path / 'r', *changes), rig)
    array = MicrophoneArray.from_yaml(rig / 'mic_array.yaml')
    assert (array.delay_rate_hz, array.microphones[0].delay_samples) == (48_000, 1.25)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (microphone_change(2, 'mic_2', 'gain_db', 3.0, -1.5), 'was measured against 3.0'),
        (microphone_change(0, 'mic_0', 'device_channel', 0, 5), 'repeat'),
        (microphone_change(0, 'mic_0', 'gain_db', 0.0, 900.0), 'gain_db is 900'),
        (microphone_change(99, 'mic_99', 'gain_db', None, 1.0), 'has no microphones'),
    ],
)
def test_invalid_change_leaves_the_rig_unchanged(tmp_path: Path, rig: Path, change: RigChange, message: str) -> None:
    before = contents(rig)
    with pytest.raises((CalibrationError, RigError), match=message):
        apply_report(report(tmp_path / 'r', change), rig)
    assert contents(rig) == before


def test_reports_without_changes_and_other_files_are_refused(tmp_path: Path, rig: Path) -> None:
    with pytest.raises(CalibrationError, match=r'no changes \(Change it'):
        apply_report(report(tmp_path / 'r'), rig)
    with pytest.raises(CalibrationError, match='would write'):
        apply_report(report(tmp_path / 'r', files={'../passwd': 'x'}), rig)
    (tmp_path / 'outside.yaml').write_text('secret: 1', encoding='utf-8')
    for name in ('../outside.yaml', str(tmp_path / 'outside.yaml')):
        with pytest.raises(CalibrationError, match='would write') as caught:
            apply_report(report(tmp_path / 'r', RigChange(name, ('secret',), 'array', 2, 3)), rig)
        assert 'measured against' not in str(caught.value)
    with pytest.raises(CalibrationError, match=r"Cannot read '.*none': No such file.*Give the folder of the report"):
        apply_report(tmp_path / 'none', rig)
    (tmp_path / 'other.json').write_text('{"format_version": 99}', encoding='utf-8')
    with pytest.raises(CalibrationError, match='no report of format 1'):
        apply_report(tmp_path / 'other.json', rig)
