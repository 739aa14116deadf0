# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sections of a model card: text and tables of the scores of each modality, of streets and of controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from audio_manifold_ros.evaluation.metrics.metric_names import MODEL, suffixed
from audio_manifold_ros.evaluation.metrics.street_statistics import WORSE_MARGIN
from audio_manifold_ros.evaluation.reporting.metric_labels import (
    CARD_VARIANTS,
    CONTROL_TEXTS,
    DEPTH_METRICS,
    DEPTH_UNITS,
    NORMAL_METRICS,
    PRIOR_TEXTS,
    PUBLISHED_SHARES,
    REGIONS,
    SEGMENTATION_KEYS,
    THIS_MODEL,
    describe_depth_range,
)
from audio_manifold_ros.modalities.registry import DEPTH, METRE, NORMALS, SEGMENTATION
from audio_manifold_ros.networks.vehicle_map import VEHICLES

Cells = tuple[str, ...]
Figures = Mapping[str, float | None]
Scores = Mapping[str, Any]
# Figures of the table of controls: modality, key, title, and whether it is in percent.
CONTROL_FIGURES = (
    (DEPTH, 'abs_rel', 'ABS_rel ↓', False),
    (DEPTH, 'abs_rel_vehicles', 'vehicles ↓', False),
    (DEPTH, 'abs_rel_facades', 'façades ↓', False),
    (SEGMENTATION, 'miou', 'mIoU (%) ↑', True),
    (SEGMENTATION, 'iou_car', 'car (%) ↑', True),
)


@dataclass(frozen=True)
class CardTable:
    """A table of the card.

    Attributes:
        header: Titles of the columns.
        rows: Cells of each row.

    """

    header: Cells
    rows: Sequence[Cells]


@dataclass(frozen=True)
class CardSection:
    """A section of the card.

    Attributes:
        title: Heading.
        text: Text above the tables.
        tables: The tables.

    """

    title: str
    text: str
    tables: tuple[CardTable, ...]


def card_sections(scores: Scores) -> list[CardSection]:
    """Return the sections for which there are scores, in order.

    Args:
        scores: Result of `MetricSuite.result`.

    """
    sections = {**CARD_SECTIONS, VEHICLES: _vehicle_section, 'over_streets': _street_section}
    found = [section(scores) for name, section in sections.items() if scores.get(name)]
    return [section for section in found if section.tables]


def present(texts: Mapping[str, tuple[str, str]], scores: Scores) -> dict[str, tuple[str, str]]:
    """Return the entries of a table of predictors that have scores."""
    figures = {**(scores.get(DEPTH) or {}), **(scores.get(SEGMENTATION) or {})}
    return {
        variant: text
        for variant, text in texts.items()
        if any(figures.get(suffixed(key, variant)) is not None for key in ('abs_rel', 'miou'))
    }


def _depth_section(scores: Scores) -> CardSection:
    depth, unit = scores[DEPTH], scores.get('depth_unit', METRE)
    errors = _standard_errors(scores, DEPTH)
    priors = present(PRIOR_TEXTS, scores)
    regions = []
    for region, name in REGIONS.items():
        key = f'abs_rel{region}'
        if depth.get(key) is not None:
            values = [_with_error(depth, errors, suffixed(key, variant), format_depth) for variant in (MODEL, *priors)]
            regions.append((name, f'**{values[0]}**', *values[1:]))
    predictors = {MODEL: (f'**{THIS_MODEL}**', ''), **priors, **present(CONTROL_TEXTS, scores)}
    rows = [
        (label, *(format_number(depth.get(suffixed(metric, variant)), 3) for metric in DEPTH_METRICS))
        for variant, (label, _) in predictors.items()
    ]
    labels = [text[0] for text in priors.values()]
    published = scores.get('published') or {}
    as_published = [
        (
            label,
            format_depth(published[suffixed('abs_rel', variant)]),
            *(format_percent(published[suffixed(key, variant)]) for key in PUBLISHED_SHARES),
        )
        for variant, (label, _) in predictors.items()
        if published.get(suffixed('abs_rel', variant)) is not None
    ]
    published_header = ('As published', 'ABS_rel ↓', *(f'{share} ↓' for share in PUBLISHED_SHARES.values()))
    return CardSection(
        'Depth',
        f'Ground truth and prediction are clipped to {describe_depth_range(unit)}. Pixels without ground-truth depth '
        f'(sky) are ignored. ABS_rel and SQR_rel are divided by the ground truth. RMSE (in {DEPTH_UNITS[unit]}) and '
        'RMSE log are means over images. All other metrics are means over pixels. The first table is ABS_rel of each '
        'region of the ground truth. *Around vehicles* are the pixels within 5 % of the image of a vehicle.'
        f'{_error_note(errors)}'
        f'{PUBLISHED_TEXT if as_published else ""}',
        (
            CardTable(('Pixels', THIS_MODEL, *labels), regions),
            CardTable(('All pixels', *DEPTH_METRICS.values()), rows),
            *((CardTable(published_header, as_published),) if as_published else ()),
        ),
    )


def _segmentation_section(scores: Scores) -> CardSection:
    segmentation, errors = scores[SEGMENTATION], _standard_errors(scores, SEGMENTATION)
    priors = present(PRIOR_TEXTS, scores)
    rows = []
    for key, name in SEGMENTATION_KEYS.items():
        if segmentation.get(key) is not None:
            keys = [suffixed(key, variant) for variant in (MODEL, *priors)]
            cells = [_with_error(segmentation, errors, entry, format_percent) for entry in keys]
            rows.append((name, f'**{cells[0]}**', *cells[1:]))
    return CardSection(
        'Segmentation',
        'Intersection over union (IoU) of each class from one confusion matrix of the whole test set. mIoU is the mean '
        f'over the classes that occur in the ground truth. All values are in percent.{_error_note(errors)}',
        (CardTable(('Class', THIS_MODEL, *(text[0] for text in priors.values())), rows),),
    )


def _normal_section(scores: Scores) -> CardSection:
    return CardSection(
        'Surface normals',
        'Angles between predicted and true unit normals in the camera frame, over all pixels with ground truth. The '
        'true normals are computed from depth. Pixels at depth discontinuities are ignored.',
        (CardTable(('Pixels', 'Predictor', *NORMAL_METRICS.values()), region_rows(scores[NORMALS], NORMAL_METRICS)),),
    )


def _vehicle_section(scores: Scores) -> CardSection:
    found = scores[VEHICLES]
    rows = [
        (
            f'{distance} m',
            str(figures['moving']),
            *(format_percent(figures[key]) for key in VEHICLE_FIGURES),
        )
        for distance, figures in found['within'].items()
    ]
    header = ('Within', 'vehicles', *VEHICLE_FIGURES.values())
    probability = format_number(found['probability'], 1)
    rates = [
        (f'{text}, at a probability from {probability}', form(found[key]))
        for key, (text, form) in OPERATING_FIGURES.items()
        if found.get(key) is not None
    ]
    errors = [(text, form(found[key])) for key, (text, form) in VEHICLE_ERRORS.items() if found.get(key) is not None]
    reliability = [
        (format_percent(row['probability']), format_percent(row['right']), str(row['found']))
        for row in found.get('reliability', ())
    ]
    # Scores of earlier versions have no calibration, and their cards no such section.
    tables = (
        CardTable(header, rows),
        CardTable(('Figure', 'Value'), [*rates, *errors]),
        CardTable(('Probability (%)', 'right (%)', 'found vehicles'), reliability),
    )
    return CardSection(
        'Vehicles all round',
        'Moving vehicles, those behind the robot and hidden ones included. The average precision is the area below '
        'precision over recall. In position a hit is within 10° and 20 % of the distance, in direction within 10°. A '
        'found vehicle is right if a moving one is within 10° of it. The calibration error is the mean difference '
        'between the probability and the fraction of right vehicles in the bins of the last table.',
        tables if reliability else (),
    )


def _street_section(scores: Scores) -> CardSection:
    found = scores['over_streets']
    rows = []
    for variant, figures in found['against'].items():
        skill, error = (format_number(figures.get(key), 3) for key in ('skill', 'skill_error'))
        shares = (
            format_percent(figures.get(key)) for key in ('depth_better', 'depth_worse', 'classes_better', 'iou_better')
        )
        rows.append((PRIOR_TEXTS[variant][0], f'{skill} ± {error}', *shares))
    header = (
        'Predictor without audio',
        'skill ↑',
        'depth better (%) ↑',
        f'depth worse by more than {WORSE_MARGIN:g} (%) ↓',
        'classes better (%) ↑',
        'IoU better (%) ↑',
    )
    table = CardTable(header, rows)
    return CardSection(
        'Street by street',
        f'Comparison of this model with each predictor without audio on {found["streets"]} streets. Skill is 1 - '
        'ABS_rel / ABS_rel of the predictor. The other columns are shares of streets: with a smaller ABS_rel, with a '
        'larger one by the margin, with more pixels of the correct class, and with a larger mean IoU of the classes '
        'of the street.',
        (table,) if rows else (),
    )


def controls_section(scores: Scores) -> CardSection | None:
    """Return the section of the controls of the audio, None without any."""
    controls = present(CONTROL_TEXTS, scores)
    if not controls:
        return None
    figures = [entry for entry in CONTROL_FIGURES if (scores.get(entry[0]) or {}).get(entry[1]) is not None]
    rows = []
    for variant, (label, _) in {MODEL: (f'**{THIS_MODEL}**', ''), **controls}.items():
        cells = []
        for part, key, _, is_percent in figures:
            value = scores[part].get(suffixed(key, variant))
            cells.append(format_percent(value) if is_percent else format_depth(value))
        rows.append((label, *cells))
    return CardSection(
        'Controls',
        'Each control changes the input of the same networks. Networks that use the direction of sounds are worse with '
        'mirrored microphones, and networks that use a map are worse with that map of another street.',
        (CardTable(('Input', *(title for _, _, title, _ in figures)), rows),),
    )


def region_rows(figures: Figures, metrics: Mapping[str, str]) -> list[Cells]:
    """Return a row of figures for each region and each variant that has one.

    Args:
        figures: Figures by metric, region and variant.
        metrics: Metrics of the columns.

    """
    rows = []
    for region, region_name in REGIONS.items():
        for variant, name in CARD_VARIANTS.items():
            values = [figures.get(f'{metric}{region}{variant}') for metric in metrics]
            if any(value is not None for value in values):
                label = f'**{name}**' if variant == '' else name
                rows.append((region_name, label, *(format_number(value, 3) for value in values)))
    return rows


def format_percent(value: float | None) -> str:
    """Return a fraction in percent with one decimal place."""
    return format_number(None if value is None else 100 * value, 1)


def format_depth(value: float | None) -> str:
    """Return a relative error with three decimal places."""
    return format_number(value, 3)


def format_number(value: float | None, digits: int) -> str:
    """Return a number, or a dash for none."""
    return '–' if value is None else f'{value:.{digits}f}'


def _standard_errors(scores: Scores, modality: str) -> Figures:
    errors: Figures = (scores.get('over_streets') or {}).get('standard_errors', {}).get(modality, {})
    return errors


def _error_note(errors: Figures) -> str:
    return ' ± is the standard error over streets.' if errors else ''


def _with_error(figures: Figures, errors: Figures, key: str, form: Callable[[float | None], str]) -> str:
    value, error = figures.get(key), errors.get(key)
    return form(value) if value is None or error is None else f'{form(value)} ± {form(error)}'


PUBLISHED_TEXT = (
    ' The last table is of depth as the node publishes it: a pixel that is predicted as sky has none and counts as '
    '80 m.'
)
VEHICLE_FIGURES = {
    'average_precision': 'average precision in position (%) ↑',
    'direction_precision': 'in direction (%) ↑',
    'direction_precision_other_sound': 'in direction, sound of another street (%)',
}
# Figures of vehicles with their label and format: at the operating point of a robot, and of all found vehicles.
OPERATING_FIGURES: Mapping[str, tuple[str, Callable[[float | None], str]]] = {
    'found_visible': ('visible vehicles within 30 m that are found (%) ↑', format_percent),
    'found_hidden': ('hidden vehicles within 30 m that are found (%) ↑', format_percent),
    'false_alarms': ('false alarms per window ↓', partial(format_number, digits=2)),
}
VEHICLE_ERRORS: Mapping[str, tuple[str, Callable[[float | None], str]]] = {
    'angle_std_deg': ('error of the direction of hits (°, root mean square) ↓', partial(format_number, digits=1)),
    'range_log_std': ('error of ln distance of hits (root mean square) ↓', partial(format_number, digits=2)),
    'expected_calibration_error': ('calibration error of the probability (%) ↓', format_percent),
}
# By modality, the section of its scores.
CARD_SECTIONS: Mapping[str, Callable[[Scores], CardSection]] = {
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
