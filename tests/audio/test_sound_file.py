# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sound files: unknown lengths, truncation, and samples beyond full scale."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from audio_manifold_ros.audio.sound_file import SoundFile
from audio_manifold_ros.common.errors import AudioError

RATE_HZ = 22_500
FRAMES = 5_000
SOUND = np.random.default_rng(0).integers(-3_000, 3_000, (FRAMES, 8), dtype=np.int16)


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    return name + struct.pack('<I', len(content) if size is None else size) + content


def wav(size: int, metadata: bytes = b'') -> bytes:
    """Return a WAV file of `SOUND` whose sizes were left at a placeholder."""
    form = chunk(b'fmt ', struct.pack('<HHIIHH', 1, 8, RATE_HZ, RATE_HZ * 16, 16, 16))
    return b'RIFF' + struct.pack('<I', size) + b'WAVE' + form + metadata + chunk(b'data', SOUND.tobytes(), size)


def rf64(size: int) -> bytes:
    """Return an RF64 file whose 64-bit sizes were not written."""
    sizes = chunk(b'ds64', struct.pack('<QQQI', size, size, size, 0))
    form = chunk(b'fmt ', struct.pack('<HHIIHH', 1, 8, RATE_HZ, RATE_HZ * 16, 16, 16))
    data = chunk(b'data', SOUND.tobytes(), 0xFFFF_FFFF)
    return b'RF64' + struct.pack('<I', 0xFFFF_FFFF) + b'WAVE' + sizes + form + data


def stored(form: str) -> bytearray:
    """Return a complete file of `SOUND`."""
    path = Path(f'sound.{form.lower()}')
    soundfile.write(path, SOUND, RATE_HZ, format=form, subtype='PCM_16')
    return bytearray(path.read_bytes())


def w64() -> bytes:
    data = stored('W64')
    at = data.index(b'data')
    data[16:24] = data[at + 16 : at + 24] = bytes(8)
    return bytes(data)


def flac_without_total() -> bytes:
    data = stored('FLAC')
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    return bytes(data)


def read_all(file: SoundFile, count: int = 700) -> NDArray[np.int16]:
    parts = []
    while len(part := file.read(count)):
        parts.append(part)
    return np.rint(np.concatenate(parts) * 32_768).astype(np.int16)


@pytest.fixture(autouse=True)
def in_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    'make',
    [
        lambda: wav(0),  # a recorder that was killed
        lambda: wav(0, chunk(b'LIST', b'INFOabcd')),
        lambda: wav(0xFFFF_FFFF),  # FFmpeg into a pipe
        lambda: wav(0x7FFF_FFFF),  # arecord
        lambda: wav(0x7FFF_F000),  # SoX into a pipe
        lambda: rf64(0),
        lambda: rf64(2**64 - 1),
        w64,
        flac_without_total,
    ],
)
def test_a_file_of_unknown_length_is_read_to_its_end(make: Callable[[], bytes]) -> None:
    path = Path('unknown')
    path.write_bytes(make())
    with SoundFile(path) as file:
        assert 'states no length' in file.note
        np.testing.assert_array_equal(read_all(file), SOUND)
        file.rewind()
        assert file.count_frames() == FRAMES
        np.testing.assert_array_equal(read_all(file, 10_000), SOUND)


def test_a_killed_flac_recorder_leaves_all_complete_frames() -> None:
    path = Path('killed.flac')
    path.write_bytes(flac_without_total()[:-3_000])
    with SoundFile(path) as file:
        sound = read_all(file)
    assert 4_000 < len(sound) < FRAMES
    np.testing.assert_array_equal(sound, SOUND[: len(sound)])


def test_metadata_after_no_samples_is_not_audio() -> None:
    Path('empty.wav').write_bytes(wav(0)[:44] + chunk(b'LIST', b'INFOabcd'))
    with pytest.raises(AudioError, match='contains no samples: record it again'):
        SoundFile(Path('empty.wav'))


def test_a_truncated_file_states_both_lengths_and_may_be_allowed() -> None:
    Path('cut.wav').write_bytes(bytes(stored('WAV')[:-1_600]))
    with pytest.raises(AudioError, match='ends after 4900 of the 5000 samples that its header states'):
        SoundFile(Path('cut.wav'))
    with SoundFile(Path('cut.wav'), allow_truncated=True) as file:
        assert '4900 of the 5000' in file.note
        np.testing.assert_array_equal(read_all(file), SOUND[:4_900])


def test_float_samples_in_steps_of_integers_are_refused() -> None:
    soundfile.write('steps.wav', SOUND.astype(np.float32), RATE_HZ, subtype='FLOAT')
    with SoundFile(Path('steps.wav')) as file:
        for _ in range(2):
            with pytest.raises(AudioError, match=r'samples up to \d+ in channel \d, but full scale is 1\. Divide'):
                file.read(100)
    with SoundFile(Path('steps.wav'), full_scale=32_768) as file:
        np.testing.assert_array_equal(read_all(file), SOUND)
