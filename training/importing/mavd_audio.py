# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One clip of MAVD: eight MP3 files of a second each, as one array at the rate of the dataset."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.resampler import Resampler
from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.pcm16 import float_to_int16

CLIP_RATE_HZ = 44_100
CLIP_SAMPLES = 44_100
# A clip that ends a little early is continued by its mirror image, as the edges of the features are.
MISSING_SAMPLES = 220
# What LAME and the decoder put before the sound where the file does not say how much to take off again, and the
# longest rest of frames around it.
CODEC_DELAY_SAMPLES = 1105
PADDING_SAMPLES = 3 * 1152


def read_clip(files: Sequence[Path], sample_rate_hz: int) -> NDArray[np.int16]:
    """Return the second around the image: int16 (microphone, sample), exactly one second long.

    The signal is mirrored at both ends before it is resampled, by the filter of the node, so that it does not fade.

    Raises:
        TrainingError: A file cannot be decoded, or is not one second of one channel at 44.1 kHz.
        AudioError: The ratio of the rates has no short form.

    """
    sound = np.stack([_one_second(file) for file in files])
    if sample_rate_hz == CLIP_RATE_HZ:
        return float_to_int16(sound)
    resampler = Resampler(CLIP_RATE_HZ, sample_rate_hz, len(files))
    # As many samples before it as make a whole number at both rates, so that output and input begin together.
    period = CLIP_RATE_HZ // math.gcd(CLIP_RATE_HZ, sample_rate_hz)
    margin = period * -(-resampler.delay_samples // period)
    before = margin * sample_rate_hz // CLIP_RATE_HZ
    resampled = resampler.process(np.pad(sound, ((0, 0), (margin, margin)), mode='reflect'))
    return float_to_int16(resampled[:, before : before + sample_rate_hz])


def _one_second(path: Path) -> NDArray[np.float32]:
    sound = _decoded(path)
    missing, excess = CLIP_SAMPLES - len(sound), len(sound) - CLIP_SAMPLES
    if missing > MISSING_SAMPLES or excess > PADDING_SAMPLES:
        msg = f'{str(path)!r} holds {len(sound)} samples: expected one second, {CLIP_SAMPLES}. Is it cut off?'
        raise TrainingError(msg)
    if missing > 0:
        return np.pad(sound, (missing // 2, missing - missing // 2), mode='reflect')
    first = CODEC_DELAY_SAMPLES if excess >= CODEC_DELAY_SAMPLES else excess // 2
    return sound[first : first + CLIP_SAMPLES]


def _decoded(path: Path) -> NDArray[np.float32]:
    import soundfile

    try:
        sound, rate_hz = soundfile.read(path, dtype='float32', always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        msg = f'{str(path)!r} cannot be decoded ({error}): unpack it again.'
        raise TrainingError(msg) from None
    if rate_hz != CLIP_RATE_HZ or sound.shape[1] != 1 or not np.all(np.isfinite(sound)):
        msg = f'{str(path)!r}: {sound.shape[1]} channels at {rate_hz} Hz: expected one at {CLIP_RATE_HZ} Hz.'
        raise TrainingError(msg)
    channel: NDArray[np.float32] = sound[:, 0]
    return channel
