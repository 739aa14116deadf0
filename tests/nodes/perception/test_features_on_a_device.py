# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Spectrogram topic of a backend that computes the features itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sensor_msgs.msg import Image

from audio_manifold_ros.features.mel_streaming import StreamingMel
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.features.spectrograms import level_spectrograms
from audio_manifold_ros.nodes.common.messages import from_image, to_ns
from audio_manifold_ros.nodes.perception.spectrogram import spectrogram_image
from tests.nodes.peer import ACTIVATE, CONFIGURE, NodeProcess, Peer

pytestmark = pytest.mark.ros


HOPS = 150


def windows_of(samples: np.ndarray) -> np.ndarray:
    """Return the spectrograms (window, row, column) of every window of the audio played twice."""
    spec, found = FeatureSpec(), []
    mel = StreamingMel(spec, 8)
    for first in range(0, 2 * len(samples), spec.hop_samples):
        mel.push(np.ascontiguousarray(samples[first % len(samples) :][: spec.hop_samples].T), first)
        if mel.newest_window_end is not None:
            found.append(spectrogram_image(level_spectrograms(mel.features(mel.newest_window_end), spec)))
    return np.stack(found)


def test_the_spectrogram_is_published_to_its_subscribers(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, wav: Path, tmp_path: Path
) -> None:
    samples, rate_hz = soundfile.read(wav, frames=HOPS * FeatureSpec().hop_samples, dtype='float32')
    soundfile.write(tmp_path / 'whole_hops.wav', samples, rate_hz, subtype='PCM_16')
    node = start_node(
        'tests.nodes.waveform_node',
        bundle=small_bundle,
        source__kind='file',
        source__file=tmp_path / 'whole_hops.wav',
        source__loop=True,
    )
    depths = peer.subscribe(Image, '/perception/depth/image', 400)
    assert peer.change(CONFIGURE, ACTIVATE), node.output
    peer.wait(lambda: len(depths) >= 3, 30, 'images, without a subscriber of the spectrogram')
    spectrograms = peer.subscribe(Image, '/perception/spectrogram', 400)
    peer.wait(lambda: len(spectrograms) >= 10, 30, 'spectrograms')
    peer.spin(0.3)
    assert {to_ns(image.header.stamp) for image in spectrograms[:5]} <= {to_ns(image.header.stamp) for image in depths}
    expected = windows_of(samples).astype(np.int16)
    for image in spectrograms[:3]:  # rounding may change a grey value by one
        assert np.abs(expected - from_image(image)).max(axis=(1, 2)).min() <= 1
    assert node.end() == 0, node.output
