# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One table as text, Markdown, LaTeX and image: complete, escaped and equal in content."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.paper_tables.image_writer import INK, PAPER, as_picture
from training.paper_tables.latex_writer import as_latex, escaped
from training.paper_tables.table import Cell, ComparisonTable, Row, RowKind
from training.paper_tables.text_writer import as_markdown, as_text

TABLE = ComparisonTable(
    'table_9_metres',
    'Table 9. Depth & more, 100 %',
    (
        'Trained on 6,000 drives; a_b; 50 % ± 1.',
        'A second note, which is so long that it has to be ' * 6,
    ),
    ('Method', 'Source', 'Seeds', 'ABS_rel ↓', 'AUC_crr ↑'),
    (
        Row('median prior', '', '', (Cell('0.300'), Cell('0.100')), RowKind.PRIOR),
        Row('VQ 8 × 8', 'vq_8x8 (ours)', '3', (Cell('0.241 ± 0.004', best=True), Cell('0.118 ± 0.001')), RowKind.MODEL),
        Row('', 'shuffled audio', '3', (Cell('0.441 ± 0.004'), Cell('0.018 ± 0.001')), RowKind.CONTROL),
        Row('', 'paper', '', (Cell('0.241'), Cell('0.46†')), RowKind.PAPER),
        Row('VQ 16 × 16', 'vq_16x16', '–', (Cell(), Cell()), RowKind.MODEL),
    ),
)


def test_text_is_aligned_and_complete() -> None:
    text = as_text(TABLE)
    assert max(map(len, text.splitlines()[2:7])) <= 120
    lines = text.splitlines()
    heading = next(line for line in lines if line.startswith('Method'))
    ends = [heading.index(name) + len(name) for name in ('ABS_rel ↓', 'AUC_crr ↑')]
    for row in TABLE.rows:
        line = next(line for line in lines if row.source in line and row.method in line and row.cells[0].text in line)
        for end, cell in zip(ends, row.cells, strict=True):
            assert line[:end].endswith(cell.text)
            assert line[end : end + 1] == ('*' if cell.best else ' ') or (not cell.best and end == len(line))


def test_markdown_is_one_table() -> None:
    lines = [line for line in as_markdown(TABLE).splitlines() if line.startswith('|')]
    assert len(lines) == 2 + len(TABLE.rows)
    assert {len(re.findall(r'(?<!\\)\|', line)) for line in lines} == {6}
    assert '| **0.241 ± 0.004** |' in lines[3]
    assert r'vq\_8x8' in lines[3]


def test_latex_has_the_shape_of_a_table() -> None:
    text = as_latex(TABLE)
    golden = r"""\begin{table*}
\centering
\caption{Table 9. Depth \& more, 100 \%.
\label{tab:table-9-metres}
\resizebox{\ifdim\width>\textwidth\textwidth\else\width\fi}{!}{%
\begin{tabular}{llrrr}
\hline
Method & Source & Seeds & ABS\_rel $\downarrow$ & AUC\_crr $\uparrow$ \\
\hline
median prior &  &  & 0.300 & 0.100 \\
\hline
VQ 8 $\times$ 8 & vq\_8x8 (ours) & 3 & \textbf{0.241 $\pm$ 0.004} & 0.118 $\pm$ 0.001 \\
 & \textit{shuffled audio} & 3 & 0.441 $\pm$ 0.004 & 0.018 $\pm$ 0.001 \\
 & \textit{paper} &  & 0.241 & 0.46$^\dagger$ \\
\hline
VQ 16 $\times$ 16 & vq\_16x16 & -- & -- & -- \\
\hline
\end{tabular}}
\end{table*}
"""
    assert re.sub(r'(\\caption{Table 9[^.]*\. Depth[^.]*\.).*', r'\1', text) == golden
    _check_latex(text)


@settings(deadline=None, max_examples=60)
@given(st.text(st.sampled_from('aZ 9&%$#_{}~^\\±×↓↑°†–…<>|"\'*é'), max_size=30))
def test_any_text_stays_inside_its_cell(text_value: str) -> None:
    row = Row('VQ', text_value, '1', (Cell('1'), Cell('2', best=True)), RowKind.CONTROL)
    table = ComparisonTable('t', text_value, (text_value,), TABLE.headings, (row,))
    _check_latex(as_latex(table))
    assert escaped(text_value).isascii() or 'é' in text_value
    lines = [line for line in as_markdown(table).splitlines() if line.startswith('| VQ')]
    assert [len(re.findall(r'(?<!\\)\|', line)) for line in lines] == [6]


def _check_latex(text: str) -> None:
    """Check braces, environments, dollar signs and the number of columns, like a compiler."""
    bare = re.sub(r'\\[\\&%$#_{}]', '', text.replace('\\\\\n', '\n').replace('{%\n', '{'))
    depth = 0
    for sign in bare:
        depth += (sign == '{') - (sign == '}')
        assert depth >= 0
    assert depth == 0
    assert bare.count('$') % 2 == 0
    assert re.findall(r'\\begin{(\w+\*?)}', text) == ['table*', 'tabular']
    assert re.findall(r'\\end{(\w+\*?)}', text) == ['tabular', 'table*']
    columns = len(re.search(r'\\begin{tabular}{([lr]+)}', text)[1])  # type: ignore[index]
    body = text.split(r'\begin{tabular}')[1].split(r'\end{tabular}', maxsplit=1)[0]
    lines = [line for line in body.splitlines()[1:] if line and line != r'\hline']
    for line in lines:
        assert line.endswith(r'\\')
        assert len(re.findall(r'(?<!\\)&', line)) == columns - 1
    known = {'begin', 'end', 'centering', 'resizebox', 'ifdim', 'else', 'fi', 'width', 'textwidth', 'caption', 'label'}
    known |= {
        'hline',
        'textbf',
        'textit',
        'pm',
        'times',
        'downarrow',
        'uparrow',
        'dagger',
        'circ',
        'dots',
        'textbackslash',
    }
    known |= {'textasciitilde', 'textasciicircum'}
    assert set(re.findall(r'\\([a-z]+)', text)) <= known
    assert not re.search(r'(?<!\\)[%#_^](?!\\(circ|dagger))', bare)


def test_the_image_has_text_inside_and_empty_edges() -> None:
    picture = as_picture(TABLE)
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    inked = (picture != PAPER).any(axis=2)
    for edge in (inked[:30], inked[-30:], inked[:, :36], inked[:, -36:]):
        assert not edge.any()
    larger = as_picture(ComparisonTable('t', TABLE.title, TABLE.notes, TABLE.headings, TABLE.rows * 2))
    assert larger.shape[1] == picture.shape[1]
    assert larger.shape[0] > picture.shape[0] + 4 * 40
    assert (picture == INK).all(axis=2).any()


@pytest.mark.parametrize('sign', list('±×↓↑°†–0123456789%_'))
def test_the_font_has_every_character(sign: str) -> None:
    heading = ('A heading that is wider than the title',)
    blank, unknown, drawn = (
        as_picture(ComparisonTable('t', text, (), heading, ())) for text in ('', '\U000f1234', sign)
    )
    assert (drawn != blank).any()
    assert (drawn != unknown).any()
