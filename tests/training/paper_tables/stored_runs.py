# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Run records with the scores of synthetic images."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from audio_manifold_ros.evaluation.metrics.metric_suite import MetricSuite
from audio_manifold_ros.modalities.modality_images import ModalityImages
from audio_manifold_ros.rig.camera import CameraModel

CAMERA = CameraModel(32, 32, 14.0, 36.0, 15.5, 15.5)
WINDOWS = hashlib.sha256(b'six thousand streets').hexdigest()


def street(rng: np.random.Generator) -> ModalityImages:
    labels = np.full((32, 32), 10, np.uint8)
    labels[12:18], labels[18:] = 2, 0
    left = int(rng.integers(0, 26))
    labels[14:22, left : left + 7] = 13
    depth_m = np.select([labels == 10, labels == 13, labels == 2], [np.nan, 8.0, 30.0], 5.0).astype(np.float32)
    return ModalityImages(depth_m, labels)


def guess(target: ModalityImages, rng: np.random.Generator, error: float) -> ModalityImages:
    depth_m = np.nan_to_num(target.depth_m, nan=80.0) * np.exp(rng.normal(0, error, target.labels.shape))
    wrong = rng.random(target.labels.shape) < error
    return ModalityImages(depth_m.astype(np.float32), np.where(wrong, 0, target.labels).astype(np.uint8))


def scores(seed: int, error: float, *, labels: bool = True) -> dict[str, Any]:
    """Return the scores of a system with a given error. The images and the prior are always the same."""
    streets, rng, board = np.random.default_rng(0), np.random.default_rng(seed), MetricSuite(CAMERA)
    prior = street(streets)
    for _ in range(4):
        target, other = street(streets), street(rng)
        predictions = {
            'model': guess(target, rng, error),
            'prior': ModalityImages(np.nan_to_num(prior.depth_m, nan=80.0), prior.labels),
            'shuffled': guess(other, rng, error),
            'mirrored': guess(target, rng, 3 * error),
        }
        if not labels:
            predictions = {name: ModalityImages(images.depth_m, None) for name, images in predictions.items()}
        board.add(target, predictions)
    return board.result()


def record(dataset: str, system: str, seed: int, found: dict[str, Any], **changes: Any) -> dict[str, Any]:
    budget = {
        'train_drives': 6000,
        'train_windows': 6000,
        'batch_size': 32,
        'steps': 400,
        'manifold_batch_size': 8 if system.startswith('vq') else None,
        'manifold_steps': 300 if system.startswith('vq') else None,
        'minutes': 12.4 + seed,
        'precision': '32-true',
    }
    split = changes.pop('split', {'name': 'drive-disjoint', 'leaks': False, 'windows_sha256': WINDOWS})
    return {
        'format_version': 1,
        'dataset': dataset,
        'system': system,
        'seed': seed,
        'split': split,
        'config': {'name': system},
        'budget': {**budget, **changes},
        'machine': {'cores': 2, 'gpus': []},
        'scores': found,
        'curves': {'transform/loss': [[100, 0.5], [200, 0.4]]},
    }


def store(results: Path, run: dict[str, Any]) -> Path:
    path = results / run['dataset'] / run['system'] / f'seed{run["seed"]}.json'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(run), encoding='utf-8')
    return path
