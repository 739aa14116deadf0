# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labelling of a bag: computed once, resumed after an interruption, and refused with a reason."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from audio_manifold_ros.common.errors import DatasetError, TrainingError
from audio_manifold_ros.datasets.label_file import LabelFile, label_folder
from tests.training.labelling.recording import FRAMES, LATENCY_NS, depth_image, label_image, picture, stamps
from training.labelling import label_job as job_module
from training.labelling.bag_frames import BagFrames
from training.labelling.frame import RecordedFrame
from training.labelling.label import main
from training.labelling.label_job import LabelJob, run_label_job

RECORDED = ['--depth', 'topic:depth/image', '--segmentation', 'topic:truth/labels']
TIMES = [stamp + LATENCY_NS for stamp in stamps()]


class Brightness:
    """A teacher with depth proportional to brightness, which fails after some images like a killed process."""

    modality = 'depth'

    def __init__(self, fails_after: int = 1000, name: str = 'brightness') -> None:
        self.received_frames: list[int] = []
        self.provenance = {'kind': name}
        self._fails_after = fails_after

    def label(self, frames: Sequence[RecordedFrame]) -> list[Any]:
        if len(self.received_frames) + len(frames) > self._fails_after:
            raise KeyboardInterrupt
        self.received_frames += [frame.stamp_ns for frame in frames]
        return [frame.picture()[..., 0].astype(np.float32) + 1 for frame in frames]


def request(bag: Path, teacher: Brightness, **changes: Any) -> LabelJob:
    return LabelJob(BagFrames(bag), teacher, **{'size': (12, 24), 'batch': 2, **changes})


def make(bag: Path, teacher: Brightness, **changes: Any) -> Path:
    return run_label_job(request(bag, teacher, **changes), label_folder(bag), [].append)


def test_recorded_depth_and_labels_are_stored_next_to_the_bag(bag: Path) -> None:
    assert main([str(bag), *RECORDED, '--size', '6', '8']) == 0
    folder = bag.with_name('drive.labels')
    with LabelFile(folder / 'depth.h5') as depth, LabelFile(folder / 'segmentation.h5') as labels:
        assert depth.time_ns.tolist() == TIMES[:-1]  # the last image has no depth
        assert depth.stamp_ns.tolist() == stamps()[:-1]
        assert labels.time_ns.tolist() == TIMES
        assert depth.frames == labels.frames == FRAMES
        assert depth.size == labels.size == (6, 8)
        for number in range(FRAMES):
            np.testing.assert_array_equal(labels.image(number), label_image(number)[1::2, 1::2])
        for number in range(FRAMES - 1):
            np.testing.assert_array_equal(depth.image(number), depth_image(number)[1::2, 1::2])
        assert depth.description.provenance['teacher']['topic'] == '/depth/image'
        assert labels.description.provenance['source']['recording'] == 'drive'


def test_label_folders_are_excluded_and_a_refused_recording_does_not_stop_others(
    bag: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = bag.with_name('broken')
    broken.mkdir()
    assert main([str(bag), *RECORDED, '--size', '6', '8']) == 0
    (bag.with_name('drive.labels') / 'depth.h5').unlink()
    everything = [str(path) for path in sorted(bag.parent.iterdir())]
    assert [Path(path).name for path in everything] == ['broken', 'drive', 'drive.labels']
    assert main([*everything, *RECORDED, '--size', '6', '8']) == 1
    stderr = ' '.join(capsys.readouterr().err.split())
    assert 'broken: BagError' in stderr
    assert 'drive.labels:' not in stderr
    assert (bag.with_name('drive.labels') / 'depth.h5').exists()
    broken.rmdir()
    assert main([*everything[1:], *RECORDED, '--size', '6', '8']) == 0


def test_models_label_a_bag(bag: Path, depth_model: Path, segmentation_model: Path) -> None:
    models = ['--depth', str(depth_model), '--segmentation', str(segmentation_model)]
    assert main([str(bag), *models, '--batch', '3']) == 0
    for name, model in (('depth', 'tiny-depth'), ('segmentation', 'tiny-segmentation')):
        with LabelFile(label_folder(bag) / f'{name}.h5') as label_file:
            assert label_file.time_ns.tolist() == TIMES
            assert label_file.size == (128, 128)
            assert len({label_file.image(number).tobytes() for number in range(FRAMES)}) == FRAMES
            assert label_file.description.provenance['teacher']['model'] == model


def test_labels_are_the_nearest_pixels_of_the_whole_image(bag: Path) -> None:
    with LabelFile(make(bag, Brightness())) as label_file:
        for number in range(FRAMES):
            expected = picture(number)[2::4, 2::4, 0].astype(np.float16) + 1
            np.testing.assert_array_equal(label_file.image(number), expected)


def test_equal_labels_are_not_computed_twice(bag: Path) -> None:
    first, again, other = Brightness(), Brightness(), Brightness(name='another')
    path = make(bag, first)
    written = path.stat().st_mtime_ns
    assert make(bag, again) == path
    assert (again.received_frames, path.stat().st_mtime_ns) == ([], written)
    moved = bag.rename(bag.with_name('moved'))
    shutil.move(path.parent, label_folder(moved))
    make(moved, again)
    assert again.received_frames == []
    make(moved, other)
    assert len(other.received_frames) == len(first.received_frames) == FRAMES
    make(moved, again, every=2)
    assert again.received_frames == stamps()[::2]


def test_an_interrupted_run_resumes(bag: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_module, 'PART_FRAMES', 2)
    interrupted, resumed = Brightness(fails_after=3), Brightness()
    with pytest.raises(KeyboardInterrupt):
        make(bag, interrupted)
    assert not (label_folder(bag) / 'depth.h5').exists()
    path = make(bag, resumed)
    assert interrupted.received_frames == stamps()[:2]
    assert resumed.received_frames == stamps()[2:]
    assert [file.name for file in path.parent.iterdir()] == ['depth.h5']
    with LabelFile(path) as label_file:
        assert label_file.time_ns.tolist() == TIMES
        for number in range(FRAMES):
            np.testing.assert_array_equal(
                label_file.image(number), picture(number)[2::4, 2::4, 0].astype(np.float16) + 1
            )


def test_a_damaged_part_is_computed_again(bag: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_module, 'PART_FRAMES', 2)
    with pytest.raises(KeyboardInterrupt):
        make(bag, Brightness(fails_after=4))
    parts = sorted(label_folder(bag).rglob('*.h5'))
    assert len(parts) == 2
    parts[0].write_bytes(parts[0].read_bytes()[:1000])
    resumed = Brightness()
    make(bag, resumed)
    assert resumed.received_frames == [*stamps()[:2], stamps()[4]]


def test_depth_beyond_half_precision_is_invalid(bag: Path) -> None:
    class Far(Brightness):
        def label(self, frames: Sequence[RecordedFrame]) -> list[Any]:
            return [np.full((4, 4), 1e6, np.float32) for _ in frames]

    with LabelFile(make(bag, Far())) as label_file:
        assert np.isnan(label_file.image(0)).all()


def test_a_teacher_without_labels_is_refused(bag: Path) -> None:
    class Silent(Brightness):
        def label(self, frames: Sequence[RecordedFrame]) -> list[Any]:
            return [None for _ in frames]

    with pytest.raises(TrainingError, match='no label for any of 5 images'):
        make(bag, Silent())
    assert list(label_folder(bag).iterdir()) == []


def test_damaged_labels_are_refused(bag: Path) -> None:
    path = make(bag, Brightness())
    content = bytearray(path.read_bytes())
    with h5py.File(path) as file:
        place = file['images'].id.get_chunk_info(0).byte_offset
    content[place + 3] ^= 255
    path.write_bytes(bytes(content))
    with LabelFile(path) as label_file, pytest.raises(DatasetError, match=r'depth\.h5'):
        label_file.image(0)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DatasetError, match=r'depth\.h5'):
        LabelFile(path)
    path.unlink()
    with pytest.raises(DatasetError, match='label again'):
        LabelFile(path)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--depth', 'topic:front'], 'no image topic'),
        (['--depth', 'files:nowhere'], 'no *_disp.npy'),
        (['--depth', 'no/such/model'], 'No model'),
        (['--topic', 'front'], 'no image topic'),
    ],
)
def test_invalid_arguments_are_refused(
    bag: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main([str(bag), '--segmentation', 'none', *arguments]) == 1
    assert message in ' '.join(capsys.readouterr().err.split())
    assert not label_folder(bag).exists()
