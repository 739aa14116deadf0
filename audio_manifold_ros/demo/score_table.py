# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Table of the scores of a demo next to those of the prior, printed at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from audio_manifold_ros.demo.summary import FRAMES_BETTER, SHOWN_METRICS
from audio_manifold_ros.evaluation.metrics.metric_names import PRIOR

if TYPE_CHECKING:
    from audio_manifold_ros.demo.summary import Scores


def score_table(scores: Scores) -> Table:
    """Return a row for each metric of a demo: model, prior, and share of frames on which the model is better.

    The share is that of the first metric of a modality.
    """
    table = Table(title='Scores of the sampled frames', title_justify='left')
    for name in ('metric', 'model', 'prior of the camera', 'frames better than the prior'):
        table.add_column(name, justify='left' if name == 'metric' else 'right', no_wrap=True)
    for head, values in scores.items():
        for metric in SHOWN_METRICS[head]:
            share = values.get(FRAMES_BETTER) if metric == SHOWN_METRICS[head][0] else None
            figures = (_text(values.get(metric)), _text(values.get(f'{metric}_{PRIOR}')))
            table.add_row(metric, *figures, '' if share is None else f'{share:.0%}')
    return table


def _text(value: float | None) -> str:
    return '–' if value is None else f'{value:.3f}'
