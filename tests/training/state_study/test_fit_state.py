# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fit of heads on latents: what only the past shows is used, and scores are those of the images."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from audio_manifold_ros.inference.backends.torch_backend import load_network
from audio_manifold_ros.inference.bundle.bundle import Bundle
from training.state_study import fit_state
from training.state_study.drive_latents import PAST_WINDOWS, WINDOWS, DriveLatents
from training.state_study.fit_state import LatentDecoder, class_counts, fit_head, score_head

DRIVES = 16


@pytest.fixture(scope='module')
def drives(street_bundle: Bundle) -> DriveLatents:
    """Return drives whose ground truth is in the windows of one second before the images, not in the last windows."""
    network = load_network(street_bundle)
    generator = np.random.default_rng(5)
    # One pattern with another weight in each window, so that the last window does not identify the drive.
    pattern = generator.normal(scale=3, size=(128, 8, 8))
    weights = generator.normal(size=(DRIVES, WINDOWS, 1, 1, 1))
    latents = (weights * pattern).astype(np.float16)
    decoder = LatentDecoder(network, DriveLatents(latents, np.empty(0, np.float16), np.empty(0, np.uint8)))
    depth_m, labels = np.empty((DRIVES, 2, 128, 128), np.float16), np.empty((DRIVES, 2, 128, 128), np.uint8)
    for image, window in enumerate(PAST_WINDOWS):
        with torch.inference_mode():
            raw = decoder(
                (torch.from_numpy(latents[:, window - 4].astype(np.float32)) - decoder.mean) / decoder.deviation
            )
        depth_m[:, image] = fit_state.IMAGE_HEADS['depth'].decode(raw['depth'], decoder.depth).numpy()
        labels[:, image] = fit_state.IMAGE_HEADS['segmentation'].decode(raw['segmentation'], decoder.depth).numpy()
    return DriveLatents(latents, depth_m, labels)


def test_a_head_with_a_past_learns_what_only_the_past_shows(street_bundle: Bundle, drives: DriveLatents) -> None:
    decoder = LatentDecoder(load_network(street_bundle), drives)
    error = {None: score_head(None, decoder, drives).abs_rel.mean()}
    for name in ('one window', 'convolution'):
        error[name] = score_head(fit_head(name, decoder, drives, 40, 0), decoder, drives).abs_rel.mean()
    assert error['convolution'] < 0.7 * error[None]
    # Without a past, the best prediction is a constant.
    assert error['convolution'] < 0.8 * error['one window']


def test_scores_without_errors_are_perfect(street_bundle: Bundle, drives: DriveLatents) -> None:
    decoder = LatentDecoder(load_network(street_bundle), drives)
    moved = DriveLatents(np.roll(drives.latents, 4, axis=1), drives.depth_m, drives.labels)
    scores = score_head(None, decoder, moved)
    assert scores.abs_rel.max() < 1e-2
    assert scores.correct.min() > 0.99
    assert scores.abs_rel.shape == (DRIVES,)


def test_a_fit_depends_on_its_seed_only(street_bundle: Bundle, drives: DriveLatents) -> None:
    decoder = LatentDecoder(load_network(street_bundle), drives)
    first, again, other = (fit_head('one window', decoder, drives, 2, seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not all(torch.equal(first[key], other[key]) for key in first)


def test_the_networks_are_not_fitted(street_bundle: Bundle, drives: DriveLatents) -> None:
    network = load_network(street_bundle)
    decoder = LatentDecoder(network, drives)
    before = {key: value.clone() for key, value in decoder.state_dict().items()}
    fit_head('mixture', decoder, drives, 2, 0)
    assert all(torch.equal(value, before[key]) for key, value in decoder.state_dict().items())


def test_unlabelled_pixels_do_not_count() -> None:
    labels = np.full((1, 2, 128, 128), 255, dtype=np.uint8)
    labels[0, 0, :64] = 13
    drives = DriveLatents(np.zeros((1, WINDOWS, 1, 1, 1), np.float16), np.zeros((1, 2, 128, 128), np.float16), labels)
    counts = class_counts(drives)
    assert counts.shape == (19,)
    assert counts[13] == 64 * 128 / 64
    assert counts.sum() == counts[13]
