# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Published figures of the paper, read from `training/paper_tables.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.yaml_file import read_yaml
from training.paper_tables.columns import SHAPES

PAPER_FILE = Path(__file__).parent.parent / 'paper_tables.yaml'


@dataclass(frozen=True)
class PublishedRow:
    """One published row.

    Attributes:
        dataset: Dataset of the figures.
        values: Figures of the columns of the table shape, as printed.
        impossible: Keys of columns whose figure is outside the range of the metric.

    """

    dataset: str
    values: tuple[str, ...]
    impossible: tuple[str, ...]


@dataclass(frozen=True)
class PaperRow:
    """A method of the paper.

    Attributes:
        method: Name in the paper.
        systems: Corresponding configurations of this project.
        published: Published rows of the method.

    """

    method: str
    systems: tuple[str, ...]
    published: tuple[PublishedRow, ...]


@dataclass(frozen=True)
class PaperTable:
    """A table of the paper.

    Attributes:
        numbers: Number of the table, or two numbers for a shape that two tables share.
        dataset: Dataset of the figures. Empty for a shape.
        shape: Key of `SHAPES`.
        title: Caption.
        rows: Methods.

    """

    numbers: tuple[int, ...]
    dataset: str
    shape: str
    title: str
    rows: tuple[PaperRow, ...]


@dataclass(frozen=True)
class Paper:
    """All tables of the paper, and the names of the corresponding systems.

    Attributes:
        tables: Tables in the order of the paper.
        names: Name of each configuration.

    """

    tables: tuple[PaperTable, ...]
    names: dict[str, str]

    @classmethod
    def from_yaml(cls, path: Path = PAPER_FILE) -> Paper:
        """Read the figures.

        Raises:
            TrainingError: The file cannot be read, or a row does not match the columns of its shape.

        """
        values = read_yaml(path, TrainingError, 'Take the file of the release.')
        try:
            tables = tuple(_table(entry) for entry in values['tables'])
            return cls(tables, dict(values['systems']))
        except (KeyError, TypeError, ValueError) as error:
            msg = f'{path} does not contain the tables of the paper: {error!r}. Take the file of the release.'
            raise TrainingError(msg) from None

    @property
    def datasets(self) -> tuple[str, ...]:
        """Names of the datasets of the paper."""
        return tuple(dict.fromkeys(table.dataset for table in self.tables))

    @property
    def systems(self) -> frozenset[str]:
        """Configurations that correspond to a row of the paper."""
        return frozenset(system for table in self.tables for row in table.rows for system in row.systems)

    def tables_of(self, dataset: str) -> tuple[PaperTable, ...]:
        """Return the tables of a dataset, or each shape with all its rows for a dataset that is not in the paper."""
        own = tuple(table for table in self.tables if table.dataset == dataset)
        if own:
            return own
        shapes = dict.fromkeys(table.shape for table in self.tables)
        return tuple(_merged([table for table in self.tables if table.shape == shape]) for shape in shapes)


def _table(entry: Mapping[str, Any]) -> PaperTable:
    rows = tuple(_row(entry, row) for row in entry['rows'])
    return PaperTable((entry['number'],), entry['dataset'], entry['shape'], entry['title'], rows)


def _row(entry: Mapping[str, Any], row: Mapping[str, Any]) -> PaperRow:
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
