# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""MAVD clips: exactly one second, aligned with the image whatever the padding of the encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import TrainingError
from training.importing.mavd_audio import CLIP_RATE_HZ, read_clip

RATE_HZ = 22_500


def chirp(rate_hz: int, length: int, first: int = 0) -> NDArray[np.float32]:
    """Return a rising tone with a loud middle, from any first sample."""
    time_s = (np.arange(length) + first) / rate_hz
    return (0.3 * np.sin(2 * np.pi * (400 * time_s + 600 * time_s**2)) * (1 + np.cos(6 * time_s)) / 2).astype('f4')


def written(path: Path, sound: NDArray[np.float32], rate_hz: int = CLIP_RATE_HZ) -> Path:
    soundfile.write(path, sound, rate_hz, format='MP3', subtype='MPEG_LAYER_III', compression_level=0)
    return path


def lag_samples(sound: NDArray[np.int16], reference: NDArray[np.float32]) -> int:
    spectrum = np.fft.rfft(sound.astype(float)) * np.conj(np.fft.rfft(reference))
    place = int(np.argmax(np.fft.irfft(spectrum, len(reference))))
    return place if place < len(reference) // 2 else place - len(reference)


@pytest.mark.parametrize('rate_hz', [22_500, 22_050, 44_100, 48_000, 16_000])
def test_a_clip_is_one_second_in_time(tmp_path: Path, rate_hz: int) -> None:
    files = [written(tmp_path / f'{microphone}.mp3', chirp(CLIP_RATE_HZ, CLIP_RATE_HZ)) for microphone in range(2)]
    sound = read_clip(files, rate_hz)
    assert (sound.shape, sound.dtype) == ((2, rate_hz), np.int16)
    reference = chirp(rate_hz, rate_hz)
    assert np.corrcoef(sound[0], reference)[0, 1] > 0.999
    assert lag_samples(sound[0], reference) == 0
    np.testing.assert_allclose(sound[0], sound[1], atol=1)


def test_the_edges_do_not_fade(tmp_path: Path) -> None:
    sound = read_clip([written(tmp_path / 'x.mp3', 0.3 * np.ones(CLIP_RATE_HZ, np.float32))], RATE_HZ)
    middle = np.median(sound)
    assert np.all(np.abs(sound[0, :200] - middle) < 0.15 * middle)
    assert np.all(np.abs(sound[0, -200:] - middle) < 0.15 * middle)


def test_the_delay_of_the_encoder_is_removed_from_files_without_a_tag(tmp_path: Path) -> None:
    path = written_at_constant_rate(tmp_path / 'x.mp3', chirp(CLIP_RATE_HZ, CLIP_RATE_HZ))
    without_tag(path)
    assert soundfile.info(path).frames > CLIP_RATE_HZ + 1105
    sound = read_clip([path], RATE_HZ)
    assert abs(lag_samples(sound[0], chirp(RATE_HZ, RATE_HZ))) <= 1


def test_a_slightly_short_clip_is_extended_by_reflection(tmp_path: Path) -> None:
    path = written(tmp_path / 'x.mp3', chirp(CLIP_RATE_HZ, CLIP_RATE_HZ - 100, first=50))
    sound = read_clip([path], RATE_HZ)
    assert sound.shape == (1, RATE_HZ)
    assert lag_samples(sound[0], chirp(RATE_HZ, RATE_HZ)) == 0


def test_faults_are_refused(tmp_path: Path) -> None:
    path = tmp_path / 'x.mp3'
    with pytest.raises(TrainingError, match=r'x\.mp3.*does not exist'):
        read_clip([path], RATE_HZ)
    path.write_bytes(b'')
    with pytest.raises(TrainingError, match=r'x\.mp3.*cannot be read as audio'):
        read_clip([path], RATE_HZ)
    written(path, chirp(CLIP_RATE_HZ, CLIP_RATE_HZ // 2))
    with pytest.raises(TrainingError, match='has 22050 samples'):
        read_clip([path], RATE_HZ)
    written(path, chirp(48_000, 48_000), 48_000)
    with pytest.raises(TrainingError, match='1 channels at 48000 Hz'):
        read_clip([path], RATE_HZ)
    written(path, np.stack([chirp(CLIP_RATE_HZ, CLIP_RATE_HZ)] * 2, axis=1))
    with pytest.raises(TrainingError, match='2 channels at 44100 Hz'):
        read_clip([path], RATE_HZ)
    whole = written(path, chirp(CLIP_RATE_HZ, CLIP_RATE_HZ)).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TrainingError, match='may be truncated'):
        read_clip([path], RATE_HZ)


def written_at_constant_rate(path: Path, sound: NDArray[np.float32]) -> Path:
    options = {'bitrate_mode': 'CONSTANT', 'compression_level': 0.5}
    soundfile.write(path, sound, CLIP_RATE_HZ, format='MP3', subtype='MPEG_LAYER_III', **options)
    return path


def without_tag(path: Path) -> None:
    """Take off the first frame, which says how long the sound is and how much of it the coder added."""
    whole = path.read_bytes()
    second = whole.index(whole[:2], 4)
    assert b'LAME' in whole[:second] or b'Info' in whole[:second]
    path.write_bytes(whole[second:])
