# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Front matter of a model card: the YAML block that the Hugging Face hub reads licence, tags and scores from."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from audio_manifold_ros.modalities.registry import DEPTH, MODALITIES, NORMALS, SEGMENTATION

LICENCE = 'apache-2.0'
LIBRARY = 'audio_manifold_ros'
TAGS = ('audio', 'robotics', 'ros2', 'microphone-array', 'onnx', 'safetensors')
# Names of the tasks on the hub.
TASKS: Mapping[str, str] = {
    DEPTH: 'depth-estimation',
    SEGMENTATION: 'image-segmentation',
    NORMALS: 'image-to-image',
}


def front_matter(manifest: Mapping[str, Any], scores: Mapping[str, Any]) -> str:
    """Return the block with its lines `---`, which begins a model card.

    Args:
        manifest: Content of `manifest.json` as plain values.
        scores: Result of `MetricSuite.result` for the test set.

    Raises:
        KeyError: A required key is missing.

    """
    tasks = [TASKS[name] for name in manifest['modalities']]
    name = str(manifest['name'])
    dataset = {'name': f'test drives of {name}', 'type': re.sub(r'[^A-Za-z0-9._-]+', '-', name) or 'drives'}
    results = [
        {'task': {'type': TASKS[modality]}, 'dataset': dict(dataset), 'metrics': metrics}
        for modality in manifest['modalities']
        if (metrics := list(_metrics(modality, scores.get(modality) or {})))
    ]
    values: dict[str, object] = {
        'license': LICENCE,
        'library_name': LIBRARY,
        'pipeline_tag': tasks[0],
        'tags': [*TAGS, *tasks],
    }
    if results:
        values['model-index'] = [{'name': name, 'results': results}]
    return f'---\n{yaml.safe_dump(values, sort_keys=False, allow_unicode=True)}---\n'


def _metrics(modality: str, scores: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    """Yield the headline metrics of a modality that are numbers."""
    for metric in MODALITIES[modality].metrics:
        value = scores.get(metric.key)
        if isinstance(value, (int, float)) and math.isfinite(value):
            direction = 'larger' if metric.larger_is_better else 'smaller'
            yield {'type': metric.key, 'name': f'{metric.key} ({direction} is better)', 'value': round(float(value), 6)}
