# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a demonstration has shown, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.evaluation.controls.pixel_prior import PRIOR_FILE, PixelPrior
from audio_manifold_ros.evaluation.metrics.depth_and_labels import DepthAndLabels
from audio_manifold_ros.evaluation.metrics.metric_suite import MetricSuite

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from audio_manifold_ros.demo.demo_client import DemoClient
    from audio_manifold_ros.demo.frame_sync import DemoFrame

PERCENTILES = (50, 95, 99)
SCORES = {
    'depth': ('abs_rel', 'abs_rel_prior'),
    'segmentation': ('miou', 'miou_prior', 'iou_car', 'iou_car_prior'),
}


def summarise(viewer: DemoClient, bundle_folder: Path, first_image_s: float, node_rss_mb: float) -> dict[str, Any]:
    """Gather the figures; `depth` and `segmentation` are there where the truth is known."""
    arrivals_s = viewer.arrivals_s
    span_s = arrivals_s[-1] - arrivals_s[0]
    latency_ms = np.percentile(viewer.latencies_ms, PERCENTILES)
    return {
        'frames': len(arrivals_s),
        'rate_hz': round((len(arrivals_s) - 1) / span_s, 2) if span_s > 0 else 0.0,
        'latency_ms': {f'p{p}': round(float(value), 2) for p, value in zip(PERCENTILES, latency_ms, strict=True)},
        'windows_dropped': int(viewer.value('predictions', 'windows_dropped', '0')),
        'samples_lost': int(viewer.value('audio source', 'samples_lost', '0')),
        'node_rss_mb': round(node_rss_mb, 1),
        'first_image_s': round(first_image_s, 3),
        **score(viewer.frame_sampler.frames, bundle_folder),
    }


def score(frames: Sequence[DemoFrame], bundle_folder: Path) -> dict[str, dict[str, float | None]]:
    """Compare the frames with their truth, beside what the training data alone would say; empty without a truth."""
    prior_file = bundle_folder / PRIOR_FILE
    prior = PixelPrior.load(prior_file) if prior_file.is_file() else None
    board = MetricSuite()
    pairs = [(frame, frame.ground_truth) for frame in frames if frame.ground_truth is not None]
    for frame, ground_truth in pairs:
        predictions = {'model': DepthAndLabels(frame.depth_m, frame.labels)}
        if prior is not None:
            predictions['prior'] = DepthAndLabels(prior.depth_m, prior.labels)
        board.add(DepthAndLabels(ground_truth.depth_m, ground_truth.labels), predictions)
    scores = board.result()
    return {
        head: {key: scores[head].get(key) for key in keys} for head, keys in SCORES.items() if pairs and scores[head]
    }
