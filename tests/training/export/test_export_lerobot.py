# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drives as a LeRobotDataset v3, read by a reader of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.cli.dispatch import main
from audio_manifold_ros.common.pcm16 import float_to_int16
from audio_manifold_ros.datasets.drive_reader import DriveReader
from tests.datasets.drive_examples import make_drive, rig
from training.export import export_lerobot

pytest.importorskip('pyarrow')
from tests.training.export.lerobot_reader import LeRobotReader

__all__ = ['make_drive', 'rig']
MakeDrive = Callable[..., Path]


def test_frames_and_audio_are_those_of_the_drive(make_drive: MakeDrive, tmp_path: Path) -> None:
    images = tuple(range(500, 6000, 250))
    path = make_drive('one', runs=((0, 6500),), images=images, rate_hz=1000)
    make_drive('two', runs=((0, 2000),), images=(500, 750, 1000, 1250), rate_hz=1000)
    out = tmp_path / 'dataset'
    assert main(['train', 'export-lerobot', str(tmp_path), '--out', str(out)]) == 0
    dataset = LeRobotReader(out)
    dataset.check()
    assert dataset.info['fps'] == 4
    assert [(row['drive_id'], row['length']) for row in dataset.episodes] == [('one', len(images)), ('two', 4)]
    frames = dataset.frames(0)
    with DriveReader(path) as drive:
        audio = np.concatenate([frame['observation.audio'] for frame in frames], axis=1)
        assert np.array_equal(audio, float_to_int16(drive.samples(500 - 125, 250 * len(images))))
        for image, frame in enumerate(frames):
            assert np.array_equal(frame['observation.depth'], np.nan_to_num(drive.depth_m(image)))
            assert np.array_equal(frame['observation.class_ids'], drive.labels(image))
            assert frame['observation.stamp_ns'] == drive.image_stamps_ns[image]
        side = json.loads((out / 'meta/audio_manifold.json').read_text())
        assert side['sample_rate_hz'] == 1000
        assert side['rigs'][dataset.episodes[0]['rig_sha256']] == dict(drive.rig.texts())
    values = np.concatenate([frame['observation.audio'] for number in (0, 1) for frame in dataset.frames(number)], 1)
    stats = dataset.stats['observation.audio']
    assert np.squeeze(stats['mean']) == pytest.approx(values.mean())
    assert np.squeeze(stats['std']) == pytest.approx(values.std())
    assert stats['count'] == [len(images) + 4]


def test_lost_audio_and_missing_images_end_an_episode(make_drive: MakeDrive, tmp_path: Path) -> None:
    images = (*range(500, 2000, 250), *range(3000, 5000, 250))
    make_drive(runs=((0, 4100), (4200, 6000)), images=images, rate_hz=1000)
    export_lerobot.export_drives({'drive': tmp_path / 'drive.h5'}, tmp_path / 'dataset')
    dataset = LeRobotReader(tmp_path / 'dataset')
    dataset.check()
    # 4000 and 4250 lie within 125 samples of the gap.
    assert [row['length'] for row in dataset.episodes] == [6, 4, 2]


def test_a_full_file_is_followed_by_another(
    make_drive: MakeDrive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drives = {f'drive_{number}': make_drive(f'drive_{number}') for number in range(3)}
    monkeypatch.setattr('training.export.lerobot_writer.FILE_MB', 0)
    export_lerobot.export_drives(drives, tmp_path / 'dataset')
    dataset = LeRobotReader(tmp_path / 'dataset')
    dataset.check()
    assert [row['data/file_index'] for row in dataset.episodes] == [0, 1, 2]


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'images': (500, 900, 1300)}, 'whole number'),
        ({'images': (500, 1000, 1500)}, 'samples between images'),
        ({'rate_hz': 2000, 'images': (1000, 3000), 'runs': ((0, 5000),)}, 'sample rate'),
    ],
)
def test_drives_that_do_not_fit_together_are_refused(
    make_drive: MakeDrive,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, object],
    message: str,
) -> None:
    make_drive('a')
    make_drive('b', **change)
    assert main(['train', 'export-lerobot', str(tmp_path), '--out', str(tmp_path / 'new')]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / 'new' / 'meta').exists()
    (tmp_path / 'old').mkdir()
    assert main(['train', 'export-lerobot', str(tmp_path), '--out', str(tmp_path / 'old')]) == 1
    assert 'give a new folder' in capsys.readouterr().err
