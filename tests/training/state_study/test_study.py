# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page of the study: a row for each head, kept scores, and paired changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.simulation.drive import SIMULATOR_VERSION
from training.state_study import study
from training.state_study.state_heads import STATE_HEADS
from training.state_study.study import PAGE, main, relative_change

ROOT = Path(__file__).parents[3]
MODEL = str(ROOT / 'models/street')


def test_the_page_has_a_row_for_each_head(state_drives: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ['--drives', str(state_drives), '--bundle', MODEL, '--out', str(tmp_path), '--docs', str(tmp_path)]
    arguments += ['--steps', '2', '--workers', '1']
    assert main(arguments) == 0
    text = (tmp_path / PAGE).read_text()
    assert '`street`, 10 drives for 2 steps of the fits, 2 for the scores, seeds 0, 1, ' in text
    assert f'simulator version {SIMULATOR_VERSION}.' in text
    for name in ('bundle', *STATE_HEADS):
        assert text.count(f'\n| {name} |') == 1
    monkeypatch.setattr(study, 'fit_head', lambda *_: pytest.fail('a stored fit was fitted again'))
    assert main(arguments) == 0
    assert (tmp_path / PAGE).read_text() == text


def test_too_few_drives_are_refused(state_drives: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = tmp_path / 'few'
    few.mkdir()
    for path in sorted(state_drives.rglob('*.h5'))[:2]:
        (few / path.name).symlink_to(path)
    assert main(['--drives', str(few), '--bundle', MODEL, '--out', str(tmp_path), '--workers', '1']) == 1
    assert '2 drives: give at least 6' in capsys.readouterr().err


def test_a_change_is_paired() -> None:
    reference = np.array([0.1, 0.2, 0.3, 0.4])
    change, error = relative_change(0.9 * reference, reference)
    assert change == pytest.approx(-0.1)
    # A difference that is the same on all drives has no error, however much the drives differ.
    assert relative_change(reference - 0.02, reference)[1] == pytest.approx(0, abs=1e-12)
    assert error > 0


def test_the_stored_page_has_the_present_heads() -> None:
    text = (ROOT / 'docs' / PAGE).read_text()
    names = [line.split(' | ')[0].removeprefix('| ') for line in text.splitlines() if line.startswith('| ')]
    assert [name for name in names if name not in {'head', '---'}] == ['bundle', *STATE_HEADS]
