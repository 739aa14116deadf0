# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Columns of the paper's tables, and the path of their figures in a record for each metric convention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from audio_manifold_ros.evaluation.metrics.metric_names import suffixed
from audio_manifold_ros.evaluation.metrics.paper_metrics import DEPTH_KEYS, PAPER_CLASSES

# Column keys of the paper's tables by table shape, in the order of the paper.
SHAPES: dict[str, tuple[str, ...]] = {
    'depth': DEPTH_KEYS,
    'segmentation': ('miou', *(f'iou_{name}' for name in PAPER_CLASSES)),
    'ablation': DEPTH_KEYS,
}


@dataclass(frozen=True)
class Column:
    """One column of figures.

    Attributes:
        key: Column of the paper. Empty for one that is not in the paper.
        heading: Heading, with an arrow in the direction of improvement.
        path: Path of the model's figure in the scores of a record: keys of nested mappings.
        digits: Number of decimals.
        percent: The figure is stored as a fraction and shown in per cent.

    """

    key: str
    heading: str
    path: tuple[str, ...]
    digits: int
    percent: bool = False

    @property
    def higher_is_better(self) -> bool:
        """True if a higher figure is better."""
        return self.heading.endswith('↑')

    def figure(self, scores: Mapping[str, object], variant: str) -> float | None:
        """Return the figure of the model or a control, or None without one in the record."""
        found: object = scores
        for name in (*self.path[:-1], suffixed(self.path[-1], variant)):
            found = found.get(name) if isinstance(found, Mapping) else None
        return float(found) * (100 if self.percent else 1) if isinstance(found, (int, float)) else None


@dataclass(frozen=True)
class Convention:
    """One definition of the columns of a table shape.

    Attributes:
        key: Name in file names.
        title: Name in headings.
        note: Description of the definition.
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
        'Each prediction is first scaled by the ratio of medians. Errors are divided by the ground truth. Every figure '
        "is a mean over images. AUC follows the equation. According to its code, the paper's figures are of this kind. "
        'Its depth is not in metres, so RMSE_lin and SQR_rel are not comparable.',
        _depth(('conventions', 'reference'), auc_crr='auc_crr_equation'),
    ),
    Convention(
        'unscaled',
        'as predicted',
        'Unscaled and clipped to 1..80 m (if the scale of the ground truth is unknown, to 0.1..80 of its unit). Errors '
        "are divided by the ground truth. RMSE is a mean over images. The paper's figures are not of this kind.",
        _depth(('depth',)),
    ),
    Convention(
        'equation',
        "by the paper's equation 1",
        'Unscaled and clipped like the table as predicted. Errors are divided by the prediction. RMSE is over all '
        'pixels at once. The paper states this definition, but its code computes another one.',
        _depth(('conventions', 'paper')),
    ),
)
SEGMENTATION_CONVENTIONS = (
    Convention(
        'images',
        'as the published code computes it',
        'Intersection over union of each image over the classes in its ground truth, then means over images. '
        "According to its code, the paper's figures are of this kind.",
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
    'beyond pixel metrics',
    'Explained: 1 - squared error of log depth (or pixels of the wrong class) / that of the median prior. Edges: '
    'boundary F-score within 0.75 % of the diagonal, wide 3 %. Cars: connected regions with centres within 10°, '
    'matched one to one. Errors are those of the cars found. metrics.md has the formulae.',
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
