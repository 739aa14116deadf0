# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`docs/results.md`: the tables of every data set, from the stored runs alone."""

from __future__ import annotations

from pathlib import Path

from training.paper_tables.comparison import comparison_tables
from training.paper_tables.published_values import Paper
from training.paper_tables.records import load_records, stored_datasets
from training.paper_tables.text_writer import as_markdown

INTRODUCTION = """# Results

This page is written by `python -m training.experiment.tables` from the records in `training/results/`, which
`python -m training.experiment.run` leaves behind. Nothing in it is typed by hand: run more seeds or another system, and make it
again.

Figures are means ± standard deviations over seeds. The **training prior** is the median depth and the most frequent
class of each pixel over the training windows: what can be said without listening. **Shuffled audio** is the same
network given the sound of another drive, **one microphone** the same network given one microphone on all channels. A
system has heard something only where it beats all three. Runs on different terms (drives, steps, precision, split)
never share a table. [metrics.md](metrics.md) says how every figure is computed.
"""


def results_page(results: Path, paper: Paper) -> str:
    """Return the page (Markdown): the data sets that have runs first, then those of the paper that have none.

    Raises:
        TrainingError: A record cannot be read.

    """
    stored = stored_datasets(results)
    parts = [INTRODUCTION]
    for dataset in dict.fromkeys((*stored, *paper.datasets)):
        records = load_records(results, dataset)
        parts.append(f'## {dataset}\n')
        parts += [as_markdown(table) for table in comparison_tables(dataset, records, paper)]
    return '\n'.join(parts)
