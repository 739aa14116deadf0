# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Table of results in the README."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.harness.figure import faster
from benchmarks.harness.readme_table import BEGIN, END, README, ROWS, update_readme
from benchmarks.harness.report import read_results

RESULTS = {
    'pipeline': {'figures': [asdict(faster('models/paper_8x8, onnx on cpu: predictions', 65, 'a second', 'naive', 5))]}
}


def test_only_the_table_is_rewritten(tmp_path: Path) -> None:
    readme = tmp_path / 'README.md'
    readme.write_text(f'# A\n\n{BEGIN}\nold\n{END}\n\n# B\n', encoding='utf-8')
    update_readme(RESULTS, readme)
    text = readme.read_text(encoding='utf-8')
    assert text.startswith(f'# A\n\n{BEGIN}\n|')
    assert text.endswith(f'|\n{END}\n\n# B\n')
    assert '| 65 a second | naive: 5 a second | 13× as fast |' in text
    assert 'old' not in text
    update_readme(RESULTS, readme)
    assert readme.read_text(encoding='utf-8') == text


def test_a_readme_without_marks_is_refused(tmp_path: Path) -> None:
    readme = tmp_path / 'README.md'
    readme.write_text(f'{END} {BEGIN}', encoding='utf-8')
    with pytest.raises(ValueError, match='lacks the marks'):
        update_readme(RESULTS, readme)


def test_the_readme_shows_the_stored_results(tmp_path: Path) -> None:
    copy = tmp_path / 'README.md'
    copy.write_text(README.read_text(encoding='utf-8'), encoding='utf-8')
    update_readme(read_results(), copy)
    assert copy.read_text(encoding='utf-8') == README.read_text(encoding='utf-8')


def test_every_row_has_a_stored_figure() -> None:
    results = read_results()
    for _, bench, what in ROWS:
        assert what in {figure['what'] for figure in results[bench]['figures']}
