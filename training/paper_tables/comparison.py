# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Result tables of a dataset: stored runs next to the paper, with controls, grouped by equal run conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import mean, stdev

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.evaluation.metrics.metric_names import MODEL
from audio_manifold_ros.evaluation.reporting.metric_labels import CARD_VARIANTS
from training.paper_tables.columns import CONVENTIONS, STRUCTURE, Column, Convention
from training.paper_tables.published_values import Paper, PaperRow, PaperTable, PublishedRow
from training.paper_tables.records import RunConditions, RunRecord, group_by_conditions
from training.paper_tables.run_conditions import describe_run_conditions
from training.paper_tables.table import IMPOSSIBLE, NO_VALUE, Cell, ComparisonTable, Row, RowKind

# Earlier records have the control with one microphone.
CONTROL_NAMES = {'shuffled': 'shuffled audio', 'mirrored': 'mirrored microphones', 'mono': 'one microphone'}
ABLATION = 'ablation'
MIN_SEEDS = 3
HEADINGS = ('Method', 'Source', 'Seeds')
BEST_NOTE = 'The best mean of a column is marked. A lead below the deviations (±, over seeds) is not significant.'
OTHER_DATA_NOTE = "The paper's figures are of other datasets and not comparable."
IMPOSSIBLE_NOTE = (
    f"{IMPOSSIBLE} is impossible: AUC_crr by the paper's equation is below 0.30. Perhaps a digit is missing."
)


def comparison_tables(dataset: str, records: Sequence[RunRecord], paper: Paper) -> list[ComparisonTable]:
    """Return all tables of a dataset: by run conditions, then in the order of the paper, each in every convention.

    Without a run, each table of the paper is returned once, alone.

    Raises:
        TrainingError: There is no run of the dataset, and it is not in the paper.

    """
    found: list[ComparisonTable] = []
    if not records and dataset not in paper.datasets:
        msg = f'No run of {dataset!r} is stored: run a system on it, or give one of {list(paper.datasets)}.'
        raise TrainingError(msg)
    for number, (conditions, group) in enumerate(group_by_conditions(list(records)).items(), 1):
        key_suffix = '' if number == 1 else f'_terms_{number}'
        for published in paper.tables_of(dataset):
            for convention in CONVENTIONS[published.shape]:
                builder = _Builder(dataset, convention, paper, group, conditions)
                found.append(_with_key_suffix(builder.compare_with_paper(published), key_suffix))
        builder = _Builder(dataset, STRUCTURE, paper, group, conditions)
        found.append(_with_key_suffix(builder.structure(paper.tables_of(dataset)), key_suffix))
    if not records:
        first = {shape: conventions[0] for shape, conventions in CONVENTIONS.items()}
        builders = {shape: _Builder(dataset, convention, paper, [], None) for shape, convention in first.items()}
        found += [builders[published.shape].compare_with_paper(published) for published in paper.tables_of(dataset)]
    return found


@dataclass(frozen=True)
class _Builder:
    """Builder of one table from runs of equal conditions."""

    dataset: str
    convention: Convention
    paper: Paper
    records: Sequence[RunRecord]
    conditions: RunConditions | None

    def compare_with_paper(self, published: PaperTable) -> ComparisonTable:
        """Return a table in the shape of the paper, with other systems below."""
        systems = [system for row in published.rows for system in row.systems]
        blocks = [self._block(row, published) for row in published.rows]
        if published.shape != ABLATION:
            unknown = [system for system in self._systems() if system not in self.paper.systems]
            others = [system for system in unknown if self._has_figures(system)]
            blocks += [self._system(system, 'not in the paper') for system in others]
            systems += others
        notes = [self.convention.note, BEST_NOTE] if self.records else []
        notes += [] if published.dataset else [OTHER_DATA_NOTE]
        notes += [IMPOSSIBLE_NOTE] if any(entry.impossible for row in published.rows for entry in row.published) else []
        number = f'Table{"s" if len(published.numbers) > 1 else ""} {" and ".join(map(str, published.numbers))}'
        title = f'{number}. {published.title or f"{self.dataset}: {published.shape}"}, {self.convention.title}'
        key = f'table_{"_".join(map(str, published.numbers))}_{self.convention.key}'
        return self._table(key, title, systems, blocks, notes)

    def structure(self, tables: Sequence[PaperTable]) -> ComparisonTable:
        """Return the table of structure metrics, with systems in the order of the paper."""
        methods = {system: row.method for table in reversed(tables) for row in table.rows for system in row.systems}
        ranks = {system: place for place, system in enumerate(_in_order(tables))}
        measured = [system for system in self._systems() if self._has_figures(system)]
        systems = sorted(measured, key=lambda system: (ranks.get(system, len(ranks)), system))
        blocks = [self._system(system, methods.get(system, 'not in the paper')) for system in systems]
        title = f'Structure: {self.dataset}, {self.convention.title}'
        return self._table(self.convention.key, title, systems, blocks, [self.convention.note, BEST_NOTE])

    def _table(
        self, key: str, title: str, systems: Sequence[str], blocks: Sequence[list[Row]], notes: Sequence[str]
    ) -> ComparisonTable:
        rows = _mark_best([*self._prior(), *(row for block in blocks for row in block)], self.convention.columns)
        runs = [record for record in self.records if record.system in systems]
        under_sampled = [name for name in self._systems() if name in systems and len(self._runs(name)) < MIN_SEEDS]
        notes = [*notes, f'Fewer than three runs so far: {", ".join(under_sampled)}.'] if under_sampled else notes
        headings = (*HEADINGS, *(column.heading for column in self.convention.columns))
        leaks = self.conditions is not None and self.conditions.leaks is True
        title = f'NOT A RESULT (the split leaks): {title}' if leaks else title
        return ComparisonTable(
            key, title, (describe_run_conditions(self.conditions, runs or self.records), *notes), headings, tuple(rows)
        )

    def _block(self, row: PaperRow, published: PaperTable) -> list[Row]:
        lines: list[Row] = []
        run = [system for system in row.systems if self._runs(system)]
        for system in run or row.systems[:1]:
            lines += self._system(system, '' if lines else row.method)
        return [*lines, *(self._published_row(entry, named=not published.dataset) for entry in row.published)]

    def _system(self, system: str, method: str) -> list[Row]:
        runs = self._runs(system)
        names = self.paper.names
        source = f'{system} ({names[system]})' if system in names else system
        lines = [Row(method, source, str(len(runs)) if runs else NO_VALUE, self._cells(runs, MODEL), RowKind.MODEL)]
        for variant, name in CONTROL_NAMES.items():
            cells = self._cells(runs, variant)
            if any(cell.text != NO_VALUE for cell in cells):
                lines.append(Row('', name, str(len(runs)), cells, RowKind.CONTROL))
        return lines

    def _prior(self) -> list[Row]:
        # Equal for all systems and seeds, unless a split depends on the seed.
        found = [dict.fromkeys(_figures(self.records, column, 'prior')) for column in self.convention.columns]
        if not any(found):
            return []
        pairs = zip(found, self.convention.columns, strict=True)
        cells = tuple(Cell(format_mean_std(list(values), column.digits)) for values, column in pairs)
        return [Row(CARD_VARIANTS['_prior'], '', '', cells, RowKind.PRIOR)]

    def _published_row(self, published: PublishedRow, *, named: bool) -> Row:
        figures = dict(zip(self._paper_keys(), published.values, strict=True))
        cells = tuple(
            Cell(_format_published(figures[column.key], impossible=column.key in published.impossible))
            if column.key in figures
            else Cell()
            for column in self.convention.columns
        )
        return Row('', f'paper, {published.dataset.upper()}' if named else 'paper', '', cells, RowKind.PAPER)

    def _paper_keys(self) -> list[str]:
        return [column.key for column in self.convention.columns if column.key]

    def _cells(self, runs: Sequence[RunRecord], variant: str) -> tuple[Cell, ...]:
        return tuple(
            Cell(format_mean_std(_figures(runs, column, variant), column.digits)) for column in self.convention.columns
        )

    def _has_figures(self, system: str) -> bool:
        return any(cell.text != NO_VALUE for cell in self._cells(self._runs(system), MODEL))

    def _systems(self) -> list[str]:
        return list(dict.fromkeys(record.system for record in self.records))

    def _runs(self, system: str) -> list[RunRecord]:
        return [record for record in self.records if record.system == system]


def format_mean_std(values: Sequence[float], digits: int) -> str:
    """Return the mean of runs, with the sample standard deviation of two or more runs."""
    if not values:
        return NO_VALUE
    if len(values) == 1:
        return f'{values[0]:.{digits}f}'
    return f'{mean(values):.{digits}f} ± {stdev(values):.{digits}f}'


def _in_order(tables: Sequence[PaperTable]) -> dict[str, None]:
    """Return the systems of tables in row order."""
    return dict.fromkeys(system for table in tables for row in table.rows for system in row.systems)


def _figures(runs: Sequence[RunRecord], column: Column, variant: str) -> list[float]:
    found = (column.figure(record.scores, variant) for record in runs)
    return [value for value in found if value is not None]


def _format_published(text: str, *, impossible: bool) -> str:
    with_leading_zero = f'0{text}' if text.startswith('.') else text
    return f'{with_leading_zero}{IMPOSSIBLE}' if impossible else with_leading_zero


def _mark_best(rows: Sequence[Row], columns: Sequence[Column]) -> list[Row]:
    """Mark the best model of each column with at least two models."""
    best = []
    for place, column in enumerate(columns):
        means = {float(row.cells[place].text.split()[0]) for row in rows if _competes(row, place)}
        several = sum(_competes(row, place) for row in rows) > 1
        best.append((max(means) if column.higher_is_better else min(means)) if several else None)
    return [replace(row, cells=tuple(_mark(row, place, best[place]) for place in range(len(columns)))) for row in rows]


def _competes(row: Row, place: int) -> bool:
    return row.kind is RowKind.MODEL and row.cells[place].text != NO_VALUE


def _mark(row: Row, place: int, best: float | None) -> Cell:
    cell = row.cells[place]
    return replace(cell, best=_competes(row, place) and float(cell.text.split()[0]) == best)


def _with_key_suffix(table: ComparisonTable, key_suffix: str) -> ComparisonTable:
    return replace(table, key=f'{table.key}{key_suffix}')
