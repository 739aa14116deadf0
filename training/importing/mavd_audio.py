# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Decoding of one MAVD clip: eight MP3 files of one second each, as one array at the sample rate of the drive."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.resampler import Resampler
from audio_manifold_ros.audio.sound_file import SoundFile
from audio_manifold_ros.common.errors import AudioError, TrainingError
from audio_manifold_ros.common.pcm16 import float_to_int16

CLIP_RATE_HZ = 44_100
CLIP_SAMPLES = 44_100
# A clip that is slightly short is extended by reflection, like the edges of the features.
MISSING_SAMPLES = 220
# Delay of LAME and the decoder in files without a LAME tag, and the longest padding by whole MP3 frames.
CODEC_DELAY_SAMPLES = 1105
PADDING_SAMPLES = 3 * 1152
MAX_SAMPLES = CLIP_SAMPLES + PADDING_SAMPLES
FORMATS = ('MP3',)


def read_clip(files: Sequence[Path], sample_rate_hz: int) -> NDArray[np.int16]:
    """Return the second around the image: int16 (microphone, sample), exactly one second long.

    The signal is reflected at both ends before it passes the node's resampler, so that its edges do not fade.

    Raises:
        TrainingError: A file cannot be decoded, or is not one second of one channel at 44.1 kHz.
        AudioError: The ratio of the sample rates has no small integer form.

    """
    samples = np.stack([_one_second(file) for file in files])
    if sample_rate_hz == CLIP_RATE_HZ:
        return float_to_int16(samples)
    resampler = Resampler(CLIP_RATE_HZ, sample_rate_hz, len(files))
    # The margin is a whole number of samples at both rates, so that output and input start at the same time.
    period = CLIP_RATE_HZ // math.gcd(CLIP_RATE_HZ, sample_rate_hz)
    margin = period * -(-resampler.delay_samples // period)
    before = margin * sample_rate_hz // CLIP_RATE_HZ
    resampled = resampler.process(np.pad(samples, ((0, 0), (margin, margin)), mode='reflect'))
    return float_to_int16(resampled[:, before : before + sample_rate_hz])


def _one_second(path: Path) -> NDArray[np.float32]:
    samples = _decoded(path)
    missing, excess = CLIP_SAMPLES - len(samples), len(samples) - CLIP_SAMPLES
    if missing > MISSING_SAMPLES or excess > PADDING_SAMPLES:
        msg = (
            f'{str(path)!r} has {len(samples)} samples: expected one second, {CLIP_SAMPLES}. '
            'The file may be truncated: unpack it again.'
        )
        raise TrainingError(msg)
    if missing > 0:
        return np.pad(samples, (missing // 2, missing - missing // 2), mode='reflect')
    first = CODEC_DELAY_SAMPLES if excess >= CODEC_DELAY_SAMPLES else excess // 2
    return samples[first : first + CLIP_SAMPLES]


def _decoded(path: Path) -> NDArray[np.float32]:
    try:
        with SoundFile(path, formats=FORMATS) as file:
            samples, rate_hz = file.read(MAX_SAMPLES + 1), file.sample_rate_hz
    except AudioError as error:
        msg = f'A clip cannot be used. {error}'
        raise TrainingError(msg) from None
    if rate_hz != CLIP_RATE_HZ or samples.shape[1] != 1 or not np.all(np.isfinite(samples)):
        msg = f'{str(path)!r}: {samples.shape[1]} channels at {rate_hz} Hz: expected one at {CLIP_RATE_HZ} Hz.'
        raise TrainingError(msg)
    channel: NDArray[np.float32] = samples[:, 0]
    return channel
