# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of one bundle on the windows of unseen streets."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.evaluation.controls.audio_control import audio_controls, mirrored_microphones
from audio_manifold_ros.evaluation.controls.camera_priors import CameraPriors
from audio_manifold_ros.evaluation.metrics.metric_names import CAMERA_PRIOR, MODEL
from audio_manifold_ros.evaluation.metrics.metric_suite import MetricSuite
from audio_manifold_ros.inference.backend_factory import open_backend

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audio_manifold_ros.camera_prior.camera_view import CameraView
    from audio_manifold_ros.evaluation.metrics.metric_suite import Scores
    from audio_manifold_ros.inference.bundle.bundle import Bundle
    from audio_manifold_ros.modalities.modality_images import ModalityImages
    from training.comparison.street_window import StreetWindow

# Networks on one thread, so that their time can be compared.
THREADS = 1
UNIT = 'm'


class BundleScorer:
    """Runs the networks of a bundle and counts its scores, those of predictors without audio, and those of controls.

    Attributes:
        refusal: Why the bundle cannot be used with the rigs. Empty if it can.

    """

    def __init__(self, bundle: Bundle, *, controls: bool) -> None:
        """Open the networks.

        Args:
            bundle: A verified bundle.
            controls: Score the controls of the audio as well (see `audio_controls`).

        Raises:
            InferenceError: The networks cannot be loaded.

        """
        self.refusal = ''
        self._bundle, self._manifest = bundle, bundle.manifest
        self._backend, self._view = open_backend(bundle, 'onnx', threads=THREADS), bundle.view
        self._suite = MetricSuite(depth_unit=UNIT, structure=False)
        self._controls = controls
        table = bundle.prior_table
        self._priors = None if table is None else CameraPriors(table)
        self._times_s: list[float] = []

    def add(self, window: StreetWindow, other: StreetWindow, silent: Mapping[str, ModalityImages]) -> None:
        """Score a window, unless the bundle cannot be used with its rig.

        Args:
            window: The window.
            other: Window of another street, for the controls.
            silent: Images of predictors without audio by variant.

        """
        if self.refusal:
            return
        try:
            self._manifest.array.violations(window.rig.array(), None, self._manifest.name)
            self._score(window, other, silent)
        except AudioManifoldError as error:
            self.refusal = str(error)

    def result(self) -> Scores | None:
        """Return the scores, or None if the bundle cannot be used."""
        return None if self.refusal else self._suite.result()

    @property
    def network_ms(self) -> float | None:
        """Median time of the networks for one window in ms, None without windows."""
        return float(np.median(self._times_s)) * 1e3 if self._times_s else None

    def _score(self, window: StreetWindow, other: StreetWindow, silent: Mapping[str, ModalityImages]) -> None:
        spec = self._manifest.features
        inputs = {MODEL: window.features(spec)}
        if self._controls:
            order = mirrored_microphones(window.rig.array().positions_m)
            inputs = audio_controls(window.features(spec), other.features(spec), spec, order)
        self._use_camera(window.view)
        started = perf_counter()
        model = self._backend.run(inputs.pop(MODEL))
        self._times_s.append(perf_counter() - started)
        predicted: dict[str, ModalityImages] = {MODEL: model, **silent}
        predicted |= {variant: self._backend.run(features) for variant, features in inputs.items()}
        camera = self._manifest.camera
        if self._priors is not None:
            predicted[CAMERA_PRIOR] = self._priors.prior(window.view, camera.height, camera.width)
        confidence = self._manifest.confidence.image(model, camera.height, camera.width)
        self._suite.add(
            window.ground_truth,
            predicted,
            confidence,
            street=window.street,
            further_regions=window.traffic_regions,
        )

    def _use_camera(self, view: CameraView) -> None:
        """Open the networks again if a window has another camera than the one before, and the bundle a prior for it."""
        used = self._bundle.with_view(view)
        if used.view != self._view:
            self._backend, self._view = open_backend(used, 'onnx', threads=THREADS), used.view
