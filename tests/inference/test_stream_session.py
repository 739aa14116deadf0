# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.pipeline import Pipeline
from audio_manifold_ros.inference.stream_session import StreamSession
from audio_manifold_ros.rig.rig import MicrophoneArray


@pytest.fixture
def listener(bundle: Bundle, array: MicrophoneArray) -> StreamSession:
    backend = OnnxBackend(bundle, 1)
    return StreamSession(lambda rate_hz: Pipeline(bundle, backend, array, rate_hz))


def block(first_sample: int, rate_hz: int = 22_500, channels: int = 8) -> AudioBlock:
    return AudioBlock(np.zeros((channels, 256), np.float32), first_sample, rate_hz, first_sample * 10**9 // rate_hz)


def test_one_pipeline_for_a_stream_with_a_gap(listener: StreamSession) -> None:
    first = listener.follow(block(0))
    assert listener.follow(block(256)) is first
    assert listener.follow(block(1024)) is first
    assert listener.flushes == 0


def test_a_stream_that_begins_anew_is_taken_from_its_first_block(listener: StreamSession) -> None:
    for first_sample in (512, 768, 0, 256):
        listener.follow(block(first_sample)).push(block(first_sample))
    assert listener.flushes == 1
    assert listener.pipeline is not None
    assert listener.pipeline.status().gaps == 0


def test_a_flush_that_is_asked_for(listener: StreamSession) -> None:
    first = listener.follow(block(0))
    assert listener.follow(block(256), flush=True) is first
    assert listener.flushes == 1


@pytest.mark.parametrize('other', [block(256, rate_hz=48_000), block(256, channels=9)])
def test_another_format_gets_another_pipeline(listener: StreamSession, other: AudioBlock) -> None:
    first = listener.follow(block(0))
    assert listener.follow(other) is not first
    assert listener.flushes == 0
