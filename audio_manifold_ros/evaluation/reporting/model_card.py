# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The model card: what a bundle was trained on and how well it does, generated from its manifest and scores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from audio_manifold_ros.common.class_ids import CLASS_NAMES
from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.evaluation.metrics.depth_metrics import FAR_M, MIN_DEPTH_BY_UNIT
from audio_manifold_ros.evaluation.metrics.regions import REGION_CLASSES

VARIANTS = {'': 'this model', '_prior': 'training prior', '_shuffled': 'shuffled audio', '_mono': 'one microphone'}
REGIONS = {'': 'all', **{f'_{name}': name.replace('facades', 'façades') for name in REGION_CLASSES}}
DEPTH_METRICS = {
    'abs_rel': 'ABS_rel ↓',
    'sq_rel': 'SQR_rel ↓',
    'rmse': 'RMSE ↓',
    'rmse_log': 'RMSE log ↓',
    'auc_crr': 'AUC_crr ↑',
}
SEGMENTATION_KEYS = {
    'miou': 'mIoU',
    **{f'iou_{name.replace(" ", "_")}': name for name in CLASS_NAMES},
    'accuracy': 'pixels right',
}
CONTROLS_NOTE = (
    'The **training prior** is the median depth and the most frequent class of each pixel over the training '
    'windows: what can be said without listening. **Shuffled audio** is the same network given the sound of '
    'another test drive: what it says without hearing this one. **One microphone** is the same network given '
    'microphone 0 on all channels: what is left without direction.'
)
DEPTH_NOTE = (
    'Truth and prediction are clipped to {range}; pixels without true depth (sky) do not count. ABS_rel and '
    'SQR_rel are divided by the truth. RMSE (in {unit}) and RMSE log are means over images, everything else '
    'over pixels.'
)
DEPTH_UNITS = {'m': 'metres', 'relative': "the teacher's unit, which is metres times an unknown factor"}
SEGMENTATION_NOTE = (
    'Intersection over union from one confusion matrix of the whole test set; mIoU is the mean over the classes '
    'that occur in its truth.'
)
STRUCTURE_METRICS = {
    'explained_log_depth': 'log depth explained beyond the prior ↑',
    'explained_log_depth_vehicles': '… on vehicles ↑',
    'explained_classes': 'classes explained beyond the prior ↑',
    'depth_edges_f': 'depth edges, F ↑',
    'depth_edges_f_wide': '… within the wide tolerance ↑',
    'class_edges_f': 'class borders, F ↑',
    'class_edges_f_wide': '… within the wide tolerance ↑',
    'cars_recall': 'cars found ↑',
    'cars_recall_nearby': '… of those within 20 m ↑',
    'cars_precision': 'cars said that are there ↑',
    'cars_azimuth_error_deg': 'azimuth error of found cars (°) ↓',
    'cars_distance_error': 'relative distance error of found cars ↓',
}
STRUCTURE_NOTE = (
    'Explained: 1 - squared error of log depth (or pixels of the wrong class) / that of the training prior. Edges: '
    'boundary F-score within 0.75 % of the diagonal, wide 3 %. Cars: connected regions whose centres lie within 10°, '
    'one to one. docs/metrics.md has the formulae.'
)
CONFIDENCE_NOTE = (
    'A pixel is right when its depth is within 25 % of the truth (sky: called sky) and its class is the true one.'
    ' Taking only the most confident share of all pixels:'
)


def model_card(manifest: Mapping[str, Any], scores: Mapping[str, Any]) -> str:
    """Return the text of a bundle's `README.md` (Markdown).

    Args:
        manifest: Content of `manifest.json` as plain values; `training` may hold anything that JSON can.
        scores: What `ScoreBoard.result` returned for the test set.

    Raises:
        EvaluationError: A key that every card needs is missing.

    """
    try:
        parts = [
            f'# Model `{manifest["name"]}`',
            str(manifest['description']),
            'This file is generated from `manifest.json` and `metrics.json`.',
            *_input_section(manifest),
            *_training_section(manifest['training']),
            f'## Scores on {scores["windows"]} windows of drives that it never heard',
            CONTROLS_NOTE,
            *_depth_section(scores['depth'], scores.get('depth_unit', 'm')),
            *_segmentation_section(scores['segmentation']),
            *_structure_section(scores.get('structure')),
            *_confidence_section(scores.get('confidence')),
        ]
    except KeyError as error:
        msg = f'The card needs {error} of the manifest or the scores: evaluate and export the bundle again.'
        raise EvaluationError(msg) from None
    return '\n\n'.join(parts) + '\n'


def _input_section(manifest: Mapping[str, Any]) -> list[str]:
    features, array = manifest['features'], manifest['array']
    window_s = features['window_samples'] / features['sample_rate_hz']
    age_s = (1 - manifest['frame_position']) * window_s
    described = f'the instant {age_s:g} s ago' if age_s else 'its newest instant'
    rows = [
        ('Says', ' and '.join(manifest['modalities'])),
        ('Hears', f'{len(array["positions_m"])} microphones, array `{array["array_id"]}` ({array["sha256"][:12]})'),
        (
            'Window',
            f'{window_s:g} s at {features["sample_rate_hz"]} Hz; the images describe {described}',
        ),
        ('Features', f'{_bands(features)}, hop {features["hop_samples"]}, as {_size(features)}'),
        ('Size', f'{sum(entry["size"] for entry in manifest["files"].values()) / 1e6:.1f} MB'),
    ]
    return ['## What it does', _table(('', ''), rows)]


def _bands(features: Mapping[str, Any]) -> str:
    return f'{features["mel_bands"]} {features["bands"]} bands'


def _size(features: Mapping[str, Any]) -> str:
    return f'{features["height"]} × {features["width"]}'


def _training_section(training: Mapping[str, Any]) -> list[str]:
    rows = [(key.replace('_', ' '), _format_value(value)) for key, value in training.items()]
    return ['## How it was trained', _table(('', ''), rows)] if rows else []


def _format_value(value: Any) -> str:
    if isinstance(value, str):
        return value.replace('|', '\\|').replace('\n', ' ')
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return f'`{json.dumps(value, ensure_ascii=False)}`'
    return f'{value:,}' if isinstance(value, int) else f'{value:g}'


def _depth_section(depth: Mapping[str, float | None], unit: str) -> list[str]:
    if not depth:
        return []
    rows = []
    for region, region_name in REGIONS.items():
        for variant, name in VARIANTS.items():
            values = [depth.get(f'{metric}{region}{variant}') for metric in DEPTH_METRICS]
            if any(value is not None for value in values):
                label = f'**{name}**' if variant == '' else name
                rows.append((region_name, label, *(_number(value, 3) for value in values)))
    gains = [
        f'{region_name}: {_reduction(depth.get(f"abs_rel{region}"), depth.get(f"abs_rel{region}_prior"))} below the prior, '
        f'{_reduction(depth.get(f"abs_rel{region}"), depth.get(f"abs_rel{region}_shuffled"))} below shuffled audio'
        for region, region_name in REGIONS.items()
        if depth.get(f'abs_rel{region}') is not None
    ]
    header = ('Pixels', 'Who', *DEPTH_METRICS.values())
    note = DEPTH_NOTE.format(range=describe_depth_range(unit), unit=DEPTH_UNITS[unit])
    return ['### Depth', note, _table(header, rows), 'ABS_rel lies, ' + '; '.join(gains) + '.']


def describe_depth_range(unit: str) -> str:
    """Say what depth in a unit is clipped to."""
    return f'{MIN_DEPTH_BY_UNIT[unit]:g}..{FAR_M:g}{" m" if unit == "m" else ""}'


def _segmentation_section(segmentation: Mapping[str, float | None]) -> list[str]:
    if not segmentation:
        return []
    rows = []
    for key, name in SEGMENTATION_KEYS.items():
        if segmentation.get(key) is not None:
            rows.append((name, *(_number(_percent(segmentation.get(f'{key}{variant}')), 1) for variant in VARIANTS)))
    return ['### Segmentation', SEGMENTATION_NOTE, _table(('%', *VARIANTS.values()), rows)]


def _structure_section(structure: Mapping[str, float | None] | None) -> list[str]:
    if not structure:
        return []
    rows = [
        (name, *(_number(structure.get(f'{key}{variant}'), 3) for variant in VARIANTS))
        for key, name in STRUCTURE_METRICS.items()
        if any(structure.get(f'{key}{variant}') is not None for variant in VARIANTS)
    ]
    return ['### Structure', STRUCTURE_NOTE, _table(('', *VARIANTS.values()), rows)]


def _confidence_section(confidence: Mapping[str, Any] | None) -> list[str]:
    if confidence is None:
        return []
    rows = [
        (f'{row["coverage"]:.0%}', _number(_percent(row['right']), 1), _number(row['abs_rel'], 3))
        for row in confidence['risk_coverage']
    ]
    error = _number(_percent(confidence['expected_calibration_error']), 1)
    return [
        '### Confidence',
        CONFIDENCE_NOTE,
        _table(('Most confident', 'right (%)', 'ABS_rel'), rows),
        f'Confidence and the fraction that is right differ by {error} % on average (ten bins).',
    ]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ['---'] * len(header), *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _number(value: float | None, digits: int) -> str:
    return '–' if value is None else f'{value:.{digits}f}'


def _reduction(value: float | None, reference: float | None) -> str:
    return f'{1 - value / reference:.0%}' if value is not None and reference else '–'
