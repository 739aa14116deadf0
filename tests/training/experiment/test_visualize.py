# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command that draws the overview of an experiment. Its content is tested with the fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.experiment.visualize import main

STREET = Path(__file__).parents[3] / 'training' / 'configs' / 'street.yaml'


def test_a_path_that_cannot_be_written_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taken = tmp_path / 'taken'
    taken.write_text('a file', encoding='utf-8')
    assert main(['--config', str(STREET), '--out', str(taken / 'overview.png')]) == 1
    assert str(taken) in capsys.readouterr().err.replace('\n', '')
