# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Model card of a bundle: training data, training and scores, generated from its manifest and metrics."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.common.templates import render_template
from audio_manifold_ros.evaluation.reporting.card_front_matter import front_matter
from audio_manifold_ros.evaluation.reporting.card_sections import (
    CORRECT_TEXTS,
    CardSection,
    Cells,
    Figures,
    card_sections,
    controls_section,
    format_number,
    format_percent,
    present,
)
from audio_manifold_ros.evaluation.reporting.metric_labels import (
    CARD_VARIANTS,
    CONTROL_TEXTS,
    PRIOR_TEXTS,
    STRUCTURE_METRICS,
    THIS_MODEL,
    describe_structure,
)
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.networks.spatial.state_config import LatentStateConfig

TEMPLATE = 'model_card.md.j2'
# Controls with the sound of another drive contain this text in their description.
OTHER_DRIVE = 'another test drive'
# Entry of `training` in the manifest if the test split leaks. The card replaces its claim about test drives with it.
LEAK_KEY = 'leak of the test split'
# Entries of `training` in manifests of earlier versions, with the label in the card.
TRAINING_LABELS = {
    'audio transformation': 'AT-net',
    'features of the manifolds': 'manifold features',
    'fit of the manifolds': 'manifold training',
    'fit of the audio transformation': 'AT-net training',
    'advantages of classes': 'class biases',
    'stored in half precision': 'half-precision weights',
    'convolutions of bytes': 'int8 network',
}


AUSE_LABELS = {
    'ause': f'**{THIS_MODEL}**',
    'ause_fixed_map': 'its mean at each pixel, which no sound changes',
    'ause_random': 'random order',
}


def model_card(manifest: Mapping[str, Any], scores: Mapping[str, Any]) -> str:
    """Return the text of a bundle's `README.md` in Markdown, with front matter for the Hugging Face hub.

    Args:
        manifest: Content of `manifest.json` as plain values. `training` may hold any JSON value.
        scores: Result of `MetricSuite.result` for the test set.

    Raises:
        EvaluationError: A required key is missing.

    """
    try:
        return front_matter(manifest, scores) + render_template(
            __package__ or '',
            TEMPLATE,
            name=manifest['name'],
            description=manifest['description'],
            properties=_properties(manifest),
            training=[
                (TRAINING_LABELS.get(k, k.replace('_', ' ')), _format(v)) for k, v in manifest['training'].items()
            ],
            windows=scores['windows'],
            leak=manifest['training'].get(LEAK_KEY, ''),
            predictors=_predictors(scores),
            sections=_sections(scores),
            structure=_structure(scores.get('structure') or {}),
            confidence=_confidence(scores),
            assumptions=scores.get('assumptions') or [],
            correct=' and '.join(text for name, text in CORRECT_TEXTS.items() if name in manifest['modalities']),
        )
    except KeyError as error:
        msg = f'The model card needs {error} in the manifest or the scores: evaluate and export the bundle again.'
        raise EvaluationError(msg) from None


def _predictors(scores: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return labels and descriptions of the predictors without audio and the controls that have scores."""
    texts = [*present(PRIOR_TEXTS, scores).values(), *present(CONTROL_TEXTS, scores).values()]
    if 'shuffled_audio' not in scores:
        return texts
    note = f'. One drive has most of the windows, so it is {scores["shuffled_audio"]} of the same drive'
    return [(label, f'{text}{note}' if OTHER_DRIVE in text else text) for label, text in texts]


def _properties(manifest: Mapping[str, Any]) -> list[Cells]:
    features = manifest['features']
    window_s = features['window_samples'] / features['sample_rate_hz']
    age_s = (1 - manifest['frame_position']) * window_s
    instant = f'the instant {age_s:g} s before its end' if age_s else 'its newest instant'
    state = manifest.get('networks', {}).get('state')
    hop_s = features['hop_samples'] / features['sample_rate_hz']
    past = []
    if state is not None:
        windows = LatentStateConfig.from_dict(state).describe(hop_s)
        past = [('State over time', f'latents of {windows}, correct those of a window')]
    return [
        ('Output', ' and '.join(manifest['modalities'])),
        ('Input', _describe_array(manifest['array'])),
        ('Window', f'{window_s:.3g} s at {features["sample_rate_hz"]} Hz; the images describe {instant}'),
        *past,
        ('Features', _describe_features(features)),
        ('Size', f'{sum(entry["size"] for entry in manifest["files"].values()) / 1e6:.1f} MB'),
    ]


def _describe_array(array: Mapping[str, Any]) -> str:
    if 'kind' not in array:
        return f'{len(array["positions_m"])} microphones, array `{array["array_id"]}` ({array["sha256"][:12]})'
    low, high = array['microphones']
    place = 'on one plane' if array['planar'] else 'in any arrangement'
    keys = ('aperture_m', 'field_of_view_deg', 'vertical_field_of_view_deg', 'camera_height_m')
    apertures, angles, vertical, heights = (f'{array[key][0]:g} to {array[key][1]:g}' for key in keys)
    return (
        f'any array of {low} to {high} microphones {place}, the farthest {apertures} m apart; camera with a field of '
        f'view of {angles}° by {vertical}°, {heights} m above the ground'
    )


def _describe_features(features: Mapping[str, Any]) -> str:
    if 'kind' not in features:
        bands = f'{features["mel_bands"]} {features["bands"]} bands'
        size = f'{features["height"]} × {features["width"]}'
        return f'{bands}, hop {features["hop_samples"]} samples, resized to {size}'
    spec = SpatialFeatureSpec.from_dict(features)
    return (
        f'levels in {spec.mel_bands} mel bands; beams at {spec.image_columns} azimuths of the image and '
        f'{spec.other_azimuths} others in {spec.steered_bands} bands; {spec.describe_echoes()}; hop {spec.hop_samples} '
        'samples'
    )


def _format(value: object) -> str:
    if isinstance(value, str):
        return value.replace('|', '\\|').replace('\n', ' ')
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return f'`{json.dumps(value, ensure_ascii=False)}`'
    return f'{value:,}' if isinstance(value, int) else f'{value:g}'


def _sections(scores: Mapping[str, Any]) -> list[CardSection]:
    controls = controls_section(scores)
    return [*card_sections(scores), *([controls] if controls else [])]


def _structure(structure: Figures) -> dict[str, object]:
    variants = {
        variant: name
        for variant, name in CARD_VARIANTS.items()
        if any(structure.get(f'{key}{variant}') is not None for key in STRUCTURE_METRICS)
    }
    rows = [
        (name, *(format_number(structure.get(f'{key}{variant}'), 3) for variant in variants))
        for key, name in STRUCTURE_METRICS.items()
        if any(structure.get(f'{key}{variant}') is not None for variant in variants)
    ]
    return (
        {'note': describe_structure(CARD_VARIANTS), 'header': ('Metric', *variants.values()), 'rows': rows}
        if rows
        else {}
    )


def _confidence(scores: Mapping[str, Any]) -> dict[str, object]:
    confidence = scores.get('confidence')
    if confidence is None:
        return {}
    ordering = [(name, format_number(confidence[key], 3)) for key, name in AUSE_LABELS.items() if key in confidence]
    correlation = (scores.get('over_streets') or {}).get('confidence_correlation')
    rows: Sequence[Cells] = [
        (f'{row["coverage"]:.0%}', format_percent(row['right']), format_number(row['abs_rel'], 3))
        for row in confidence['risk_coverage']
    ]
    return {
        'rows': rows,
        'calibration_error': format_percent(confidence['expected_calibration_error']),
        'ordering': ordering,
        'correlation': '' if correlation is None else format_number(correlation, 2),
    }
