# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recorder with its own sound device: a virtual array of eight microphones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.bags.decoding.audio_message_adapters import ADAPTERS
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from tests.nodes.peer import NodeProcess
from tests.pulse_array import DEVICE, RATE_HZ, PulseArray

pytestmark = pytest.mark.ros
PATTERN = 64


def test_the_bag_holds_the_captured_samples_exactly(
    start_node: Callable[..., NodeProcess], tmp_path: Path, pulse_array: PulseArray
) -> None:
    played = (np.random.default_rng(5).standard_normal((8, 60 * RATE_HZ)) * 2000).astype(np.int16)
    pulse_array.play(played)
    parameters = {'folder': tmp_path, 'name': 'drive', 'rig': 'calibration/roof_octagon', 'duration_s': 3.0}
    parameters |= {
        'topics': "['nobody/there']",
        'preflight__mode': 'warn',
        'preflight__timeout_s': 40.0,
        'reserve_mb': 1,
    }
    parameters |= {'device__name': DEVICE, 'device__rate_hz': RATE_HZ, 'device__block_samples': 256}
    recorder = start_node('recorder', **parameters)
    assert recorder.process.wait(100) == 0, recorder.output
    with BagReader(tmp_path / 'drive') as bag:
        (topic,) = (topic for topic in bag.topics if topic.name == '/audio')
        assert topic.type == 'audio_manifold_msgs/msg/AudioBlock'
        messages = [bag.decode(message) for message in bag.messages(['/audio'])]
    assert {message.header.frame_id for message in messages} == {'mic_array_link'}
    chunks = [ADAPTERS[topic.type].read_chunk(message, 0) for message in messages]
    is_exact = [np.array_equal(chunk.samples, find_in_played(played, chunk.samples)) for chunk in chunks]
    assert np.mean(is_exact) > 0.9, 'an overloaded server skips samples, but delivers the others unchanged'
    audio = next(
        t['audio'] for t in json.loads((tmp_path / 'drive' / 'report.json').read_text())['topics'] if t['audio']
    )
    ends = [(chunk.first_sample or 0) + chunk.length for chunk in chunks]
    lost = sum((chunk.first_sample or 0) - end for end, chunk in zip(ends, chunks[1:], strict=False))
    assert audio['samples'] == sum(chunk.length for chunk in chunks) > RATE_HZ
    assert audio['samples_lost'] == lost
    assert [mic['silent_fraction'] for mic in audio['microphones']] == [0.0] * 8


def find_in_played(played: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Return the part of the played samples that starts like `samples`."""
    starts = np.flatnonzero(played[0, : -samples.shape[1]] == samples[0, 0])
    start_indices = [at for at in starts if np.array_equal(played[0, at : at + PATTERN], samples[0, :PATTERN])]
    return played[:, start_indices[0] : start_indices[0] + samples.shape[1]] if start_indices else np.empty(0)


def test_an_absent_device_is_refused_by_name(
    start_node: Callable[..., NodeProcess], tmp_path: Path, pulse_array: PulseArray
) -> None:
    recorder = start_node(
        'recorder',
        folder=tmp_path,
        topics="['nobody/there']",
        rig='calibration/roof_octagon',
        device__name='no-such-array',
        preflight__timeout_s=3.0,
    )
    assert recorder.process.wait(100) == 1, recorder.output
    assert "'no-such-array'" in recorder.output
    assert '/audio: no node publishes it' in recorder.output or '/audio: no message' in recorder.output
    assert list(tmp_path.glob('drive*')) == []
