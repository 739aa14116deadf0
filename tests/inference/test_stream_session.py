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
def session(bundle: Bundle, array: MicrophoneArray) -> StreamSession:
    backend = OnnxBackend(bundle, 1)
    return StreamSession(lambda rate_hz: Pipeline(bundle, backend, array, rate_hz))


def block(first_sample: int, rate_hz: int = 22_500, channels: int = 8) -> AudioBlock:
    return AudioBlock(np.zeros((channels, 256), np.float32), first_sample, rate_hz, first_sample * 10**9 // rate_hz)


def test_one_pipeline_for_a_stream_with_a_gap(session: StreamSession) -> None:
    first = session.follow(block(0))
    assert session.follow(block(256)) is first
    assert session.follow(block(1024)) is first
    assert session.flushes == 0


def test_a_restarted_stream_is_used_from_its_first_block(session: StreamSession) -> None:
    for first_sample in (512, 768, 0, 256):
        session.follow(block(first_sample)).push(block(first_sample))
    assert session.flushes == 1
    assert session.pipeline is not None
    assert session.pipeline.status().gaps == 0


def test_a_requested_flush(session: StreamSession) -> None:
    first = session.follow(block(0))
    assert session.follow(block(256), flush=True) is first
    assert session.flushes == 1


@pytest.mark.parametrize('other', [block(256, rate_hz=48_000), block(256, channels=9)])
def test_another_format_gets_another_pipeline(session: StreamSession, other: AudioBlock) -> None:
    first = session.follow(block(0))
    assert session.follow(other) is not first
    assert session.flushes == 0
