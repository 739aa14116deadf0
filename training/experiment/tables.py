# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tables of a dataset from its stored runs, compared with the paper: as text, LaTeX and images.

audio-manifold train tables street
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from audio_manifold_ros.cli.console import print_error
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.drawing.images import save_png
from training.experiment.results import RESULTS
from training.paper_tables.comparison import comparison_tables
from training.paper_tables.image_writer import as_picture
from training.paper_tables.latex_writer import as_latex
from training.paper_tables.published_values import Paper
from training.paper_tables.records import load_records
from training.paper_tables.results_page import results_page
from training.paper_tables.text_writer import as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.paper_tables.table import ComparisonTable

TABLES = 'tables'
PAGE, PICTURES = 'results.md', 'results'


def write_tables(tables: Sequence[ComparisonTable], folder: Path) -> None:
    """Write each table as text, LaTeX and PNG, and remove the tables of earlier calls.

    Raises:
        EvaluationError: A picture cannot be written.

    """
    folder.mkdir(parents=True, exist_ok=True)
    for ending in ('txt', 'tex', 'png'):
        for old in folder.glob(f'*.{ending}'):
            old.unlink()
    for table in tables:
        path = folder / table.key
        path.with_suffix('.txt').write_text(as_text(table), encoding='utf-8')
        path.with_suffix('.tex').write_text(as_latex(table), encoding='utf-8')
        save_png(path.with_suffix('.png'), as_picture(table))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = command_parser('train tables')
    parser.add_argument('dataset', help='street, oap, mavd or whatever your records name')
    parser.add_argument(
        '--results', type=Path, default=RESULTS, help='folder of the records, as `train run` prints it (%(default)s)'
    )
    parser.add_argument('--docs', type=Path, help=f'folder for results.md and the tables ({TABLES} in that folder)')
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        paper = Paper.from_yaml()
        tables = comparison_tables(options.dataset, load_records(options.results, options.dataset), paper)
        sys.stdout.write('\n'.join(map(as_text, tables)))
        docs = options.docs or options.results / TABLES
        folder = docs / PICTURES / options.dataset
        write_tables(tables, folder)
        (docs / PAGE).write_text(results_page(options.results, paper), encoding='utf-8')
    except (AudioManifoldError, OSError) as error:
        print_error(console, error)
        return 1
    console.print(f'{docs / PAGE} and {folder}', highlight=False, soft_wrap=True)
    return 0
