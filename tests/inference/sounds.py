# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Noise with microphones that fail, and streaming of it through a pipeline."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.inference.bundle.prediction import Prediction
from audio_manifold_ros.inference.pipeline import Pipeline

RATE_HZ = 22_500
DEAD_FROM_S = 1.5


def noise(seconds: float, dead: tuple[int, ...] = ()) -> np.ndarray:
    """Return noise (8, sample); the dead microphones are silent after `DEAD_FROM_S`."""
    samples = (0.05 * np.random.default_rng(5).standard_normal((8, int(seconds * RATE_HZ)))).astype(np.float32)
    samples[list(dead), int(DEAD_FROM_S * RATE_HZ) :] *= 1e-3
    return samples


def stream_predictions(pipeline: Pipeline, audio: np.ndarray, length: int = 256, lost: int = -1) -> list[Prediction]:
    """Return the predictions of a stream in blocks of some samples, of which one may be lost."""
    found = []
    for first in range(0, audio.shape[1], length):
        if first // length != lost:
            samples = audio[:, first : first + length]
            pipeline.push(AudioBlock(samples, first, RATE_HZ, first * 10**9 // RATE_HZ))
        found.append(pipeline.predict())
    return [prediction for prediction in found if prediction is not None]
