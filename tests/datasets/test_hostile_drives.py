# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drives and label files from others: nothing outside the file is read, and each wrong part is named."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from audio_manifold_ros.common.errors import DatasetError
from audio_manifold_ros.datasets.drive_checksum import write_checksum_header
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.label_file import LabelDescription, LabelFile, LabelSegment, write_label_file

MakeDrive = Callable[..., Path]
MAX_SECONDS = 5.0


def replace(file: h5py.File, name: str, data: object, **options: object) -> None:
    del file[name]
    file.create_dataset(name, data=data, **options)


def link_to_file(file: h5py.File, outside: Path, name: str) -> None:
    del file[name]
    file[name] = h5py.ExternalLink(str(outside), name)


def link_to_pipe(file: h5py.File, outside: Path, name: str) -> None:
    os.mkfifo(outside.with_name('pipe'))
    link_to_file(file, outside.with_name('pipe'), name)


def soft_link(file: h5py.File, outside: Path, name: str) -> None:
    file['outside'] = h5py.ExternalLink(str(outside), '/')
    del file[name]
    file[name] = h5py.SoftLink(f'/outside/{name}')


def external_storage(file: h5py.File, outside: Path, name: str) -> None:
    shape, dtype = file[name].shape, file[name].dtype
    del file[name]
    file.create_dataset(name, shape, dtype, external=[(str(outside), 0, h5py.h5f.UNLIMITED)])


def virtual(file: h5py.File, outside: Path, name: str) -> None:
    shape, dtype = file[name].shape, file[name].dtype
    layout = h5py.VirtualLayout(shape, dtype)
    layout[...] = h5py.VirtualSource(str(outside), name, shape)
    del file[name]
    file.create_virtual_dataset(name, layout)


def group(file: h5py.File, outside: Path, name: str) -> None:
    del outside, file[name]
    file.create_group(name)


OUTSIDE = {
    link_to_file: 'a link to another file',
    link_to_pipe: 'a link to another file',
    soft_link: 'a soft link',
    external_storage: 'external storage',
    virtual: 'a virtual dataset',
    group: 'a group',
}
ABSURD: dict[str, tuple[Callable[[h5py.File], object], str]] = {
    'audio of three channels': (lambda f: replace(f, 'audio', np.zeros((3, 3000), np.int16)), 'has 3 channels'),
    'audio of one dimension': (lambda f: replace(f, 'audio', np.zeros(3000, np.int16)), 'with 1 dimensions'),
    'audio of float': (lambda f: replace(f, 'audio', np.zeros((8, 3000), np.float32)), "'audio' is float32"),
    'audio of strings': (lambda f: replace(f, 'audio', [[b'x']]), "'audio' is"),
    'endless audio': (
        lambda f: replace(f, 'audio', None, shape=(8, 1 << 50), dtype=np.int16, chunks=(8, 16)),
        'is incomplete',
    ),
    'endless gaps': (
        lambda f: replace(f, 'gaps', None, shape=(1 << 50, 2), dtype=np.int64, chunks=(16, 2)),
        "'gaps' has 18014398509481984 bytes",
    ),
    'gaps of three columns': (lambda f: replace(f, 'gaps', np.zeros((2, 3), np.int64)), "'gaps' .2, 3. are not pairs"),
    'gap outside': (lambda f: replace(f, 'gaps', np.array([[5, 1 << 40]])), 'not pairs of samples of the recording'),
    'gap backwards': (lambda f: replace(f, 'gaps', np.array([[9, 5]])), 'in increasing order'),
    'endless index': (
        lambda f: replace(f, 'sample_index', None, shape=(1 << 50,), dtype=np.int64, chunks=(16,)),
        "'sample_index' has",
    ),
    'index too short': (lambda f: replace(f, 'sample_index', np.array([500])), 'different numbers'),
    'index backwards': (lambda f: replace(f, 'sample_index', np.array([500, 400])), 'not in increasing order'),
    'large images': (
        lambda f: replace(f, 'depth_m', None, shape=(2, 1 << 20, 1 << 20), dtype=np.float16, chunks=(1, 16, 16)),
        'is incomplete|1048576 x 1048576',
    ),
    'large chunks': (
        lambda f: replace(f, 'labels', None, shape=(2, 1 << 14, 1 << 15), dtype=np.uint8, chunks=(1, 1 << 14, 1 << 15)),
        'has chunks of 536870912 bytes',
    ),
    'large attribute': (
        lambda f: f.attrs.create('missing_channels', np.zeros(1 << 20, np.int64)),
        'missing_channels.* has 8388608 bytes',
    ),
    'rate of zero': (lambda f: f.attrs.modify('sample_rate_hz', 0), 'sample_rate_hz is 0'),
    'no audio': (lambda f: f.__delitem__('audio'), "no dataset 'audio'"),
}


@pytest.fixture
def hostile_drive(make_drive: MakeDrive, tmp_path: Path) -> Callable[..., Path]:
    """Return a function that changes a copy of a drive and renews its checksum."""

    def make(change: Callable[..., object], *arguments: object) -> Path:
        path, outside = make_drive('drive'), make_drive('outside')
        with h5py.File(path, 'r+') as file:
            change(file, *((outside, *arguments) if arguments else ()))
        write_checksum_header(path, 1)
        return path

    return make


@pytest.fixture(autouse=True)
def limited() -> Iterator[None]:
    """Limit time and memory of a test."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start_s = time.monotonic()
    yield
    assert time.monotonic() - start_s < MAX_SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


@pytest.mark.parametrize('name', ['audio', 'depth_m', 'labels', 'sample_index', 'gaps'])
@pytest.mark.parametrize('change', OUTSIDE, ids=lambda change: change.__name__)
def test_data_outside_the_drive_is_refused(
    hostile_drive: Callable[..., Path], change: Callable[..., None], name: str
) -> None:
    path = hostile_drive(change, name)
    with pytest.raises(DatasetError, match=rf"'{name}' (is|has) {OUTSIDE[change]}"):
        DriveReader(path, verify=True)


@pytest.mark.parametrize('case', ABSURD)
def test_absurd_sizes_and_wrong_types_are_named(hostile_drive: Callable[..., Path], case: str) -> None:
    change, message = ABSURD[case]
    path = hostile_drive(change)
    with pytest.raises(DatasetError, match=message):
        DriveReader(path, verify=True)


def test_a_pipe_is_no_drive_and_no_label_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / 'pipe')
    for reader in (DriveReader, LabelFile):
        with pytest.raises(DatasetError, match='not a regular file'):
            reader(tmp_path / 'pipe')


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / 'depth.h5'
    times = np.arange(3, dtype=np.int64)
    segment = LabelSegment(times, times, np.ones((3, 4, 5), np.float16), 3)
    write_label_file(path, LabelDescription('depth', 'key', {'teacher': {}}), iter([segment]))
    write_label_file(tmp_path / 'outside.h5', LabelDescription('depth', 'key', {'teacher': {}}), iter([segment]))
    return path


@pytest.mark.parametrize('name', ['images', 'time_ns', 'stamp_ns'])
@pytest.mark.parametrize('change', OUTSIDE, ids=lambda change: change.__name__)
def test_data_outside_the_label_file_is_refused(labels: Path, change: Callable[..., None], name: str) -> None:
    with h5py.File(labels, 'r+') as file:
        change(file, labels.with_name('outside.h5'), name)
    with pytest.raises(DatasetError, match=rf"'{name}' (is|has) {OUTSIDE[change]}"):
        LabelFile(labels)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda f: replace(f, 'images', np.zeros((3, 4), np.float16)), 'with 2 dimensions'),
        (lambda f: replace(f, 'images', np.zeros((3, 4, 5), np.uint8)), "'images' is uint8"),
        (lambda f: replace(f, 'time_ns', np.arange(2)), '2 times for 3 labels'),
        (
            lambda f: replace(f, 'time_ns', None, shape=(1 << 50,), dtype=np.int64, chunks=(8,)),
            "'time_ns' has 9007199254740992 bytes",
        ),
        (lambda f: f.attrs.modify('provenance', '[]'), 'not a mapping'),
        (lambda f: f.attrs.modify('provenance', '{"teacher": 1}'), 'not a mapping'),
    ],
)
def test_wrong_parts_of_a_label_file_are_named(
    labels: Path, change: Callable[[h5py.File], object], message: str
) -> None:
    with h5py.File(labels, 'r+') as file:
        change(file)
    with pytest.raises(DatasetError, match=message):
        LabelFile(labels)


def test_depth_out_of_range_is_invalid(make_drive: MakeDrive) -> None:
    path = make_drive()
    with h5py.File(path, 'r+') as file:
        file['depth_m'][0, 0, :4] = [60_000, np.inf, -1, 10_000]
    write_checksum_header(path, 1)
    with DriveReader(path) as drive:
        np.testing.assert_array_equal(drive.depth_m(0)[0, :4], [np.nan, np.nan, np.nan, 10_000])
