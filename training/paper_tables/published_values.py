# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The paper's own figures, read from `training/paper_tables.yaml`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.yaml_file import read_yaml
from training.paper_tables.columns import SHAPES

PAPER_FILE = Path(__file__).parent.parent / 'paper_tables.yaml'


@dataclass(frozen=True)
class PublishedRow:
    """One row as printed.

    Attributes:
        dataset: What it was measured on.
        values: The figures of the shape's columns, as the paper prints them.
        impossible: Names of columns whose figure cannot be what it says it is.

    """

    dataset: str
    values: tuple[str, ...]
    impossible: tuple[str, ...]


@dataclass(frozen=True)
class PaperRow:
    """A method of the paper.

    Attributes:
        method: What the paper calls it.
        systems: The configurations of this project that stand beside it.
        published: What the paper says of it.

    """

    method: str
    systems: tuple[str, ...]
    published: tuple[PublishedRow, ...]


@dataclass(frozen=True)
class PaperTable:
    """A table of the paper.

    Attributes:
        numbers: Its number; two for the shape that two tables share.
        dataset: What it was measured on; empty for a shape.
        shape: A key of `SHAPES`.
        title: Its caption.
        rows: Its methods.

    """

    numbers: tuple[int, ...]
    dataset: str
    shape: str
    title: str
    rows: tuple[PaperRow, ...]


@dataclass(frozen=True)
class Paper:
    """All tables, and what the systems beside them are called.

    Attributes:
        tables: In their order.
        names: Configuration to what it is called.

    """

    tables: tuple[PaperTable, ...]
    names: dict[str, str]

    @classmethod
    def from_yaml(cls, path: Path = PAPER_FILE) -> Paper:
        """Read the figures.

        Raises:
            TrainingError: The file cannot be read, or a row does not have the figures of its shape's columns.

        """
        values = read_yaml(path, TrainingError, 'Take the file of the release.')
        try:
            tables = tuple(_table(entry) for entry in values['tables'])
            return cls(tables, dict(values['systems']))
        except (KeyError, TypeError, ValueError) as error:
            msg = f'{path} does not hold the tables of the paper: {error!r}. Take the file of the release.'
            raise TrainingError(msg) from None

    @property
    def datasets(self) -> tuple[str, ...]:
        """Names of the data sets of the paper."""
        return tuple(dict.fromkeys(table.dataset for table in self.tables))

    @property
    def systems(self) -> frozenset[str]:
        """Configurations that stand beside a row of the paper."""
        return frozenset(system for table in self.tables for row in table.rows for system in row.systems)

    def tables_of(self, dataset: str) -> tuple[PaperTable, ...]:
        """Return the tables of a data set; for one that the paper did not use, each shape with all that is printed."""
        own = tuple(table for table in self.tables if table.dataset == dataset)
        if own:
            return own
        shapes = dict.fromkeys(table.shape for table in self.tables)
        return tuple(_merged([table for table in self.tables if table.shape == shape]) for shape in shapes)


def _table(entry: dict[str, Any]) -> PaperTable:
    rows = tuple(_row(entry, row) for row in entry['rows'])
    return PaperTable((entry['number'],), entry['dataset'], entry['shape'], entry['title'], rows)


def _row(entry: dict[str, Any], row: dict[str, Any]) -> PaperRow:
    columns = SHAPES[entry['shape']]
    published = PublishedRow(entry['dataset'], tuple(row['printed']), tuple(row.get('impossible', ())))
    figures = [float(value) for value in published.values]
    if len(figures) != len(columns) or min(figures) < 0 or set(published.impossible) - set(columns):
        msg = f'{row["method"]!r} of table {entry["number"]} has {published}, its columns are {columns}'
        raise ValueError(msg)
    return PaperRow(row['method'], tuple(row['systems']), (published,))


def _merged(tables: list[PaperTable]) -> PaperTable:
    rows: dict[str, PaperRow] = {}
    for table in tables:
        for row in table.rows:
            existing = rows.get(row.method)
            rows[row.method] = (
                row if existing is None else replace(existing, published=(*existing.published, *row.published))
            )
    numbers = tuple(number for table in tables for number in table.numbers)
    return PaperTable(numbers, '', tables[0].shape, '', tuple(rows.values()))
