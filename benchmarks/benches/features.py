# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of features: mel features compared with librosa on the whole window, spatial with mel features."""

from __future__ import annotations

import warnings
from dataclasses import replace
from time import process_time

import cv2
import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.features.array_geometry import ArrayGeometry
from audio_manifold_ros.features.echo_map import EchoMap
from audio_manifold_ros.features.kinds import AnyFeatureSpec
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.features.mel_streaming import StreamingMel
from audio_manifold_ros.features.spatial_batch import spatial_features
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.features.spatial_streaming import StreamingSpatialFeatures
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.testing.librosa_features import librosa_features
from benchmarks.harness.figure import Figure, cheaper
from benchmarks.harness.timing import Action, medians_s

CHANNELS = 8
ROUNDS = 30
PER_CHANNEL = 'librosa, the whole window, channel by channel'
AT_ONCE = 'librosa, the whole window, all channels at once'
TOLERANCE = 1e-3


class FeatureStream:
    """An endless stream of audio and its features."""

    def __init__(self, spec: AnyFeatureSpec, channels: int = CHANNELS) -> None:
        """Fill the first window."""
        rng = np.random.default_rng(0)
        self._audio = (0.1 * rng.standard_normal((channels, 64 * spec.hop_samples))).astype(np.float32)
        self._hop_samples = spec.hop_samples
        self._features = self._open(spec, channels)
        self._first_sample = 0
        while self._features.newest_window_end is None:
            self.hop()

    @staticmethod
    def _open(spec: AnyFeatureSpec, channels: int) -> StreamingMel | StreamingSpatialFeatures:
        if isinstance(spec, FeatureSpec):
            return StreamingMel(spec, channels)
        return StreamingSpatialFeatures(spec, ring_geometry(spec, channels))

    def hop(self) -> None:
        """Process the samples of one hop."""
        at = self._first_sample % self._audio.shape[1]
        self._features.push(self._audio[:, at : at + self._hop_samples], self._first_sample)
        self._first_sample += self._hop_samples

    def predict(self) -> NDArray[np.float32]:
        """Return the features of the newest window."""
        end = self._features.newest_window_end
        assert end is not None
        return self._features.features(end)

    def hop_and_predict(self) -> NDArray[np.float32]:
        """Process a hop and return the features of the newest window."""
        self.hop()
        return self.predict()


def ring_geometry(spec: SpatialFeatureSpec, channels: int) -> ArrayGeometry:
    """Return the geometry of a ring of microphones with a radius of half a metre."""
    angles = 2 * np.pi * np.arange(channels) / channels
    positions_m = 0.5 * np.stack([np.cos(angles), np.sin(angles), np.zeros(channels)], axis=1)
    azimuths_rad: NDArray[np.float64] = 0.8 - 2 * np.pi * np.arange(spec.azimuths) / spec.azimuths
    return ArrayGeometry(positions_m, azimuths_rad, np.ones(channels, dtype=bool))


def measure() -> list[Figure]:
    """Return the figures of the features."""
    warnings.filterwarnings('ignore', message='Empty filters')
    cv2.setNumThreads(1)
    spec, interior = FeatureSpec(), FeatureSpec(edges='interior')
    window = np.random.default_rng(1).uniform(-0.3, 0.3, (CHANNELS, spec.window_samples)).astype(np.float32)
    difference = np.abs(librosa_features(window, spec) - mel_features(window, spec)).max()
    if difference > TOLERANCE:
        msg = f'The features differ from those of librosa by {difference:.2g}: the comparison is invalid.'
        raise RuntimeError(msg)
    stream, interior_stream = FeatureStream(spec), FeatureStream(interior)
    spatial = SpatialFeatureSpec()
    segments = replace(spatial, window_samples=spatial.window_samples + 3 * spatial.echo_step_samples, echo_segments=4)
    spatial_stream, segments_stream = FeatureStream(spatial), FeatureStream(segments)
    geometry = ring_geometry(spatial, CHANNELS)
    # Later windows have the other segments of the next ones.
    for _ in range(spatial.echo_step_samples * 3 // spatial.hop_samples):
        segments_stream.hop_and_predict()
    echo = EchoMap(spatial, geometry.positions_m)
    times_s = medians_s(
        {
            'librosa': Action(lambda: [librosa_features(channel[None], spec) for channel in window]),
            'librosa_at_once': Action(lambda: librosa_features(window, spec)),
            'batch': Action(lambda: mel_features(window, spec)),
            'hop': Action(stream.hop, 50),
            'predict': Action(stream.predict, 20),
            'both': Action(stream.hop_and_predict, 20),
            'interior': Action(interior_stream.hop_and_predict, 20),
            'spatial_hop': Action(spatial_stream.hop, 50),
            'spatial_both': Action(spatial_stream.hop_and_predict, 20),
            'segments_both': Action(segments_stream.hop_and_predict, 20),
            'spatial_batch': Action(lambda: spatial_features(window, geometry, spatial)),
            'echo': Action(lambda: echo.map(window), 20),
        },
        ROUNDS,
        process_time,
    )
    slow_s, batched_s = times_s['librosa'], times_s['librosa_at_once']
    return [
        cheaper('one prediction', times_s['predict'], PER_CHANNEL, slow_s, 15),
        cheaper('a hop without a prediction', times_s['hop'], PER_CHANNEL, slow_s, 100),
        cheaper('one prediction', times_s['predict'], AT_ONCE, batched_s),
        cheaper('a hop without a prediction', times_s['hop'], AT_ONCE, batched_s),
        cheaper('a hop and its prediction', times_s['both'], PER_CHANNEL, slow_s),
        cheaper('a hop and its prediction, `edges: interior`', times_s['interior'], PER_CHANNEL, slow_s),
        cheaper('batch form (numpy), the whole window', times_s['batch'], PER_CHANNEL, slow_s),
        _limited('spatial features: a hop', times_s['spatial_hop'], 0.3, 'mel: a hop', times_s['hop']),
        _limited('spatial features: the echo map', times_s['echo'], 1.0, 'mel: one prediction', times_s['predict']),
        cheaper(
            'spatial features: a hop and its prediction', times_s['spatial_both'], 'mel: the same', times_s['both']
        ),
        cheaper(
            'spatial features with four segments of the echo map: a hop and its prediction',
            times_s['segments_both'],
            'one segment: the same',
            times_s['spatial_both'],
        ),
        cheaper('spatial features: batch form (numpy)', times_s['spatial_batch'], 'mel: the same', times_s['batch']),
    ]


def _limited(what: str, cost_s: float, limit_ms: float, alternative: str, alternative_s: float) -> Figure:
    """Return a figure of a cost with a limit, and its ratio to an alternative."""
    figure = cheaper(what, cost_s, alternative, alternative_s)
    return replace(figure, target=f'at most {limit_ms:g} ms', met=1e3 * cost_s <= limit_ms)
