# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Flicker of the predictions of a stream: their change from one to the next where nothing moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.progress import track

from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.evaluation.metrics.depth_metrics import FAR_M, NEAR_M, DepthMetrics
from audio_manifold_ros.evaluation.metrics.segmentation_metrics import SegmentationMetrics
from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.inference.bundle_rig import BundleRig
from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
from audio_manifold_ros.modalities.modality_images import ModalityImages
from audio_manifold_ros.simulation.drive import Drive
from training.comparison.streamed_drive import stream_drive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from audio_manifold_ros.inference.backends.backend import Backend
    from audio_manifold_ros.inference.bundle.bundle import Bundle

SECONDS = 3
# The rate of the node.
RATE_HZ = 30.0
# Time constants of the temporal smoothing (see `PipelineSettings.smoothing_s`) that are compared.
SMOOTHING_S = (0.0, 0.1, 0.3, 1.0)
# Largest change of ln(true depth) of a pixel that counts as still.
STILL = 0.01
FLICKER_TEXT = (
    f'Mean of |change of ln depth| from one prediction to the next at {RATE_HZ:g} Hz, over the pixels whose class '
    f'stays and whose true depth changes by less than {STILL:.0%}, and the share of these pixels that get another '
    'class. The change of the truth is that of the same pixels. ABS_rel and the correct pixels are those of all images '
    'of the drives.'
)


@dataclass
class Flicker:
    """Sums over the images of streams, and over the still pixels of pairs of successive images."""

    pixels: int = 0
    labelled: int = 0
    change: float = 0.0
    true_change: float = 0.0
    other_class: int = 0
    depth: DepthMetrics = field(default_factory=DepthMetrics)
    segmentation: SegmentationMetrics = field(default_factory=SegmentationMetrics)

    def add_image(self, predicted: ModalityImages, truth: ModalityImages) -> None:
        """Add a prediction with its ground truth."""
        if predicted.depth_m is not None and truth.depth_m is not None:
            self.depth.add(truth.depth_m, predicted.depth_m)
        if predicted.labels is not None and truth.labels is not None:
            self.segmentation.add(truth.labels, predicted.labels)

    def add(self, before: tuple[ModalityImages, ModalityImages], after: tuple[ModalityImages, ModalityImages]) -> None:
        """Add two successive predictions, each with its ground truth."""
        (predicted, truth), (next_predicted, next_truth) = before, after
        true_change = np.abs(_log_depth(next_truth.depth_m) - _log_depth(truth.depth_m))
        is_still = (true_change < STILL) & (truth.labels == next_truth.labels)
        change = np.abs(_log_depth(next_predicted.depth_m) - _log_depth(predicted.depth_m))
        known = is_still & ~np.isnan(change)
        self.pixels += int(known.sum())
        self.change += float(change[known].sum())
        self.true_change += float(true_change[known].sum())
        if predicted.labels is not None and next_predicted.labels is not None:
            self.labelled += int(is_still.sum())
            self.other_class += int((predicted.labels != next_predicted.labels)[is_still].sum())

    def result(self) -> dict[str, float | None]:
        """Return `mean_change`, `true_change`, `other_class`, `abs_rel` and `accuracy`: means, None without pixels."""
        depth, classes = self.depth.result(), self.segmentation
        return {
            'mean_change': self.change / self.pixels if self.pixels else None,
            'true_change': self.true_change / self.pixels if self.pixels else None,
            'other_class': self.other_class / self.labelled if self.labelled else None,
            'abs_rel': depth['abs_rel'] if depth['pixels'] else None,
            'accuracy': classes.accuracy() if classes.confusion.any() else None,
        }


def measure_flicker(
    bundle: Bundle, rig: Path, seeds: Iterable[int], smoothing_s: float = 0.0, *, trunk_echoes: bool = False
) -> dict[str, float | None]:
    """Stream drives through streets to the pipeline of the node, and return their flicker (see `Flicker.result`).

    Args:
        bundle: A verified bundle with depth.
        rig: Folder of the rig.
        seeds: Seeds of the streets.
        smoothing_s: Time constant of the temporal smoothing.
        trunk_echoes: Trunks and poles reflect sound.

    Raises:
        InferenceError: The bundle cannot be used with the rig.
        SimulationError: A street cannot be simulated.

    """
    flicker, used = Flicker(), BundleRig.open(bundle, rig)
    settings = PipelineSettings(max_rate_hz=RATE_HZ, smoothing_s=smoothing_s)
    backend = open_backend(used.bundle, 'onnx', threads=1)
    for seed in track(list(seeds), f'flicker of {bundle.manifest.name}', console=Console(stderr=True)):
        drive = Drive(seed, rig, float(SECONDS), trunk_echoes=trunk_echoes)
        predictions = list(_predictions(used, backend, drive, settings))
        for predicted, truth in predictions:
            flicker.add_image(predicted, truth)
        for before, after in pairwise(predictions):
            flicker.add(before, after)
    return flicker.result()


def _predictions(
    rig: BundleRig, backend: Backend, drive: Drive, settings: PipelineSettings
) -> Iterator[tuple[ModalityImages, ModalityImages]]:
    """Yield the predictions of a drive, each with its ground truth."""
    for _, prediction in stream_drive(rig, backend, drive, settings, 0.0, SECONDS):
        yield prediction, ModalityImages(*drive.image(prediction.stamp_ns / NS_PER_S))


def _log_depth(depth_m: NDArray[np.floating[Any]] | None) -> NDArray[np.floating[Any]]:
    if depth_m is None:
        return np.array(np.nan)
    return np.asarray(np.log(np.clip(depth_m, NEAR_M, FAR_M)))
