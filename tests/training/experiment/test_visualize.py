# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command that draws the overview of an experiment. Its content is tested with the fits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.experiment.visualize import LINE_PIXELS, labelled_grid, main

STREET = Path(__file__).parents[3] / 'training' / 'configs' / 'paper_8x8.yaml'


def test_a_path_that_cannot_be_written_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taken = tmp_path / 'taken'
    taken.write_text('a file', encoding='utf-8')
    assert main(['--config', str(STREET), '--out', str(taken / 'overview.png')]) == 1
    assert str(taken) in capsys.readouterr().err.replace('\n', '')


def test_each_row_has_its_label() -> None:
    rows = {name: np.full((2, 40, 60, 3), 128, np.uint8) for name in ('depth: ground truth', 'depth: predicted')}
    image = labelled_grid(rows, 'small: windows of test')
    grid_rows = (image.shape[0] - 3 * LINE_PIXELS) // 2
    for top in (0, LINE_PIXELS, 2 * LINE_PIXELS + grid_rows):
        line = image[top : top + LINE_PIXELS].astype(int)
        assert line.max() > 60, 'no text'
        assert line.min() < 30, 'no background'
