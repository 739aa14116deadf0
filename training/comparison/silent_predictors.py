# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Predictors without audio for the cameras of a case, from images of streets that are not in its test."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import track

from audio_manifold_ros.camera_prior.camera_view import CameraView
from audio_manifold_ros.camera_prior.prior_counts import PriorCounts
from audio_manifold_ros.camera_prior.ray_grid import RayGrid
from audio_manifold_ros.evaluation.controls.camera_priors import CameraPriors
from audio_manifold_ros.evaluation.controls.pixel_prior import PixelPrior, PixelPriorBuilder
from audio_manifold_ros.evaluation.metrics.metric_names import CONSTANTS, PRIOR
from audio_manifold_ros.modalities.modality_images import ModalityImages
from audio_manifold_ros.modalities.registry import DEPTH, SEGMENTATION
from audio_manifold_ros.processes.spread_work import spread
from audio_manifold_ros.simulation.drive import SIMULATOR_VERSION, Drive

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from audio_manifold_ros.camera_prior.prior_table import PriorTable
    from audio_manifold_ros.simulation.rig_parts import RigParts
    from training.comparison.compared_rigs import RigCase

# Streets whose images are summarised, and the instant of the image.
PRIOR_SEEDS = range(600)
TIME_S = 0.5
TASK_STREETS = 20


class SilentPredictors:
    """Images by variant that are predicted for a camera without audio.

    For a case with one camera they are the pixel prior and the best constants of that camera. For a case with several,
    the pixel prior is that of a table of rays (see `PriorTable`).
    """

    def __init__(self, case: RigCase, folder: Path, workers: int) -> None:
        """Render the images of streets with the cameras of the case, or read what was stored for them.

        Args:
            case: The rigs.
            folder: Folder of the stored images.
            workers: Number of processes.

        Raises:
            EvaluationError: A stored image is damaged.

        """
        views = {_view(rig): rig for rig in case.rigs}
        self._images: dict[CameraView, dict[str, ModalityImages]] = {}
        self._priors: CameraPriors | None = None
        if len(views) == 1:
            view, rig = next(iter(views.items()))
            self._images[view] = _pixel_priors(view, rig, folder, workers)
        else:
            self._priors = CameraPriors(_ray_table(list(views.values()), workers))

    def images(self, view: CameraView) -> dict[str, ModalityImages]:
        """Return the images of a camera of the case by variant: `prior`, and `constants` for a single camera."""
        if self._priors is None:
            return self._images[view]
        return {PRIOR: self._priors.prior(view, view.camera.height, view.camera.width)}


def _view(rig: RigParts) -> CameraView:
    return CameraView.from_rig(rig.camera.model, rig.extrinsics)


def _pixel_priors(view: CameraView, rig: RigParts, folder: Path, workers: int) -> dict[str, ModalityImages]:
    key = hashlib.sha256(repr((view, PRIOR_SEEDS, SIMULATOR_VERSION)).encode()).hexdigest()[:12]
    paths = {name: folder / f'{name}_{key}.npz' for name in (PRIOR, CONSTANTS)}
    if not all(path.is_file() for path in paths.values()):
        builder = PixelPriorBuilder(view.camera.height, view.camera.width)
        for _, images in _rendered([rig], workers):
            builder.add(images)
        folder.mkdir(parents=True, exist_ok=True)
        for name, prior in ((PRIOR, builder.build()), (CONSTANTS, builder.build_constants())):
            prior.save(paths[name])
    return {name: PixelPrior.load(path) for name, path in paths.items()}


def _ray_table(rigs: list[RigParts], workers: int) -> PriorTable:
    counts = PriorCounts(RayGrid(0.0), (DEPTH, SEGMENTATION))
    for rig, images in _rendered(rigs, workers):
        for name, image in images.by_modality().items():
            counts.add(name, image[None], _view(rig))
    return counts.build()


def _rendered(rigs: list[RigParts], workers: int) -> Iterator[tuple[RigParts, ModalityImages]]:
    """Yield the images of the streets, each with the camera of one of the rigs."""
    streets = [(seed, rigs[place % len(rigs)]) for place, seed in enumerate(PRIOR_SEEDS)]
    tasks = [streets[first : first + TASK_STREETS] for first in range(0, len(streets), TASK_STREETS)]
    done = track(spread(_render, tasks, workers), 'images without sound', len(tasks), console=Console(stderr=True))
    for number, images in done:
        yield from zip((rig for _, rig in tasks[number]), images, strict=True)


def _render(streets: Sequence[tuple[int, RigParts]]) -> list[ModalityImages]:
    return [ModalityImages(*Drive(seed, rig, 1.0).image(TIME_S)) for seed, rig in streets]
