# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""HTML report of an evaluation: one file with all tables, plots and the contact sheet."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audio_manifold_ros.bag_evaluation.image_curves import PANELS
from audio_manifold_ros.common.templates import render_template
from audio_manifold_ros.evaluation.reporting.metric_labels import (
    BAG_VARIANTS,
    DEPTH_METRICS,
    NORMAL_METRICS,
    REGIONS,
    SEGMENTATION_KEYS,
    STRUCTURE_METRICS,
    THIS_MODEL,
    describe_depth_range,
    describe_structure,
)
from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION

if TYPE_CHECKING:
    from audio_manifold_ros.bag_evaluation.time_series_plots import TimeSeriesPlot

TEMPLATE = 'report.html.j2'
COUNTS = {'refusals': 'skipped', 'untrusted': 'predictions without the microphone'}
CONVENTIONS = {
    'scores': 'this project: divided by the ground truth, clipped to {range}, RMSE per image',
    'paper': 'the paper, equation 1: divided by the prediction, RMSE over all pixels',
    'reference': 'the published code: medians matched, per image, AUC up to 2.9',
    'median_scaled': 'this project, medians matched first',
    'paper_median_scaled': 'the paper, medians matched first',
}
AGREEMENT_LABELS = {
    'compared': 'predictions compared',
    'missing': 'predictions that the node did not publish',
    'unexpected': 'predictions that only the node made',
    'stamps_differ': 'different stamps',
    'worst_depth_m': 'largest difference of depth (m)',
    'worst_confidence': 'largest difference of confidence',
    'labels_differ': 'pixels with another class',
    'worst_normal': 'largest difference of a component of normals',
}
Row = Sequence[str]
Values = Mapping[str, float | None]
NumberFormat = Callable[[float | None], str]


@dataclass(frozen=True)
class EvaluationTable:
    """A table of the report.

    Attributes:
        header: Column titles, or empty.
        rows: Cells of each row.
        caption: Text above the table.

    """

    header: Row
    rows: Sequence[Row]
    caption: str = ''


def report_html(result: Mapping[str, Any], curves: TimeSeriesPlot, sheet_png: bytes, video_path: str) -> str:
    """Return the report.

    Args:
        result: Content of `metrics.json`.
        curves: Metrics over time.
        sheet_png: Contact sheet, which is embedded.
        video_path: Path of the video relative to the report. It is linked, because not all browsers play it in a page.

    """
    scored = bool(result['with_truth'])
    return render_template(
        __package__ or '',
        TEMPLATE,
        name=result['bag']['name'],
        headline=_headline(result),
        warnings=result['warnings'],
        sheet=base64.b64encode(sheet_png).decode(),
        video_path=video_path,
        agreement=_agreement(result.get('agreement')),
        prior=BAG_VARIANTS['_prior'],
        shift_s=f'{result["shuffled"]["shift_s"]:g}',
        scores=[table for table in _score_tables(result) if table.rows] if scored else [],
        confidence=_confidence(result['scores'].get('confidence')),
        figures=[svg for svg in (curves.svg(panel) for panel in PANELS) if svg],
        usage=EvaluationTable((), [*_audio_rows(result['audio_usage']), *_ground_truth_rows(result['truth'])]),
        model=THIS_MODEL,
    )


def _headline(result: Mapping[str, Any]) -> str:
    bag, bundle = result['bag'], result['bundle']
    parts = (
        f'{bag["duration_s"]:.1f} s',
        f'bundle {bundle["name"]} ({bundle["weights_sha256"][:12]})',
        f'rig {result["rig"]["array_id"]} ({result["rig"]["origin"]})',
        f'backend {result["backend"]}',
        f'{result["mode"]}, at most {result["rate_hz"]:g} images per second',
        f'{result["predictions"]} predictions, {result["with_truth"]} with ground truth',
    )
    return ' · '.join(parts)


def _agreement(agreement: Mapping[str, Any] | None) -> Mapping[str, object] | None:
    if agreement is None:
        return None
    rows = [(label, _format_value(agreement[key])) for key, label in AGREEMENT_LABELS.items()]
    latency = agreement.get('latency_ms')
    if latency is not None:
        rows.append(
            ('from sending a block to its images (ms), p50 / p95', f'{latency["p50"]:.1f} / {latency["p95"]:.1f}')
        )
    return {'agrees': agreement['agrees'], 'table': EvaluationTable((), rows)}


def _score_tables(result: Mapping[str, Any]) -> Iterator[EvaluationTable]:
    for modality, tables in SCORE_TABLES.items():
        if result['scores'].get(modality):
            yield from tables(result['scores'])
    rows = _rows_by_metric(result['scores']['structure'], STRUCTURE_METRICS, _three_digits)
    yield EvaluationTable(('Structure', *BAG_VARIANTS.values()), rows, describe_structure(BAG_VARIANTS))
    yield _full_resolution_scores(result['scores']['native'])


def _depth_tables(scores: Mapping[str, Any]) -> Iterator[EvaluationTable]:
    yield from _depth_conventions(scores)
    yield EvaluationTable(('ABS_rel by region', *BAG_VARIANTS.values()), _region_rows(scores[DEPTH]))


def _segmentation_tables(scores: Mapping[str, Any]) -> Iterator[EvaluationTable]:
    caption = 'in percent, from one confusion matrix of the whole drive; mIoU over the classes in its ground truth'
    rows = _rows_by_metric(scores[SEGMENTATION], SEGMENTATION_KEYS, _percent)
    yield EvaluationTable(('Classes', *BAG_VARIANTS.values()), rows, caption)
    yield _segmentation_conventions(scores)


def _normal_tables(scores: Mapping[str, Any]) -> Iterator[EvaluationTable]:
    rows = _rows_by_metric(scores[NORMALS], NORMAL_METRICS, _three_digits)
    yield EvaluationTable(('Surface normals', *BAG_VARIANTS.values()), rows, 'angles over all pixels with ground truth')


def _depth_conventions(scores: Mapping[str, Any]) -> Iterator[EvaluationTable]:
    for key, caption in CONVENTIONS.items():
        values = scores[DEPTH] if key == 'scores' else scores['conventions'][key]
        rows = [
            (variant, *(_three_digits(values.get(f'{metric}{suffix}')) for metric in DEPTH_METRICS))
            for suffix, variant in BAG_VARIANTS.items()
            if any(values.get(f'{metric}{suffix}') is not None for metric in DEPTH_METRICS)
        ]
        caption_text = caption.format(range=describe_depth_range(scores['depth_unit']))
        yield EvaluationTable(('Depth', *DEPTH_METRICS.values()), rows, caption_text)


def _region_rows(depth: Values) -> list[Row]:
    return [
        (name, *(_three_digits(depth.get(f'abs_rel{region}{suffix}')) for suffix in BAG_VARIANTS))
        for region, name in REGIONS.items()
        if region and depth.get(f'abs_rel{region}') is not None
    ]


def _segmentation_conventions(scores: Mapping[str, Any]) -> EvaluationTable:
    sources: dict[str, Values] = {
        'this project: all classes in the ground truth': scores[SEGMENTATION],
        "the paper: mean of its tables' eight classes": scores['conventions']['paper'],
        'the published code: per image, classes in its ground truth': scores['conventions']['reference'],
    }
    rows = [
        (name, *(_percent(values.get(f'miou{suffix}')) for suffix in BAG_VARIANTS)) for name, values in sources.items()
    ]
    return EvaluationTable(('mIoU by convention (%)', *BAG_VARIANTS.values()), rows)


def _full_resolution_scores(native: Mapping[str, Any]) -> EvaluationTable:
    names = {**DEPTH_METRICS, 'rmse_dataset': 'RMSE of all pixels', **SEGMENTATION_KEYS}
    rows = [
        (f'{head} at {values["size"][0]} × {values["size"][1]}: {row[0]}', *row[1:])
        for head, values in native.items()
        for row in _rows_by_metric(values, names, _three_digits)
    ]
    return EvaluationTable(('At the resolution of the ground truth', *BAG_VARIANTS.values()), rows)


def _confidence(confidence: Mapping[str, Any] | None) -> Mapping[str, object] | None:
    if confidence is None:
        return None
    rows = [
        (f'{row["coverage"]:.0%}', _percent(row['right']), _three_digits(row['abs_rel']))
        for row in confidence['risk_coverage']
    ]
    return {
        'calibration_error': _percent(confidence['expected_calibration_error']),
        'table': EvaluationTable(('Most confident pixels', 'correct (%)', 'ABS_rel'), rows),
    }


def _audio_rows(usage: Mapping[str, Any]) -> Iterator[Row]:
    for key, value in usage.items():
        if key not in COUNTS:
            yield key.replace('_', ' '), _format_value(value)
    for key, label in COUNTS.items():
        for subject, count in usage[key].items():
            yield f'{label}: {subject}', str(count)


def _ground_truth_rows(ground_truth: Mapping[str, Any]) -> Iterator[Row]:
    for head, topic in ground_truth.items():
        apart = topic['apart_ms']
        distance = 'none within the tolerance' if apart is None else f'{apart["p50"]:.1f} / {apart["p95"]:.1f} ms'
        yield f'ground truth {head} ({topic["topic"]}): {topic["used"]} used, distance p50 / p95', distance


def _rows_by_metric(
    values: Values, names: Mapping[str, str], format_number: Callable[[float | None], str]
) -> list[Row]:
    """Return one row per metric that has a value, with one column per variant."""
    return [
        (name, *(format_number(values.get(f'{key}{suffix}')) for suffix in BAG_VARIANTS))
        for key, name in names.items()
        if any(values.get(f'{key}{suffix}') is not None for suffix in BAG_VARIANTS)
    ]


def _format_value(value: object) -> str:
    if value is None:
        return '–'
    return f'{value:g}' if isinstance(value, float) else str(value)


def _three_digits(value: float | None) -> str:
    return '–' if value is None else f'{value:.3f}'


def _percent(value: float | None) -> str:
    return '–' if value is None else f'{100 * value:.1f}'


# By modality, the tables of its scores.
SCORE_TABLES: Mapping[str, Callable[[Mapping[str, Any]], Iterator[EvaluationTable]]] = {
    DEPTH: _depth_tables,
    SEGMENTATION: _segmentation_tables,
    NORMALS: _normal_tables,
}
