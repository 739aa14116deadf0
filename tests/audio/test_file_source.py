# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""File source: exact samples, pace, loop, and invalid files."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.audio.file_source import FileSource
from audio_manifold_ros.audio.source import SourceState
from audio_manifold_ros.common.errors import AudioError

RATE_HZ = 22_500
START_NS = 123_000_000_000


def sound(samples: int, channels: int = 8) -> NDArray[np.int16]:
    return np.random.default_rng(0).integers(-32768, 32768, (samples, channels), dtype=np.int16)


def read_all(source: FileSource) -> list[AudioBlock]:
    blocks = []
    while source.status().state is SourceState.STREAMING:
        if (block := source.read(1.0)) is not None:
            blocks.append(block)
    return blocks


@pytest.mark.parametrize(('suffix', 'form'), [('wav', 'WAV'), ('wav', 'WAVEX'), ('flac', 'FLAC'), ('rf64', 'RF64')])
@pytest.mark.parametrize('channels', [1, 8])
def test_samples_come_back_exactly(tmp_path: Path, suffix: str, form: str, channels: int) -> None:
    data = sound(5000, channels)
    path = tmp_path / f'sound.{suffix}'
    soundfile.write(path, data, RATE_HZ, format=form, subtype='PCM_16')
    source = FileSource(path, lambda: START_NS, realtime=False, block_samples=512)
    for _ in range(2):
        source.open()
        assert (source.sample_rate_hz, source.channels) == (RATE_HZ, channels)
        blocks = read_all(source)
        np.testing.assert_array_equal(np.concatenate([block.samples for block in blocks], axis=1).T * 32768, data)
        assert [block.first_sample for block in blocks] == list(range(0, 5000, 512))
        assert [block.samples.shape[1] for block in blocks] == [512] * 9 + [392]
        for block in blocks:
            assert block.samples.dtype == np.float32
            assert block.samples.flags['C_CONTIGUOUS']
            assert block.stamp_ns == START_NS + block.first_sample * 10**9 // RATE_HZ
        assert source.status().state is SourceState.ENDED
        assert source.read(0) is None
    source.close()
    assert source.status().state is SourceState.CLOSED


@pytest.mark.parametrize('block_samples', [300, 1000, 2300])
def test_a_loop_continues_without_a_gap_in_blocks_of_one_length(tmp_path: Path, block_samples: int) -> None:
    data = sound(1000, 2)
    soundfile.write(tmp_path / 'a.wav', data, RATE_HZ)
    source = FileSource(tmp_path / 'a.wav', lambda: 0, realtime=False, loop=True, block_samples=block_samples)
    source.open()
    blocks = [block for _ in range(10) if (block := source.read(0)) is not None]
    source.close()
    # Short blocks at the seams would let windows end within a block, and so be known later than they are complete.
    assert [block.first_sample for block in blocks] == [block_samples * number for number in range(10)]
    samples = np.concatenate([block.samples for block in blocks], axis=1)
    np.testing.assert_array_equal(samples.T * 32768, np.resize(data, (10 * block_samples, 2)))


def test_pace_is_real_time(tmp_path: Path) -> None:
    soundfile.write(tmp_path / 'a.wav', sound(RATE_HZ), RATE_HZ)
    source = FileSource(tmp_path / 'a.wav', time.time_ns, block_samples=2250)
    source.open()
    start_s = time.monotonic()
    assert source.read(0.01) is None
    for number in range(1, 6):
        block = source.read(1.0)
        assert block is not None
        assert time.monotonic() - start_s > number * 0.1 - 0.01
        assert time.time_ns() >= block.stamp_ns + 10**8
    source.close()


def test_closing_ends_a_read_that_waits(tmp_path: Path) -> None:
    soundfile.write(tmp_path / 'a.wav', sound(RATE_HZ * 10, 1), RATE_HZ)
    source = FileSource(tmp_path / 'a.wav', time.time_ns, block_samples=RATE_HZ * 10)
    source.open()
    results: list[AudioBlock | None] = []
    reader = threading.Thread(target=lambda: results.append(source.read(10.0)))
    reader.start()
    time.sleep(0.1)
    source.close()
    reader.join(2.0)
    assert results == [None]


def text(path: Path) -> None:
    path.write_text('this is no audio', encoding='utf-8')


def empty(path: Path) -> None:
    path.touch()


def no_samples(path: Path) -> None:
    soundfile.write(path, sound(0), RATE_HZ, format='WAV')


def cut_wav(path: Path) -> None:
    soundfile.write(path, sound(5000), RATE_HZ, format='WAV')
    path.write_bytes(path.read_bytes()[:30_000])


def cut_flac(path: Path) -> None:
    soundfile.write(path, sound(50_000), RATE_HZ, format='FLAC')
    path.write_bytes(path.read_bytes()[:30_000])


def cut_header(path: Path) -> None:
    soundfile.write(path, sound(5000), RATE_HZ, format='WAV')
    path.write_bytes(path.read_bytes()[:20])


def aiff(path: Path) -> None:
    soundfile.write(path, sound(500), RATE_HZ, format='AIFF')


@pytest.mark.parametrize(
    ('make', 'message'),
    [
        (lambda _path: None, 'does not exist'),
        (Path.mkdir, 'does not exist'),
        (text, 'cannot be read as audio'),
        (empty, 'cannot be read as audio'),
        (cut_header, 'cannot be read as audio'),
        (no_samples, 'contains no samples'),
        (cut_wav, 'ends after 1872 of the 5000 samples'),
        (cut_flac, 'ends before'),
        (aiff, "is 'AIFF'"),
    ],
)
def test_bad_files_are_refused_by_name(tmp_path: Path, make: Callable[[Path], None], message: str) -> None:
    path = tmp_path / 'bad.wav'
    make(path)
    source = FileSource(path, time.time_ns)
    with pytest.raises(AudioError, match=message) as caught:
        source.open()
    assert repr(str(path)) in str(caught.value)
    assert source.status().state is SourceState.CLOSED


def test_a_file_damaged_inside_ends_with_a_message(tmp_path: Path) -> None:
    path = tmp_path / 'a.flac'
    soundfile.write(path, sound(100_000), RATE_HZ)
    data = bytearray(path.read_bytes())
    data[400_000:500_000] = bytes(100_000)
    path.write_bytes(data)
    source = FileSource(path, time.time_ns, realtime=False)
    source.open()
    blocks = read_all(source)
    assert source.status().state is SourceState.ENDED
    assert len(blocks) * 512 < 100_000 or source.status().message.endswith('has ended.')
    source.close()


def test_a_block_without_samples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match='block_samples is 0'):
        FileSource(tmp_path / 'a.wav', time.time_ns, block_samples=0)
