# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tables of a comparison of bundles, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audio_manifold_ros.evaluation.metrics.metric_names import MODEL, PRIORS, suffixed
from audio_manifold_ros.evaluation.metrics.street_statistics import WORSE_MARGIN
from audio_manifold_ros.evaluation.reporting.card_sections import format_number, format_percent
from audio_manifold_ros.evaluation.reporting.metric_labels import (
    CONTROL_TEXTS,
    PRIOR_TEXTS,
    PUBLISHED_SHARES,
    REGIONS,
    SEGMENTATION_KEYS,
)
from audio_manifold_ros.modalities.registry import DEPTH, MODALITIES, SEGMENTATION
from training.comparison.flicker import FLICKER_TEXT
from training.comparison.junctions import JUNCTION_TEXT
from training.comparison.traffic_regions import TRAFFIC_REGIONS

# Bundle, then case, then scores; None where a bundle cannot be used.
Results = Mapping[str, Mapping[str, Any]]
Rows = list[tuple[str, ...]]
CONFIDENCE_ROWS = {
    'expected_calibration_error': 'calibration error (%)',
    'ause': 'AUSE',
    'ause_fixed_map': 'AUSE of its mean at each pixel',
    'ause_random': 'AUSE of a random order',
}
# Figures of the published depth with their labels.
PUBLISHED_ROWS = {
    'abs_rel': 'ABS_rel of published depth',
    **{key: f'published, {share}' for key, share in PUBLISHED_SHARES.items()},
}
CONTROL_COLUMNS = ((DEPTH, 'abs_rel'), (DEPTH, 'abs_rel_vehicles'), (DEPTH, 'abs_rel_facades'))
CONTROL_CLASSES = ((SEGMENTATION, 'miou'), (SEGMENTATION, 'iou_car'))


def comparison_report(report: Mapping[str, Any]) -> str:
    """Return the tables of a comparison.

    Args:
        report: Result of `compare`.

    """
    bundles: Results = report['bundles']
    cases: Sequence[str] = report['cases']
    first = cases[0]
    seeds = report['seeds']
    parts = [
        f'# Bundles on {report["streets"]} unseen streets',
        (
            f'Seeds {seeds[0]} to {seeds[1]}, simulator version {report["simulator_version"]}, '
            f'{"with" if report.get("trunk_echoes") else "without"} echoes of trunks and poles. ± is the standard '
            'error over streets. The networks run on one thread.'
        ),
        f'## {first}',
        _markdown(*_side_by_side(bundles, first)),
        '## Street by street',
        _markdown(*_street_by_street(bundles, first)),
    ]
    if len(cases) > 1:
        parts += ['## Other rigs', _OTHER_RIGS, _markdown(*_other_rigs(bundles, cases))]
    controls = _controls(bundles, first)
    if controls[1]:
        parts += ['## Controls', _markdown(*controls)]
    if report.get('flicker'):
        parts += ['## Flicker', FLICKER_TEXT, _markdown(*_flicker(report['flicker']))]
    if report.get('junctions'):
        parts += ['## Hidden vehicles at junctions', JUNCTION_TEXT, _markdown(*_junctions(report['junctions']))]
    refusals = [
        f'- {name}, {case}: {text}' for name, found in bundles.items() for case, text in found['refusals'].items()
    ]
    return '\n\n'.join([*parts, *(['## Not possible', '\n'.join(refusals)] if refusals else [])]) + '\n'


_OTHER_RIGS = (
    'Skill is 1 - ABS_rel / ABS_rel of the median prior of the same cameras. *Lost* is the share of the skill on the '
    'first rig that is lost on the same streets.'
)


def skill(scores: Mapping[str, Any]) -> float | None:
    """Return the skill of scores against the median prior."""
    against = scores.get('over_streets', {}).get('against', {}).get('prior', {})
    value: float | None = against.get('skill')
    return value


def lost_share(scores: Mapping[str, Any], reference: Mapping[str, Any]) -> float | None:
    """Return the share of the skill of a reference that is lost, None without a positive one."""
    own, other = skill(scores), skill(reference)
    return None if own is None or other is None or other <= 0 else 1 - own / other


def _side_by_side(bundles: Results, case: str) -> tuple[tuple[str, ...], Rows]:
    """Return a table with a column for each bundle, and for each predictor without audio of the last usable one."""
    usable = {name: found['scores'][case] for name, found in bundles.items() if found['scores'].get(case)}
    last: Mapping[str, Any] = next(reversed(usable.values()), {})
    priors = [name for name in PRIORS if last.get(DEPTH, {}).get(suffixed('abs_rel', name)) is not None]
    rows: Rows = []
    regions = REGIONS | {f'_{region}': name for region, name in TRAFFIC_REGIONS.items()}
    labels = {f'abs_rel{region}': f'ABS_rel, {name}' for region, name in regions.items()}
    for modality, names, form in ((DEPTH, labels, _depth), (SEGMENTATION, SEGMENTATION_KEYS, format_percent)):
        for key, label in names.items():
            cells = [_cell(scores, modality, key, form) for scores in usable.values()]
            cells += [_cell(last, modality, suffixed(key, prior), form) for prior in priors]
            if any(cell != '–' for cell in cells):
                rows.append((label if not MODALITIES[modality].is_categorical else f'{label} (%)', *cells))
    for key, label in PUBLISHED_ROWS.items():
        form = format_percent if label.endswith('(%)') else _depth
        cells = [form(scores.get('published', {}).get(key)) for scores in usable.values()]
        cells += [form(last.get('published', {}).get(suffixed(key, prior))) for prior in priors]
        rows.append((label, *cells))
    for region, label in TRAFFIC_REGIONS.items():
        shares = [_share(scores[DEPTH], region) for scores in usable.values()]
        rows.append((f'{label}, share of the pixels of vehicles (%)', *shares, *_blank(priors)))
    for key, label in CONFIDENCE_ROWS.items():
        form = format_percent if label.endswith('(%)') else _depth
        cells = [form(scores.get('confidence', {}).get(key)) for scores in usable.values()]
        rows.append((label, *cells, *_blank(priors)))
    correlation = [format_number(scores['over_streets']['confidence_correlation'], 2) for scores in usable.values()]
    rows.append(('confidence, correlation within cells', *correlation, *_blank(priors)))
    times = [format_number(bundles[name]['network_ms'].get(case), 1) for name in usable]
    rows.append(('networks (ms)', *times, *_blank(priors)))
    return ('', *usable, *(PRIOR_TEXTS[name][0] for name in priors)), rows


def _street_by_street(bundles: Results, case: str) -> tuple[tuple[str, ...], Rows]:
    rows: Rows = []
    for name, found in bundles.items():
        scores = found['scores'].get(case)
        for prior, figures in (scores or {}).get('over_streets', {}).get('against', {}).items():
            shares = ('depth_better', 'depth_worse', 'classes_better', 'iou_better')
            value = f'{_depth(figures["skill"])} ± {_depth(figures["skill_error"])}'
            rows.append((name, PRIOR_TEXTS[prior][0], value, *(format_percent(figures.get(key)) for key in shares)))
    titles = ('depth better (%)', f'worse by > {WORSE_MARGIN:g} (%)', 'classes better (%)', 'IoU better (%)')
    return ('Bundle', 'against', 'skill', *titles), rows


def _other_rigs(bundles: Results, cases: Sequence[str]) -> tuple[tuple[str, ...], Rows]:
    rows: Rows = []
    for name, found in bundles.items():
        reference = found['scores'].get(cases[0])
        for case in cases:
            scores = found['scores'].get(case)
            if not scores:
                rows.append((name, case, *['–'] * 7))
                continue
            against = scores['over_streets']['against']['prior']
            lost = '' if case == cases[0] or not reference else format_percent(lost_share(scores, reference))
            rows.append(
                (
                    name,
                    case,
                    _cell(scores, DEPTH, 'abs_rel', _depth),
                    _cell(scores, DEPTH, 'abs_rel_prior', _depth),
                    f'{_depth(against["skill"])} ± {_depth(against["skill_error"])}',
                    lost,
                    format_percent(against['depth_better']),
                    _cell(scores, SEGMENTATION, 'miou', format_percent),
                    _cell(scores, SEGMENTATION, 'iou_car', format_percent),
                )
            )
    return (
        ('Bundle', 'Rig', 'ABS_rel', 'of the prior', 'skill', 'lost (%)', 'better (%)', 'mIoU (%)', 'car (%)'),
        rows,
    )


def _controls(bundles: Results, case: str) -> tuple[tuple[str, ...], Rows]:
    rows: Rows = []
    for name, found in bundles.items():
        scores = found['scores'].get(case) or {}
        depth = scores.get(DEPTH, {})
        variants = [key for key in CONTROL_TEXTS if depth.get(suffixed('abs_rel', key)) is not None]
        for variant in (MODEL, *variants) if variants else ():
            label = CONTROL_TEXTS[variant][0] if variant in CONTROL_TEXTS else 'as it is'
            cells = [_depth(scores[part].get(suffixed(key, variant))) for part, key in CONTROL_COLUMNS]
            cells += [format_percent(scores[part].get(suffixed(key, variant))) for part, key in CONTROL_CLASSES]
            rows.append((name, label, *cells))
    return ('Bundle', 'Input', 'ABS_rel', 'vehicles', 'façades', 'mIoU (%)', 'car (%)'), rows


def _flicker(found: Mapping[str, Any]) -> tuple[tuple[str, ...], Rows]:
    rows: Rows = [
        (
            name,
            smoothing_s,
            format_number(figures['mean_change'], 4),
            format_number(figures['true_change'], 4),
            format_percent(figures['other_class']),
            format_number(figures['abs_rel'], 4),
            format_percent(figures['accuracy']),
        )
        for name, by_smoothing in found.items()
        for smoothing_s, figures in by_smoothing.items()
    ]
    header = ('Bundle', 'smoothing (s)', 'change of ln depth', 'change of the truth', 'another class (%)')
    return (*header, 'ABS_rel', 'correct pixels (%)'), rows


def _junctions(found: Mapping[str, Any]) -> tuple[tuple[str, ...], Rows]:
    rows: Rows = [
        (
            name,
            f'{figures["hidden"]}',
            f'{format_percent(figures["announced"])} ± {format_percent(figures["announced_error"])}',
            f'{figures["empty"]}',
            format_percent(figures['false_alarms']),
            format_number(figures['probability'], 2),
        )
        for name, figures in found.items()
    ]
    titles = ('hidden vehicles', 'announced (%)', 'empty directions', 'false alarms (%)', 'probability above')
    return ('Bundle', *titles), rows


def _cell(scores: Mapping[str, Any], modality: str, key: str, form: Any) -> str:
    value = scores.get(modality, {}).get(key)
    error = scores.get('over_streets', {}).get('standard_errors', {}).get(modality, {}).get(key)
    return str(form(value)) if value is None or error is None else f'{form(value)} ± {form(error)}'


def _share(depth: Mapping[str, Any], region: str) -> str:
    """Return the share of the pixels of vehicles that are in a region."""
    pixels, all_pixels = depth.get(f'pixels_{region}'), depth.get('pixels_vehicles')
    return format_percent(pixels / all_pixels if pixels is not None and all_pixels else None)


def _depth(value: float | None) -> str:
    return format_number(value, 3)


def _blank(names: Sequence[str]) -> list[str]:
    return [''] * len(names)


def _markdown(header: Sequence[str], rows: Rows) -> str:
    lines = [header, ['---'] * len(header), *rows]
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in lines)
