# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Summary of a demo: rate, latency, losses, memory and scores."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.evaluation.metrics.metric_names import MODEL, PRIOR
from audio_manifold_ros.evaluation.metrics.metric_suite import MetricSuite
from audio_manifold_ros.inference.bundle.feature_statistics import UNFAMILIAR
from audio_manifold_ros.modalities.modality_images import ModalityImages
from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from audio_manifold_ros.demo.demo_client import DemoClient
    from audio_manifold_ros.demo.demo_frame import DemoFrame
    from audio_manifold_ros.evaluation.controls.pixel_prior import PixelPrior

PERCENTILES = (50, 95, 99)
# Metrics of each modality, each with that of the prior. The first one is part of the subtitle of the contact sheet.
SHOWN_METRICS: Mapping[str, tuple[str, ...]] = {
    DEPTH: ('abs_rel',),
    SEGMENTATION: ('miou', 'iou_car'),
    NORMALS: ('mean_angle_deg',),
}
# Share of frames in which a modality is better than the prior, and its figure in `StreetStatistics.comparisons`.
FRAMES_BETTER = 'frames_better_than_prior'
SHARES: Mapping[str, str] = {DEPTH: 'depth_better', SEGMENTATION: 'iou_better'}
Scores = dict[str, dict[str, float | None]]


@dataclass(frozen=True)
class DemoSummary:
    """Results of a demo. The field names are the keys in `summary.json`.

    Attributes:
        frames: Number of predictions received.
        rate_hz: Predictions per second.
        latency_ms: Percentiles of the time from the newest sample of a window to the arrival of its image.
        windows_dropped: Number of windows that the node did not predict from in time.
        samples_lost: Number of audio samples lost.
        node_rss_mb: Largest resident memory of the node.
        first_image_s: Time from the activation of the node to its first image.
        unfamiliar: Sentence that the audio is unlike anything the bundle was trained on. Empty for familiar audio, and
            for a bundle without statistics of its training features.
        scores: Scores by head, empty without ground truth. In the file, each head is a key of its own.

    """

    frames: int
    rate_hz: float
    latency_ms: dict[str, float]
    windows_dropped: int
    samples_lost: int
    node_rss_mb: float
    first_image_s: float
    unfamiliar: str
    scores: Scores

    def to_dict(self) -> dict[str, object]:
        """Return the content of `summary.json`."""
        values = asdict(self)
        return {**{key: value for key, value in values.items() if key != 'scores'}, **self.scores}


def summarise(client: DemoClient, prior: PixelPrior | None, first_image_s: float, node_rss_mb: float) -> DemoSummary:
    """Compute the summary from everything that the client has received.

    Args:
        client: The client.
        prior: Prior of the camera of the rig, None of a bundle without it.
        first_image_s: Time from the activation of the node to its first image.
        node_rss_mb: Largest resident memory of the node.

    """
    arrivals_s = client.arrivals_s
    span_s = arrivals_s[-1] - arrivals_s[0]
    latency_ms = np.percentile(client.latencies_ms, PERCENTILES)
    return DemoSummary(
        frames=len(arrivals_s),
        rate_hz=round((len(arrivals_s) - 1) / span_s, 2) if span_s > 0 else 0.0,
        latency_ms={f'p{p}': round(float(value), 2) for p, value in zip(PERCENTILES, latency_ms, strict=True)},
        windows_dropped=int(client.value('predictions', 'windows_dropped', '0')),
        samples_lost=int(client.value('audio source', 'samples_lost', '0')),
        node_rss_mb=round(node_rss_mb, 1),
        first_image_s=round(first_image_s, 3),
        unfamiliar=describe_unfamiliar(client.distance_ratios),
        scores=score(client.frame_sampler.items, prior),
    )


def describe_unfamiliar(distance_ratios: Sequence[float]) -> str:
    """Return the sentence of a demo whose audio was unfamiliar most of the time, or an empty string."""
    ratio = median(distance_ratios) if distance_ratios else 0.0
    return f'{UNFAMILIAR}: do not rely on the images. The distance is {ratio:.1f} times its limit.' if ratio > 1 else ''


def score(frames: Sequence[DemoFrame], prior: PixelPrior | None) -> Scores:
    """Score the frames that have ground truth, and the prior of the camera as the baseline.

    Returns:
        Scores by head. Empty without ground truth. With a prior, `FRAMES_BETTER` is the share of frames with a smaller
        ABS_rel, or a larger mean IoU of the classes in the ground truth of the frame, than the prior.

    """
    suite = MetricSuite()
    pairs = [(frame, frame.ground_truth) for frame in frames if frame.ground_truth is not None]
    for index, (frame, ground_truth) in enumerate(pairs):
        predictions: dict[str, ModalityImages] = {MODEL: frame}
        if prior is not None:
            predictions[PRIOR] = prior
        # Figures over streets with one frame each are figures over frames.
        suite.add(ground_truth, predictions, street=str(index))
    scores: Mapping[str, Any] = suite.result()
    shares = scores.get('over_streets', {}).get('against', {}).get(PRIOR, {})
    return {
        head: {
            **{key: scores[head].get(key) for metric in metrics for key in (metric, f'{metric}_{PRIOR}')},
            **({FRAMES_BETTER: shares[SHARES[head]]} if SHARES.get(head) in shares else {}),
        }
        for head, metrics in SHOWN_METRICS.items()
        if pairs and scores[head]
    }
