# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The report of an evaluation as one HTML file that needs nothing beside it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from audio_manifold_ros.bag_evaluation.bag_scores import PANELS
from audio_manifold_ros.evaluation.reporting.metric_labels import (
    DEPTH_METRICS,
    REGIONS,
    SEGMENTATION_KEYS,
    STRUCTURE_METRICS,
    STRUCTURE_NOTE,
    describe_depth_range,
)

if TYPE_CHECKING:
    from audio_manifold_ros.bag_evaluation.time_series_plots import TimeSeriesPlot

VARIANTS = {
    '': 'this model',
    '_prior': 'training prior',
    '_shuffled': 'sound of another place',
    '_mono': 'one microphone',
}
COUNTS = {'refusals': 'refused', 'untrusted': 'predictions without the microphone'}
CONVENTIONS = {
    'scores': 'this project: divided by the truth, clipped to {range}, RMSE per image',
    'paper': 'the paper, equation 1: divided by the prediction, RMSE over all pixels',
    'reference': 'the published code: medians matched, per image, AUC up to 2.9',
    'median_scaled': 'this project, medians matched first',
    'paper_median_scaled': 'the paper, medians matched first',
}
CONTROLS = (
    'The <b>training prior</b> is the median depth and the most frequent class of each pixel over the training '
    'drives: what can be said without listening. <b>Sound of another place</b> is what the same network said '
    '{shift_s:g} s away in this drive: what it says without hearing this place. <b>One microphone</b> is the same '
    'network given microphone 0 on all channels: what is left without direction. All are scored as the node publishes '
    'them: where it withholds a depth, 80 m count.'
)
STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#1b1f27, #eceef2); --faint: light-dark(#667084, #8c93a0);
  --paper: light-dark(#fff, #0f1115); --line: light-dark(#dfe3ea, #2a2f3a); }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 980px;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p.faint, figcaption, caption { color: var(--faint); } .warning { border-left: 4px solid #e4572e; padding-left: .8rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; margin: .6rem 0; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .2rem .7rem; border-bottom: 1px solid var(--line); } caption { text-align: left; }
th:first-child, td:first-child { text-align: left; } tr.model td { font-weight: 600; } img { max-width: 100%; }
figure { margin: 1rem 0; } svg { width: 100%; height: auto; } svg text { font-size: 11px; fill: var(--faint); }
svg .grid { stroke: var(--line); }
"""


def report_html(result: Mapping[str, Any], curves: TimeSeriesPlot, sheet_png: bytes, video_path: str) -> str:
    """Return the report.

    Args:
        result: What `metrics.json` says.
        curves: Figures over time.
        sheet_png: The contact sheet, embedded.
        video_path: Path of the film relative to the report; linked, as browsers do not play it within a page.

    """
    name = escape(result['bag']['name'])
    picture = base64.b64encode(sheet_png).decode()
    parts = [
        f'<h1>{name}</h1>',
        f'<p class="faint">{_headline(result)}</p>',
        *(f'<p class="warning">{escape(text)}</p>' for text in result['warnings']),
        f'<img alt="contact sheet" src="data:image/png;base64,{picture}">',
        f'<p><a href="{escape(video_path)}">The drive as a film</a> lies beside this file.</p>',
        *_agreement(result.get('agreement')),
        *_scores(result),
        *_confidence(result['scores'].get('confidence')),
        '<h2>Over time</h2>',
        *(curves.svg(panel) for panel in PANELS),
        *_audio_and_ground_truth(result),
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{name}</title>'
    body = '\n'.join(part for part in parts if part)
    return f'<!doctype html>\n<html lang="en"><head>{head}<style>{STYLE}</style></head><body>\n{body}\n</body></html>\n'


def _headline(result: Mapping[str, Any]) -> str:
    bag, bundle = result['bag'], result['bundle']
    parts = (
        f'{bag["duration_s"]:.1f} s',
        f'bundle {bundle["name"]} ({bundle["weights_sha256"][:12]})',
        f'rig {result["rig"]["array_id"]} ({result["rig"]["origin"]})',
        f'backend {result["backend"]}',
        f'{result["mode"]}, at most {result["rate_hz"]:g} images a second',
        f'{result["predictions"]} predictions, {result["with_truth"]} with truth',
    )
    return escape(' · '.join(parts))


def _agreement(agreement: Mapping[str, Any] | None) -> list[str]:
    if agreement is None:
        return []
    verdict = 'agree on every prediction' if agreement['agrees'] else 'do <b>not</b> agree'
    labels = {
        'compared': 'predictions compared',
        'missing': 'predictions that the node did not publish',
        'unexpected': 'predictions that only the node made',
        'stamps_differ': 'different stamps',
        'worst_depth_m': 'largest difference of depth (m)',
        'worst_confidence': 'largest difference of confidence',
        'labels_differ': 'pixels with another class',
    }
    rows = [(text, _format_value(agreement[key])) for key, text in labels.items()]
    text = f'Node (over DDS) and pipeline (straight from the bag) {verdict}.'
    latency = agreement.get('latency_ms')
    if latency is not None:
        rows.append(('from a block sent to its images (ms), p50 / p95', f'{latency["p50"]:.1f} / {latency["p95"]:.1f}'))
    return ['<h2>Live against offline</h2>', f'<p>{text}</p>', _table(('', ''), rows)]


def _scores(result: Mapping[str, Any]) -> list[str]:
    if not result['with_truth']:
        return [
            '<h2>Scores</h2><p>The bag holds no true images at the instants of the predictions: nothing to score.</p>'
        ]
    depth, segmentation = result['scores']['depth'], result['scores']['segmentation']
    parts = ['<h2>Scores</h2>', f'<p>{CONTROLS.format(**result["shuffled"])}</p>']
    if depth:
        parts += [*_depth_conventions(result), _depth_regions(depth)]
    if segmentation:
        parts += [_segmentation(segmentation), _segmentation_conventions(result)]
    return [*parts, *_structure(result['scores']['structure']), *_full_resolution_scores(result['scores']['native'])]


def _depth_conventions(result: Mapping[str, Any]) -> Iterable[str]:
    for key, caption in CONVENTIONS.items():
        values = result['scores']['depth'] if key == 'scores' else result['scores']['conventions'][key]
        rows = _by_variant(values, tuple(DEPTH_METRICS))
        unit = result['scores']['depth_unit']
        yield _table(('Depth', *DEPTH_METRICS.values()), rows, caption.format(range=describe_depth_range(unit)))


def _depth_regions(depth: Mapping[str, Any]) -> str:
    rows = [
        (name, *(_number(depth.get(f'abs_rel_{region}{variant}'), 3) for variant in VARIANTS))
        for region, name in ((suffix.lstrip('_'), name) for suffix, name in REGIONS.items() if suffix)
        if depth.get(f'abs_rel_{region}') is not None
    ]
    return _table(('ABS_rel by region', *VARIANTS.values()), rows) if rows else ''


def _segmentation(scores: Mapping[str, Any]) -> str:
    rows = [
        (name, *(_percent(scores.get(f'{key}{variant}')) for variant in VARIANTS))
        for key, name in SEGMENTATION_KEYS.items()
        if scores.get(key) is not None
    ]
    caption = 'per cent; one confusion matrix of the whole drive, mIoU over the classes that occur in its truth'
    return _table(('Classes', *VARIANTS.values()), rows, caption)


def _segmentation_conventions(result: Mapping[str, Any]) -> str:
    sources = {
        'this project: all classes in the truth': result['scores']['segmentation'],
        "the paper: mean of its tables' eight classes": result['scores']['conventions']['paper'],
        'the published code: per image, classes in its truth': result['scores']['conventions']['reference'],
    }
    rows = [
        (name, *(_percent(values.get(f'miou{variant}')) for variant in VARIANTS)) for name, values in sources.items()
    ]
    return _table(('mIoU by convention (%)', *VARIANTS.values()), rows)


def _structure(structure: Mapping[str, Any]) -> list[str]:
    rows = [
        (name, *(_number(structure.get(f'{key}{variant}'), 3) for variant in VARIANTS))
        for key, name in STRUCTURE_METRICS.items()
        if any(structure.get(f'{key}{variant}') is not None for variant in VARIANTS)
    ]
    return [_table(('Structure', *VARIANTS.values()), rows, STRUCTURE_NOTE)] if rows else []


def _full_resolution_scores(native: Mapping[str, Any]) -> list[str]:
    rows = []
    for head, values in native.items():
        size = f'{head} at {values["size"][0]} × {values["size"][1]}'
        names = {**DEPTH_METRICS, 'rmse_dataset': 'RMSE of all pixels', **SEGMENTATION_KEYS}
        rows += [
            (f'{size}: {name}', *(_number(values.get(f'{key}{variant}'), 3) for variant in VARIANTS))
            for key, name in names.items()
            if values.get(key) is not None
        ]
    return [_table(("At the truth's resolution", *VARIANTS.values()), rows)] if rows else []


def _confidence(confidence: Mapping[str, Any] | None) -> list[str]:
    if confidence is None:
        return []
    rows = [
        (f'{row["coverage"]:.0%}', _percent(row['right']), _number(row['abs_rel'], 3))
        for row in confidence['risk_coverage']
    ]
    error = _percent(confidence['expected_calibration_error'])
    text = f'Confidence and the fraction that is right differ by {error} % on average (ten bins).'
    return ['<h2>Confidence</h2>', f'<p>{text}</p>', _table(('Most confident pixels', 'right (%)', 'ABS_rel'), rows)]


def _audio_and_ground_truth(result: Mapping[str, Any]) -> list[str]:
    audio_usage = result['heard']
    rows = [(key.replace('_', ' '), _format_value(value)) for key, value in audio_usage.items() if key not in COUNTS]
    for key, label in COUNTS.items():
        rows += [(f'{label}: {what}', str(count)) for what, count in audio_usage[key].items()]
    for head, ground_truth in result['truth'].items():
        apart = ground_truth['apart_ms']
        distance = 'none near enough' if apart is None else f'{apart["p50"]:.1f} / {apart["p95"]:.1f} ms'
        rows.append((f'true {head} ({ground_truth["topic"]}): {ground_truth["used"]} used, apart p50 / p95', distance))
    return ['<h2>The audio and the truth</h2>', _table(('', ''), rows)]


def _by_variant(values: Mapping[str, Any], metrics: Sequence[str]) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    for variant, name in VARIANTS.items():
        found = [values.get(f'{metric}{variant}') for metric in metrics]
        if any(value is not None for value in found):
            rows.append((name, *(_number(value, 3) for value in found)))
    return rows


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], caption: str = '') -> str:
    top = f'<caption>{escape(caption)}</caption>' if caption else ''
    head = ''.join(f'<th>{escape(cell)}</th>' for cell in header) if any(header) else ''
    body = ''.join(_row(row) for row in rows)
    return f'<div class="wide"><table>{top}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _row(cells: Sequence[str]) -> str:
    mark = ' class="model"' if cells[0] == VARIANTS[''] else ''
    return f'<tr{mark}>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'


def _format_value(value: Any) -> str:
    if value is None:
        return '–'
    return f'{value:g}' if isinstance(value, float) else str(value)


def _number(value: float | None, digits: int) -> str:
    return '–' if value is None else f'{value:.{digits}f}'


def _percent(value: float | None) -> str:
    return _number(None if value is None else 100 * value, 1)
