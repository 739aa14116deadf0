# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reports on disk, and their verdicts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audio_manifold_ros.calibration.reporting.calibration_report import (
    CalibrationReport,
    CalibrationVerdict,
    choose_verdict,
    load_changes,
)
from audio_manifold_ros.calibration.reporting.rig_change import microphone_change
from audio_manifold_ros.common.errors import CalibrationError

CHANGE = microphone_change(1, 'mic_1', 'gain_db', 0.0, -1.5)


def test_changes_of_a_saved_report(tmp_path: Path) -> None:
    report = CalibrationReport(
        'gains', CalibrationVerdict.CHANGE, 'Change it.', changes=(CHANGE,), files={'camera.yaml': 'x'}
    )
    report.save(tmp_path / 'report')
    for path in (tmp_path / 'report', tmp_path / 'report' / 'report.json'):
        saved = load_changes(path)
        assert (saved.summary, saved.changes, saved.files) == ('Change it.', (CHANGE,), {'camera.yaml': 'x'})
    assert sorted(path.name for path in (tmp_path / 'report').iterdir()) == ['report.json', 'report.txt']


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        ([], 'no report of format 1'),
        ({'format_version': 1, 'changes': {}, 'files': {}}, 'no report of format 1'),
        ({'format_version': 1, 'changes': []}, 'no report of format 1'),
        ({'format_version': 1, 'changes': [{'file': 'x'}], 'files': {}}, 'has another structure'),
    ],
)
def test_other_files_are_refused(tmp_path: Path, values: object, message: str) -> None:
    (tmp_path / 'report.json').write_text(json.dumps(values), encoding='utf-8')
    with pytest.raises(CalibrationError, match=message):
        load_changes(tmp_path)


def test_unwritable_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('', encoding='utf-8')
    report = CalibrationReport('gains', CalibrationVerdict.GOOD, 'All good.')
    with pytest.raises(CalibrationError, match=r'Cannot write the report to .*file.*--out'):
        report.save(tmp_path / 'file' / 'report')


def test_verdicts() -> None:
    assert choose_verdict(refused=True, wrong=True) is CalibrationVerdict.REFUSED
    assert choose_verdict(refused=False, wrong=True) is CalibrationVerdict.CHANGE
    assert choose_verdict(refused=False, wrong=False) is CalibrationVerdict.GOOD
