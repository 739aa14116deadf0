# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A table of figures, before anybody decides how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

NO_VALUE = '–'
IMPOSSIBLE = '†'


class RowKind(Enum):
    """Whose row it is."""

    PRIOR = 'prior'
    MODEL = 'model'
    CONTROL = 'control'
    PAPER = 'paper'


@dataclass(frozen=True)
class Cell:
    """One figure.

    Attributes:
        text: As shown.
        best: Whether it is the best of its column among the models.

    """

    text: str = NO_VALUE
    best: bool = False


@dataclass(frozen=True)
class Row:
    """One line.

    Attributes:
        method: What the paper calls it; empty where the line above says it.
        source: Which system, control or table the figures are of.
        seeds: Number of runs; empty for the paper.
        cells: The figures.
        kind: Whose row it is.

    """

    method: str
    source: str
    seeds: str
    cells: tuple[Cell, ...]
    kind: RowKind

    @property
    def texts(self) -> tuple[str, ...]:
        """All that the line says."""
        return (self.method, self.source, self.seeds, *(cell.text for cell in self.cells))


@dataclass(frozen=True)
class ResultTable:
    """A whole table.

    Attributes:
        key: Names its files.
        title: One line.
        notes: What must be known to read it: the budget, the convention, whatever is wrong with figures.
        headings: Of all columns, `Row.texts` below them.
        rows: A row with a method begins a new block.

    """

    key: str
    title: str
    notes: tuple[str, ...]
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
