# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The columns of the paper's tables, and where a record keeps their figures in each convention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audio_manifold_ros.evaluation.metrics.metric_names import suffixed
from audio_manifold_ros.evaluation.metrics.paper_metrics import DEPTH_KEYS, PAPER_CLASSES

# Columns of the paper's tables by their shape, in its order.
SHAPES: dict[str, tuple[str, ...]] = {
    'depth': DEPTH_KEYS,
    'segmentation': ('miou', *(f'iou_{name}' for name in PAPER_CLASSES)),
    'ablation': DEPTH_KEYS,
}


@dataclass(frozen=True)
class Column:
    """One column of figures.

    Attributes:
        key: The paper's column that it stands under; empty for one that the paper lacks.
        heading: With an arrow to the better side.
        path: Where a record's scores keep the figure of the model: names of nested dictionaries, then of the figure.
        digits: Behind the point.
        percent: Kept as a share, shown in per cent.

    """

    key: str
    heading: str
    path: tuple[str, ...]
    digits: int
    percent: bool = False

    @property
    def higher_is_better(self) -> bool:
        """Whether more is better."""
        return self.heading.endswith('↑')

    def figure(self, scores: Mapping[str, Any], variant: str) -> float | None:
        """Return the figure of the model or a control, None where the record has none."""
        found: Any = scores
        for name in self.path[:-1]:
            found = found.get(name) or {}
        value = found.get(suffixed(self.path[-1], variant))
        return None if value is None else float(value) * (100 if self.percent else 1)


@dataclass(frozen=True)
class Convention:
    """One way to compute the columns of a shape.

    Attributes:
        key: Names it in file names.
        title: Names it in headings.
        note: What it does.
        columns: Its columns.

    """

    key: str
    title: str
    note: str
    columns: tuple[Column, ...]


def _depth(path: tuple[str, ...], **others: str) -> tuple[Column, ...]:
    formats = {'abs_rel': ('ABS_rel ↓', 3), 'sq_rel': ('SQR_rel ↓', 3), 'rmse': ('RMSE_lin ↓', 2)}
    formats |= {'rmse_log': ('RMSE_log ↓', 3), 'auc_crr': ('AUC_crr ↑', 3)}
    return tuple(
        Column(key, heading, (*path, others.get(key, key)), digits) for key, (heading, digits) in formats.items()
    )


def _classes(mean: tuple[str, ...], path: tuple[str, ...]) -> tuple[Column, ...]:
    texts = 'Road', 'Side.', 'Build.', 'Fence', 'Veget.', 'Terr.', 'Sky', 'Car'
    keys = [f'iou_{name}' for name in PAPER_CLASSES]
    return (
        Column('miou', 'AVG ↑', mean, 2, percent=True),
        *(Column(key, f'{text} ↑', (*path, key), 2, percent=True) for key, text in zip(keys, texts, strict=True)),
        Column('', 'all 19 ↑', (*path, 'miou'), 2, percent=True),
    )


DEPTH_CONVENTIONS = (
    Convention(
        'reference',
        'as the published code computes it',
        'Each prediction is first scaled by the ratio of medians, errors are divided by the truth, every figure is a '
        "mean over images; AUC by the equation. The paper's figures are of this kind, as far as its code tells; its "
        'depth is not in metres, so RMSE_lin and SQR_rel do not compare.',
        _depth(('conventions', 'reference'), auc_crr='auc_crr_equation'),
    ),
    Convention(
        'unscaled',
        'as predicted',
        'Unscaled, clipped to 1..80 m (where the scale of the truth is unknown, to 0.1..80 of its unit), errors '
        "divided by the truth, RMSE as means over images. The paper's figures are not of this kind.",
        _depth(('depth',)),
    ),
    Convention(
        'equation',
        "by the paper's equation 1",
        'Unscaled and clipped like the table as predicted, errors divided by the prediction, RMSE over all pixels at '
        'once: what the paper writes, not what its code computes.',
        _depth(('conventions', 'paper')),
    ),
)
SEGMENTATION_CONVENTIONS = (
    Convention(
        'images',
        'as the published code computes it',
        "Intersection over union of each image over the classes in its truth, then means over images. The paper's "
        'figures are of this kind, as far as its code tells.',
        _classes(('conventions', 'reference', 'miou_paper_classes'), ('conventions', 'reference')),
    ),
    Convention(
        'dataset',
        'over the whole test set',
        "Intersection over union from one confusion matrix of the whole test set. The paper's figures are not of this "
        'kind.',
        _classes(('conventions', 'paper', 'miou'), ('segmentation',)),
    ),
)
CONVENTIONS = {'depth': DEPTH_CONVENTIONS, 'segmentation': SEGMENTATION_CONVENTIONS, 'ablation': DEPTH_CONVENTIONS}
STRUCTURE = Convention(
    'structure',
    'what pixel metrics do not see',
    'Explained: 1 - squared error of log depth (or pixels of the wrong class) / that of the training prior. Edges: '
    'boundary F-score within 0.75 % of the diagonal, wide 3 %. Cars: connected regions whose centres lie within 10°, '
    'one to one; errors are those of the cars found. The formulae stand in metrics.md.',
    (
        Column('', 'log depth explained ↑', ('structure', 'explained_log_depth'), 3),
        Column('', 'classes explained ↑', ('structure', 'explained_classes'), 3),
        Column('', 'depth edges F ↑', ('structure', 'depth_edges_f'), 3),
        Column('', 'wide ↑', ('structure', 'depth_edges_f_wide'), 3),
        Column('', 'class edges F ↑', ('structure', 'class_edges_f'), 3),
        Column('', 'wide ↑', ('structure', 'class_edges_f_wide'), 3),
        Column('', 'cars found ↑', ('structure', 'cars_recall'), 3),
        Column('', 'within 20 m ↑', ('structure', 'cars_recall_nearby'), 3),
        Column('', 'cars true ↑', ('structure', 'cars_precision'), 3),
        Column('', 'azimuth error ° ↓', ('structure', 'cars_azimuth_error_deg'), 2),
        Column('', 'distance error ↓', ('structure', 'cars_distance_error'), 3),
    ),
)
