# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of a bundle with a state over time on the last images of drives, with and without earlier windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from rich.console import Console
from rich.progress import track

from audio_manifold_ros.evaluation.controls.audio_control import audio_controls, mirrored_microphones
from audio_manifold_ros.evaluation.controls.camera_priors import CameraPriors
from audio_manifold_ros.evaluation.metrics.metric_names import CAMERA_PRIOR, MODEL, NO_PAST
from audio_manifold_ros.evaluation.metrics.metric_suite import MetricSuite
from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.inference.backends.torch_backend import load_network
from audio_manifold_ros.simulation.assumptions import ASSUMPTIONS
from training.comparison.street_window import StreetWindow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from audio_manifold_ros.evaluation.metrics.metric_suite import Scores
    from audio_manifold_ros.inference.bundle.bundle import Bundle
    from audio_manifold_ros.modalities.modality_images import ModalityImages
    from audio_manifold_ros.networks.spatial.latent_state import LatentState
    from training.state_study.drive_latents import DriveLatents


def score_state(bundle: Bundle, latents: DriveLatents, drives: Sequence[Path]) -> Scores:
    """Return the scores of the last images (see `MetricSuite.result`).

    The controls are the networks without earlier windows, and those of `audio_controls`, without earlier windows as
    well.

    Args:
        bundle: Bundle with a state over time.
        latents: Latents of the drives by `encode_drives` with the same networks without the state.
        drives: The drives, in the same order.

    Raises:
        DatasetError: A drive cannot be read.
        InferenceError: The networks cannot be loaded.

    """
    manifest = bundle.manifest
    spec, past = manifest.features, manifest.past_shape[0]
    rows, columns = manifest.camera.height, manifest.camera.width
    backend = open_backend(bundle, 'onnx', threads=1)
    state = cast('LatentState', load_network(bundle).state)
    board = MetricSuite()
    windows = [StreetWindow.read(path, spec, manifest.frame_position) for path in drives]
    priors = None if bundle.prior_table is None else CameraPriors(bundle.prior_table)
    places = track(range(len(drives)), 'last images', console=Console(stderr=True))
    for place in places:
        window, other = windows[place], windows[place - 1]
        order = mirrored_microphones(window.rig.array().positions_m)
        inputs = audio_controls(window.features(spec), other.features(spec), spec, order)
        earlier = reduced_past(state, latents.latents[place, -1 - past : -1])
        own = inputs.pop(MODEL)
        model = backend.run(np.concatenate([own, earlier]))
        predicted: dict[str, ModalityImages] = {MODEL: model, NO_PAST: backend.run(own)}
        predicted |= {variant: backend.run(features) for variant, features in inputs.items()}
        if priors is not None:
            predicted[CAMERA_PRIOR] = priors.prior(window.view, rows, columns)
        board.add(
            window.ground_truth,
            predicted,
            manifest.confidence.image(model, rows, columns),
            street=window.street,
            camera=window.rig.camera_model(),
        )
    scores = board.result()
    scores['assumptions'] = list(ASSUMPTIONS)
    return scores


def reduced_past(state: LatentState, latents: NDArray[np.float16]) -> NDArray[np.float32]:
    """Return the reduced latents (value,) of earlier windows from their latents (past, channel, cell, cell)."""
    with torch.inference_mode():
        reduced = state.reduced(torch.from_numpy(latents.astype(np.float32)))
    return reduced.numpy().reshape(-1)
