# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Predictions of the node's pipeline for a part of a simulated drive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.common.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audio_manifold_ros.inference.backends.backend import Backend
    from audio_manifold_ros.inference.bundle.prediction import Prediction
    from audio_manifold_ros.inference.bundle_rig import BundleRig
    from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
    from audio_manifold_ros.simulation.drive import Drive

BLOCK_SAMPLES = 256


def stream_drive(
    rig: BundleRig, backend: Backend, drive: Drive, settings: PipelineSettings, start_s: float, end_s: float
) -> Iterator[tuple[float, Prediction]]:
    """Stream audio to the pipeline block by block, and yield its predictions, each with the end of its audio in s.

    Args:
        rig: The bundle and the rig of the drive.
        backend: Backend opened for the bundle of `rig`.
        drive: The drive.
        settings: Settings of the pipeline.
        start_s: Start of the audio in the drive.
        end_s: End of the audio.

    """
    sample_rate_hz = drive.sample_rate_hz
    pipeline = rig.make_pipeline(backend, sample_rate_hz, settings)
    start = round(start_s * sample_rate_hz)
    audio = drive.audio(start, round(end_s * sample_rate_hz) - start)
    for first in range(0, audio.shape[1] - BLOCK_SAMPLES + 1, BLOCK_SAMPLES):
        samples = audio[:, first : first + BLOCK_SAMPLES]
        stamp_ns = round((start + first) * NS_PER_S / sample_rate_hz)
        pipeline.push(AudioBlock(samples, first, sample_rate_hz, stamp_ns))
        prediction = pipeline.predict()
        if prediction is not None:
            yield (start + first + BLOCK_SAMPLES) / sample_rate_hz, prediction
