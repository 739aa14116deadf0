# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Audio and images are read back as written, and damage raises dataset errors only."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.errors import DatasetError
from audio_manifold_ros.datasets.drive_checksum import HEADER_BYTES
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.rig_files import RigFiles
from tests.datasets.drive_examples import audio_of, images_of

MakeDrive = Callable[..., Path]


def test_a_drive_is_read_as_it_was_written(make_drive: MakeDrive, rig: RigFiles) -> None:
    path = make_drive(runs=((100, 900), (900, 1400), (2000, 2600)), images=(150, 1399, 2100))
    with DriveReader(path, verify=True) as drive:
        assert (drive.drive_id, drive.sample_rate_hz, drive.first_sample, drive.end_sample) == (
            'drive',
            1000,
            100,
            2600,
        )
        assert drive.gaps.tolist() == [[1400, 2000]]
        assert drive.image_samples.tolist() == [150, 1399, 2100]
        assert drive.provenance == {'origin': 'test'}
        assert drive.rig == rig
        np.testing.assert_array_equal(drive.raw(850, 550), audio_of(850, 1400))
        np.testing.assert_array_equal(drive.raw(2000, 600), audio_of(2000, 2600))
        for image, sample in enumerate((150, 1399, 2100)):
            depth_m, labels = images_of(sample)
            np.testing.assert_array_equal(drive.depth_m(image), depth_m.astype(np.float32))
            np.testing.assert_array_equal(drive.labels(image), labels)
            assert drive.depth_m(image).dtype == np.float32


def test_samples_have_gain_polarity_and_channel_of_the_rig(make_drive: MakeDrive, rig: RigFiles) -> None:
    text = rig.mic_array.replace('device_channel: 0', 'device_channel: 99')
    text = text.replace('device_channel: 3', 'device_channel: 0').replace('device_channel: 99', 'device_channel: 3')
    text = text.replace('gain_db: 0.0\n    polarity: 1', 'gain_db: 6.0\n    polarity: -1', 1)
    path = make_drive(rig_text=RigFiles(text, rig.camera, rig.extrinsics))
    with DriveReader(path) as drive:
        samples, raw = drive.samples(10, 100), drive.raw(10, 100)
    assert samples.dtype == np.float32
    np.testing.assert_allclose(samples[0], raw[3] / 32768 * -(10 ** (6 / 20)), rtol=1e-6)
    np.testing.assert_allclose(samples[3], raw[0] / 32768, rtol=1e-6)
    np.testing.assert_allclose(samples[1], raw[1] / 32768, rtol=1e-6)


@pytest.mark.parametrize(
    ('first', 'length', 'reason'), [(99, 10, 'recording'), (2590, 11, 'recording'), (1390, 11, 'gaps')]
)
def test_audio_outside_the_recording_or_in_a_gap_is_refused(
    make_drive: MakeDrive, first: int, length: int, reason: str
) -> None:
    path = make_drive(runs=((100, 1400), (2000, 2600)), images=())
    with DriveReader(path) as drive, pytest.raises(DatasetError, match=reason):
        drive.raw(first, length)


def test_a_corrupted_file_read_without_verification_raises_nothing_else(make_drive: MakeDrive, tmp_path: Path) -> None:
    file_bytes = make_drive().read_bytes()
    rng = np.random.default_rng(1)
    bad = tmp_path / 'bad.h5'
    for place in range(HEADER_BYTES, HEADER_BYTES + 6000, 61):
        changed = bytearray(file_bytes)
        changed[place] = int(rng.integers(256))
        bad.write_bytes(changed)
        with suppress(DatasetError), DriveReader(bad) as drive:
            drive.raw(drive.first_sample, 10)
            drive.depth_m(0)
            drive.labels(0)
