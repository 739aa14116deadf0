# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Table of figures, independent of its output format."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

NO_VALUE = '–'
IMPOSSIBLE = '†'


class RowKind(Enum):
    """Kind of a row."""

    PRIOR = 'prior'
    MODEL = 'model'
    CONTROL = 'control'
    PAPER = 'paper'


@dataclass(frozen=True)
class Cell:
    """One figure.

    Attributes:
        text: Text of the figure.
        best: The figure is the best of its column among the models.

    """

    text: str = NO_VALUE
    best: bool = False


@dataclass(frozen=True)
class Row:
    """One line.

    Attributes:
        method: Name of the method in the paper. Empty if it is in a row above.
        source: System, control or table of the figures.
        seeds: Number of runs. Empty for the paper.
        cells: The figures.
        kind: Kind of the row.

    """

    method: str
    source: str
    seeds: str
    cells: tuple[Cell, ...]
    kind: RowKind

    @property
    def texts(self) -> tuple[str, ...]:
        """Texts of the row."""
        return (self.method, self.source, self.seeds, *(cell.text for cell in self.cells))


@dataclass(frozen=True)
class ComparisonTable:
    """A table.

    Attributes:
        key: Name of its files.
        title: Title, one line.
        notes: Notes: run conditions, metric convention, and problems of figures.
        headings: Headings of all columns, in the order of `Row.texts`.
        rows: Rows. A row with a method starts a new block.

    """

    key: str
    title: str
    notes: tuple[str, ...]
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
