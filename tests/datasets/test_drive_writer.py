# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Unfinished drives do not appear, and invalid data is refused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.errors import DatasetError
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.datasets.rig_files import RigFiles
from tests.datasets.drive_examples import RIG_FOLDER, audio_of, images_of

MakeDrive = Callable[..., Path]


def test_the_same_drive_gives_the_same_bytes(make_drive: MakeDrive) -> None:
    first = make_drive().read_bytes()
    assert make_drive().read_bytes() == first


def _writer(path: Path, rig: RigFiles) -> DriveWriter:
    return DriveWriter(path, drive_id='d', rig=rig, sample_rate_hz=1000, channels=8, provenance={})


def test_an_exception_leaves_no_file(tmp_path: Path, rig: RigFiles) -> None:
    with _writer(tmp_path / 'good.h5', rig) as writer:
        writer.add_audio(audio_of(0, 10), 0)
        bad = _writer(tmp_path / 'd.h5', rig)
        with pytest.raises(DatasetError), bad:
            bad.add_audio(audio_of(0, 10), -1)
    assert [p.name for p in tmp_path.iterdir()] == ['good.h5']


def test_a_drive_without_audio_is_refused_and_leaves_no_file(tmp_path: Path, rig: RigFiles) -> None:
    with pytest.raises(DatasetError, match='without audio'), _writer(tmp_path / 'd.h5', rig):
        pass
    assert list(tmp_path.iterdir()) == []


def test_wrong_audio_and_images_are_refused(tmp_path: Path, rig: RigFiles) -> None:
    depth_m, labels = images_of(1)
    infinite = np.full((6, 5), np.inf, dtype=np.float32)
    with _writer(tmp_path / 'd.h5', rig) as writer:
        writer.add_audio(audio_of(0, 100), 0)
        writer.add_image(50, depth_m, labels)
        bad = (
            (lambda: writer.add_audio(audio_of(99, 120), 99), 'in order'),
            (lambda: writer.add_audio(audio_of(100, 120)[:7], 100), r'\(7, 20\)'),
            (lambda: writer.add_audio(audio_of(100, 120).astype(np.float32), 100), 'float32'),
            (lambda: writer.add_image(50, depth_m, labels), 'in order'),
            (lambda: writer.add_image(60), 'at least one'),
            (lambda: writer.add_image(60, depth_m), 'same kinds'),
            (lambda: writer.add_image(60, depth_m.astype(np.float32), labels), 'same kinds'),
            (lambda: writer.add_image(60, depth_m[:3], labels), 'same kinds'),
            (lambda: writer.add_image(60, depth_m.astype(np.float64), labels), 'float64'),
            (lambda: writer.add_image(60, infinite, labels), 'finite'),
            (lambda: writer.add_image(60, depth_m, labels.astype(np.int64)), 'int64'),
        )
        for call, message in bad:
            with pytest.raises(DatasetError, match=message):
                call()
    with DriveReader(tmp_path / 'd.h5', verify=True) as drive:
        assert (drive.end_sample, drive.image_samples.tolist()) == (100, [50])


def test_a_rig_with_more_channels_than_the_audio_is_refused(tmp_path: Path, rig: RigFiles) -> None:
    with pytest.raises(DatasetError, match='channel 7'):
        DriveWriter(tmp_path / 'd.h5', drive_id='d', rig=rig, sample_rate_hz=1000, channels=4, provenance={})
    assert list(tmp_path.iterdir()) == []


KILLED_WRITER = """
import sys
from pathlib import Path
import numpy as np
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.datasets.rig_files import RigFiles
rig = RigFiles.from_folder(sys.argv[2])
writer = DriveWriter(Path(sys.argv[1]), drive_id='d', rig=rig, sample_rate_hz=1000, channels=8, provenance={})
first = 0
while True:
    writer.add_audio(np.ones((8, 5000), np.int16), first)
    first += 5000
    print(first, flush=True)
"""


def test_a_killed_writer_leaves_no_file_and_the_next_attempt_succeeds(tmp_path: Path, rig: RigFiles) -> None:
    path = tmp_path / 'd.h5'
    command = [sys.executable, '-c', KILLED_WRITER, str(path), str(RIG_FOLDER)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(20):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert not path.exists()
    assert [p.name for p in tmp_path.iterdir()] == ['.d.h5.partial']
    with _writer(path, rig) as writer:
        writer.add_audio(audio_of(0, 100), 0)
    assert [p.name for p in tmp_path.iterdir()] == ['d.h5']
    DriveReader(path, verify=True).close()


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.common.errors import DatasetError
from audio_manifold_ros.datasets.rig_files import RigFiles

def write(path):
    with DriveWriter(path, drive_id='d', rig=rig, sample_rate_hz=1000, channels=8, provenance={}) as writer:
        for second in range(60):
            writer.add_audio(noise.integers(-999, 999, (8, 1000)).astype(np.int16), second * 1000)
        for image in range(60):
            depth_m = noise.random((64, 64)).astype(np.float32)
            writer.add_image(100 + image * 900, depth_m, noise.integers(0, 19, (64, 64)).astype(np.uint8))

rig, noise = RigFiles.from_folder(sys.argv[2]), np.random.default_rng(0)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    write(Path(sys.argv[1]))
except DatasetError as error:
    print(error)
print(list(Path(sys.argv[1]).parent.iterdir()))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
write(Path(sys.argv[1]))
"""


# The disk is full in the header, in the audio, in the images, and while the file is closed.
@pytest.mark.parametrize('limit', [0, 1500, 300_000, 1_300_000, 1_950_000])
def test_a_full_disk_is_named_and_leaves_no_file_and_the_next_drive_is_written(
    tmp_path: Path, rig: RigFiles, limit: int
) -> None:
    path = tmp_path / 'd.h5'
    command = [sys.executable, '-c', FULL_DISK, str(path), str(RIG_FOLDER), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 'file too large' in done.stdout.lower()
    assert done.stdout.endswith('[]\n')
    assert [file.name for file in tmp_path.iterdir()] == ['d.h5']
    DriveReader(path, verify=True).close()


def test_a_second_writer_of_the_same_drive_is_refused(tmp_path: Path, rig: RigFiles) -> None:
    with _writer(tmp_path / 'd.h5', rig) as writer:
        with pytest.raises(DatasetError, match='another writer'):
            _writer(tmp_path / 'd.h5', rig)
        writer.add_audio(audio_of(0, 100), 0)
    DriveReader(tmp_path / 'd.h5', verify=True).close()
