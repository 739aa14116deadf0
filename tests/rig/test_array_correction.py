# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Correction of channel order, gain, polarity and delay: applied once, and equal in node and dataset reader."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.audio.preprocessor import AudioPreprocessor
from audio_manifold_ros.audio.simulator_source import SimulatorSource
from audio_manifold_ros.common.errors import DatasetError, RigError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.datasets.windows import cut_windows
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.rig.array_correction import ArrayCorrection
from audio_manifold_ros.rig.rig import MicrophoneArray
from audio_manifold_ros.simulation.drive import Drive
from tests.datasets.drive_examples import audio_of, images_of

RIG = resource_path('calibration/roof_octagon')
ARRAY = MicrophoneArray.from_yaml(RIG / 'mic_array.yaml')
RATE_HZ = 22_500
CHANNELS = (3, 0, 7, 1, 2, 6, 5, 4)


def wired(delays: list[float], *, delay_rate_hz: int = 48_000) -> MicrophoneArray:
    """Return the octagon with swapped cables, unequal gains, two reversed polarities, and delays."""
    microphones = tuple(
        replace(
            mic,
            device_channel=CHANNELS[place],
            gain_db=float(place - 3),
            polarity=-1 if place in {2, 5} else 1,
            delay_samples=delays[place],
        )
        for place, mic in enumerate(ARRAY.microphones)
    )
    return replace(ARRAY, microphones=microphones, delay_rate_hz=delay_rate_hz)


def write_drive(path: Path, array: MicrophoneArray, rate_hz: int, first: int = 0, images: tuple[int, ...] = ()) -> Path:
    """Write a drive of 3000 samples that an array recorded."""
    rig = replace(RigFiles.from_folder(RIG), mic_array=array.to_text())
    with DriveWriter(
        path, drive_id='drive', rig=rig, sample_rate_hz=rate_hz, channels=8, provenance={}, first_sample=first
    ) as writer:
        writer.add_audio(audio_of(0, 3000), first)
        for sample in images:
            writer.add_image(sample, *images_of(sample))
    return path


def conditioned(array: MicrophoneArray, raw: np.ndarray, sizes: list[int], first: int = 0) -> tuple[np.ndarray, int]:
    """Return the corrected audio of the node for raw audio, and the index of its first sample."""
    conditioner, outs, at = AudioPreprocessor(array, RATE_HZ, RATE_HZ), [], 0
    while at < raw.shape[1]:
        size = sizes[at % len(sizes)]
        outs.append(conditioner.process(AudioBlock(raw[:, at : at + size], first + at, RATE_HZ, 0)))
        at += size
    found = [out for out in outs if out is not None]
    assert all(b.first_sample == a.end_sample for a, b in pairwise(found))
    return np.concatenate([out.samples for out in found], axis=1), found[0].first_sample


@settings(deadline=None, max_examples=15)
@given(
    delays=st.lists(st.floats(-40, 40), min_size=8, max_size=8),
    sizes=st.lists(st.integers(1, 900), min_size=1, max_size=4),
    first=st.integers(0, 10**6),
)
def test_node_and_dataset_reader_correct_equally(
    tmp_path_factory: pytest.TempPathFactory, delays: list[float], sizes: list[int], first: int
) -> None:
    array = wired(delays)
    path = write_drive(tmp_path_factory.mktemp('drive') / 'drive.h5', array, RATE_HZ, first)
    raw = (audio_of(0, 3000) / np.float32(32768)).astype(np.float32)
    live, live_first = conditioned(array, raw, sizes, first)
    with DriveReader(path) as drive:
        assert drive.array == array
        before, after = drive.correction.before, drive.correction.after
        assert live_first == first + before
        stored = drive.samples(live_first, 3000 - before - after)
    np.testing.assert_allclose(live, stored, atol=2e-6)


def test_the_simulator_delivers_raw_channels_of_the_device(tmp_path: Path) -> None:
    array = wired([0.0, 5.3, -7.7, 1.0, 0.0, 0.5, -0.25, 30.0])
    for file in RIG.iterdir():
        (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / 'mic_array.yaml').write_text(array.to_text())
    source = SimulatorSource(
        77, clock_ns=lambda: 0, realtime=False, block_samples=700, duration_s=4000 / RATE_HZ, rig=tmp_path
    )
    source.open()
    blocks = []
    while (block := source.read(1.0)) is not None:
        blocks.append(block.samples)
    raw = np.concatenate(blocks, axis=1)
    source.close()
    live, first = conditioned(array, raw, [512])
    truth = Drive(77, tmp_path).audio(0, 5000)
    lags = range(200)
    shift = int(np.argmin([np.abs(truth[0, lag : lag + 3000] - live[0, :3000]).sum() for lag in lags]))
    assert first <= shift
    wanted = truth[:, shift : shift + live.shape[1]]
    assert np.abs(live - wanted).max() < 0.02 * np.abs(wanted).max()


def test_a_disabled_microphone_is_replaced_with_the_delay_of_its_stand_in() -> None:
    array = wired([0.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    microphones = (replace(array.microphones[0], enabled=False), *array.microphones[1:])
    correction = ArrayCorrection(replace(array, microphones=microphones), RATE_HZ)
    assert correction.disabled == ('mic_0',)
    out = correction.apply(np.random.default_rng(0).normal(0, 0.1, (8, 400)).astype(np.float32))
    np.testing.assert_array_equal(out[0], out[1])


def test_windows_leave_room_for_the_samples_that_delays_need(tmp_path: Path) -> None:
    array = wired([0.0] * 7 + [2000.0], delay_rate_hz=10_000)
    path = write_drive(tmp_path / 'drive.h5', array, 1000, images=(500, 1500, 2259, 2260, 2499))
    spec = FeatureSpec(
        sample_rate_hz=1000, window_samples=1000, n_fft=128, win_samples=128, hop_samples=50, mel_bands=16, f_max_hz=500
    )
    with DriveReader(path) as drive:
        assert (drive.correction.before, drive.correction.after) == (39, 240)
        cut = cut_windows(drive, spec)
        assert [window.image for window in cut.windows] == [1, 2, 3]
        assert cut.dropped == {'before_start': 1, 'after_end': 1, 'gap': 0}
        for window in cut.windows:
            assert drive.samples(window.first_sample, 1000).shape == (8, 1000)


def test_an_array_without_an_enabled_microphone_is_refused(tmp_path: Path) -> None:
    off = replace(ARRAY, microphones=tuple(replace(mic, enabled=False) for mic in ARRAY.microphones))
    with pytest.raises(RigError, match='no enabled microphone'):
        ArrayCorrection(off, RATE_HZ)
    with pytest.raises(DatasetError, match='no enabled microphone'):
        DriveReader(write_drive(tmp_path / 'drive.h5', off, 1000))


@settings(deadline=None, max_examples=20)
@given(gaps=st.lists(st.integers(1, 300), min_size=1, max_size=5), delay=st.floats(-30, 30))
def test_gaps_shift_no_index_and_nothing_crosses_them(gaps: list[int], delay: float) -> None:
    array = wired([0.0] * 7 + [delay], delay_rate_hz=RATE_HZ)
    before = ArrayCorrection(array, RATE_HZ).before
    conditioner, first = AudioPreprocessor(array, RATE_HZ, RATE_HZ), 0
    for number, gap in enumerate(gaps):
        raw = np.random.default_rng(number).normal(0, 0.1, (8, 30 + 40 * number)).astype(np.float32)
        out = conditioner.process(AudioBlock(raw, first, RATE_HZ, first * 10**9 // RATE_HZ))
        if out is not None:
            assert out.first_sample == first + before
            np.testing.assert_allclose(out.stamp_ns, out.first_sample * 10**9 / RATE_HZ, atol=2)
            np.testing.assert_array_equal(out.samples, ArrayCorrection(array, RATE_HZ).apply(raw))
        first += raw.shape[1] + gap
