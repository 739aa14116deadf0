# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Section of each modality in a model card: text and table of its scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from audio_manifold_ros.evaluation.reporting.metric_labels import (
    DEPTH_METRICS,
    DEPTH_UNITS,
    NORMAL_METRICS,
    REGIONS,
    SEGMENTATION_KEYS,
    VARIANTS,
    describe_depth_range,
)
from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION

Cells = tuple[str, ...]
Figures = Mapping[str, float | None]
SEGMENTATION_TEXT = (
    'Intersection over union (IoU) of each class from one confusion matrix of the whole test set. mIoU is the mean '
    'over the classes that occur in the ground truth. All values are in percent.'
)


@dataclass(frozen=True)
class CardSection:
    """A section of the card.

    Attributes:
        title: Heading.
        text: Text above the table.
        header: Titles of the columns.
        rows: Cells of each row.
        conclusion: Text below the table; may be empty.

    """

    title: str
    text: str
    header: Cells
    rows: Sequence[Cells]
    conclusion: str = ''


def _depth_section(depth: Figures, unit: str) -> CardSection:
    changes = [
        f'{name if region else "all pixels"} {_change(depth, region, "_prior")} than the prior, '
        f'{_change(depth, region, "_shuffled")} than with shuffled audio'
        for region, name in REGIONS.items()
        if depth.get(f'abs_rel{region}') is not None
    ]
    return CardSection(
        'Depth',
        f'Ground truth and prediction are clipped to {describe_depth_range(unit)}. Pixels without ground-truth depth '
        f'(sky) are ignored. ABS_rel and SQR_rel are divided by the ground truth. RMSE (in {DEPTH_UNITS[unit]}) and '
        'RMSE log are means over images. All other metrics are means over pixels.',
        ('Pixels', 'Predictor', *DEPTH_METRICS.values()),
        region_rows(depth, DEPTH_METRICS),
        f'ABS_rel of this model compared with the controls: {"; ".join(changes)}.',
    )


def region_rows(figures: Figures, metrics: Mapping[str, str]) -> list[Cells]:
    """Return a row of figures for each region and each variant that has one.

    Args:
        figures: Figures by metric, region and variant.
        metrics: Metrics of the columns.

    """
    rows = []
    for region, region_name in REGIONS.items():
        for variant, name in VARIANTS.items():
            values = [figures.get(f'{metric}{region}{variant}') for metric in metrics]
            if any(value is not None for value in values):
                label = f'**{name}**' if variant == '' else name
                rows.append((region_name, label, *(format_number(value, 3) for value in values)))
    return rows


def _segmentation_section(segmentation: Figures, unit: str) -> CardSection:
    del unit
    rows = [
        (name, *(format_percent(segmentation.get(f'{key}{variant}')) for variant in VARIANTS))
        for key, name in SEGMENTATION_KEYS.items()
        if segmentation.get(key) is not None
    ]
    return CardSection('Segmentation', SEGMENTATION_TEXT, ('Class', *VARIANTS.values()), rows)


def _normal_section(normals: Figures, unit: str) -> CardSection:
    del unit
    return CardSection(
        'Surface normals',
        'Angles between predicted and true unit normals in the camera frame, over all pixels with ground truth. The '
        'true normals are computed from depth. Pixels at depth discontinuities are ignored.',
        ('Pixels', 'Predictor', *NORMAL_METRICS.values()),
        region_rows(normals, NORMAL_METRICS),
    )


def _change(depth: Figures, region: str, control: str) -> str:
    """Return the change of ABS_rel against a control, for example `21% lower`."""
    value, reference = depth.get(f'abs_rel{region}'), depth.get(f'abs_rel{region}{control}')
    if value is None or not reference:
        return '–'
    change = value / reference - 1
    return f'{abs(change):.0%} {"lower" if change <= 0 else "higher"}'


def format_percent(value: float | None) -> str:
    """Return a fraction in percent with one decimal place."""
    return format_number(None if value is None else 100 * value, 1)


def format_number(value: float | None, digits: int) -> str:
    """Return a number, or a dash for none."""
    return '–' if value is None else f'{value:.{digits}f}'


# By modality, the section for its figures and the unit of depth.
CARD_SECTIONS: Mapping[str, Callable[[Figures, str], CardSection]] = {
    DEPTH: _depth_section,
    SEGMENTATION: _segmentation_section,
    NORMALS: _normal_section,
}
# By modality, the condition of a correct pixel.
CORRECT_TEXTS: Mapping[str, str] = {
    DEPTH: 'its depth is within 25 % of the ground truth (for sky: no depth)',
    SEGMENTATION: 'its class is correct',
    NORMALS: 'its normal is within 22.5° of the ground truth',
}
