# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sources of pictures, and labels from recorded topics and from files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from audio_manifold_ros.bags.decoding.run_metadata import CUSTOM_KEY, RunMetadata
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from audio_manifold_ros.common.errors import BagError, TrainingError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.drive_attributes import METRES, RELATIVE
from audio_manifold_ros.datasets.label_file import LabelDescription, label_depth_unit
from audio_manifold_ros.datasets.rig_files import RigFiles
from tests.training.labelling.recording import (
    FRAMES,
    LATENCY_NS,
    SKY_DEPTH_M,
    START_NS,
    depth_image,
    label_image,
    picture,
    stamps,
)
from training.labelling.bag_frames import BagFrames
from training.labelling.content_fingerprint import EDGE_BYTES, fingerprint
from training.labelling.folder_frames import PictureFrames
from training.labelling.recorded_labels import RecordedLabels
from training.labelling.teacher_files import TeacherFiles


def test_images_of_a_bag_have_both_times(bag: Path) -> None:
    source = BagFrames(bag)
    frames = list(source.frames())
    assert source.topic == '/camera/image/compressed'
    assert source.count == len(frames) == FRAMES
    assert [frame.stamp_ns for frame in frames] == stamps()
    assert [frame.time_ns - frame.stamp_ns for frame in frames] == [LATENCY_NS] * FRAMES
    for number, frame in enumerate(frames):
        np.testing.assert_array_equal(frame.picture(), picture(number))


def test_the_provenance_of_a_bag_is_independent_of_its_folder(bag: Path) -> None:
    before = BagFrames(bag).provenance
    assert before == BagFrames(next(bag.glob('*.mcap'))).provenance | {'recording': 'drive'}
    moved = bag.rename(bag.with_name('moved'))
    assert {**BagFrames(moved).provenance, 'recording': 'drive'} == before


def test_a_wrong_topic_is_refused_with_the_existing_ones(bag: Path) -> None:
    assert BagFrames(bag, 'camera/image/compressed').topic == '/camera/image/compressed'
    with pytest.raises(TrainingError, match=r"'front'.*'/camera/image/compressed', '/depth/image'"):
        BagFrames(bag, 'front')
    with pytest.raises(BagError):
        BagFrames(bag.with_name('nowhere'))


def test_fingerprints_distinguish_the_ends_of_files(tmp_path: Path) -> None:
    content = bytearray(3 * EDGE_BYTES)
    path = tmp_path / 'drive.mcap'
    found = []
    for place in (None, EDGE_BYTES - 1, EDGE_BYTES + 1, 2 * EDGE_BYTES + 1):
        changed = bytearray(content)
        if place is not None:
            changed[place] = 1
        path.write_bytes(bytes(changed))
        found.append((fingerprint([path], full_content=False), fingerprint([path], full_content=True)))
    ends, wholes = zip(*found, strict=True)
    assert len(set(wholes)) == 4
    assert ends[2] == ends[0]
    assert len(set(ends)) == 3


@pytest.mark.parametrize(
    ('name', 'time_ns'),
    [
        ('1700000000123456789.png', 1_700_000_000_123_456_789),
        ('fl_rgb_1584544324_33445566_0.jpg', 1_584_544_324_033_445_566),
        ('fl_rgb_1584544324_533445566.jpg', 1_584_544_324_533_445_566),
        ('VIDEO_0001_cropped_000012.png', 13_000_000_000),
        ('000012.png', 13_000_000_000),
    ],
)
def test_the_name_of_a_picture_contains_its_time(tmp_path: Path, name: str, time_ns: int) -> None:
    cv2.imwrite(str(tmp_path / name), picture(1)[..., ::-1])
    frame = next(PictureFrames(tmp_path).frames())
    assert frame.time_ns == frame.stamp_ns == time_ns
    assert frame.picture().shape == (48, 96, 3)


def test_pictures_are_in_the_order_of_time(tmp_path: Path) -> None:
    names = ['x_1584544324_9.png', 'x_1584544324_33.png', 'x_1584544323_999999999.png']
    for number, name in enumerate(names):
        cv2.imwrite(str(tmp_path / name), picture(number)[..., ::-1])
    shown = [frame.picture() for frame in PictureFrames(tmp_path).frames()]
    np.testing.assert_array_equal(shown, [picture(number) for number in (2, 0, 1)])


def test_the_first_of_several_mavd_pictures_of_one_instant_is_labelled(tmp_path: Path) -> None:
    for code in ('_3', '_1', ''):
        assert cv2.imwrite(str(tmp_path / f'fl_rgb_1590957201_46429573{code}.jpg'), picture(0))
    assert cv2.imwrite(str(tmp_path / 'fl_rgb_1590957202_46429573_2.jpg'), picture(1))
    frames = list(PictureFrames(tmp_path).frames())
    assert [frame.names[0] for frame in frames] == ['fl_rgb_1590957201_46429573', 'fl_rgb_1590957202_46429573_2']
    assert frames[0].stamp_ns == 1590957201_046429573


def test_pictures_are_cropped_to_the_requested_columns(tmp_path: Path) -> None:
    assert cv2.imwrite(str(tmp_path / '000001.png'), picture(0)[..., ::-1])
    columns = picture(0).shape[1]
    (frame,) = PictureFrames(tmp_path, (3, columns - 2)).frames()
    np.testing.assert_array_equal(frame.picture(), picture(0)[:, 3:-2])
    assert PictureFrames(tmp_path, (3, 9)).provenance != PictureFrames(tmp_path).provenance
    (frame,) = PictureFrames(tmp_path, (0, columns + 1)).frames()
    with pytest.raises(TrainingError, match=f'has {columns} columns'):
        frame.picture()


def test_folders_that_cannot_be_labelled_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match='neither a bag nor a folder of pictures'):
        PictureFrames(tmp_path)
    (tmp_path / 'holiday.jpg').write_bytes(b'no picture')
    with pytest.raises(TrainingError, match=r'holiday\.jpg.*has no time'):
        PictureFrames(tmp_path)
    damaged = (tmp_path / 'holiday.jpg').rename(tmp_path / '000001.jpg')
    with pytest.raises(TrainingError, match=r'000001\.jpg.*cannot be decoded'):
        next(PictureFrames(tmp_path).frames()).picture()
    damaged.with_suffix('.png').write_bytes(b'')
    with pytest.raises(TrainingError, match='show the same instant'):
        PictureFrames(tmp_path)


def test_recorded_depth_has_the_nearest_stamp(bag: Path) -> None:
    frames = list(BagFrames(bag).frames())
    teacher = RecordedLabels(bag, 'depth', 'depth/image')
    found = teacher.label(frames[:2]) + teacher.label(frames[2:])
    for number in range(FRAMES - 1):
        np.testing.assert_array_equal(found[number], depth_image(number))
    assert found[-1] is None
    np.testing.assert_array_equal(teacher.label(frames[1:2])[0], depth_image(1))


@pytest.mark.parametrize('outlier', [0, 1])
@pytest.mark.parametrize('wrong_s', [3600, -3600])
def test_a_wrong_stamp_of_an_image_loses_only_its_own_label(bag: Path, wrong_s: int, outlier: int) -> None:
    frames = list(BagFrames(bag).frames())
    frames[outlier] = replace(frames[outlier], stamp_ns=frames[outlier].stamp_ns + wrong_s * 1_000_000_000)
    found = RecordedLabels(bag, 'depth', 'depth/image').label(frames)
    assert [image is None for image in found] == [number in {outlier, FRAMES - 1} for number in range(FRAMES)]


@pytest.mark.parametrize('wrong_s', [3600, -3600])
def test_a_wrong_stamp_loses_only_its_own_label(bag: Path, tmp_path: Path, wrong_s: int) -> None:
    with BagReader(bag) as reader, BagWriter(tmp_path / 'bag') as writer:
        for topic in reader.topics:
            writer.add_topic(topic.name, topic.type)
        depth_count = 0
        for message in reader.messages():
            data = message.data
            if message.topic == '/depth/image' and (depth_count := depth_count + 1) == 2:
                seconds = int.from_bytes(data[4:8], 'little') + wrong_s
                data = data[:4] + seconds.to_bytes(4, 'little') + data[8:]
            writer.write(message.topic, data, message.time_ns)
    found = RecordedLabels(tmp_path / 'bag', 'depth', 'depth/image').label(list(BagFrames(tmp_path / 'bag').frames()))
    assert [image is None for image in found] == [False, True, False, False, True]


@pytest.mark.parametrize(('scale', 'unit'), [('0.5', METRES), ('null', RELATIVE)])
def test_recorded_depth_has_the_unit_of_the_rig_in_the_bag(bag: Path, tmp_path: Path, scale: str, unit: str) -> None:
    low, high = ('1', '20') if unit == METRES else ('null', 'null')
    text = f'schema_version: 1\nsource: network\ndepth_scale: {scale}\nmin_m: {low}\nmax_m: {high}\n'
    rig = replace(RigFiles.from_folder(resource_path('calibration/roof_octagon')), depth=text)
    custom = {CUSTOM_KEY: RunMetadata(rig, 'test', START_NS, 'recorder', {}).to_json()}
    with BagReader(bag) as reader, BagWriter(tmp_path / 'bag', custom) as writer:
        for topic in reader.topics:
            writer.add_topic(topic.name, topic.type)
        for message in reader.messages():
            writer.write(message.topic, message.data, message.time_ns)
    teacher = RecordedLabels(tmp_path / 'bag', 'depth', 'depth/image')
    (found,) = teacher.label(list(BagFrames(tmp_path / 'bag').frames())[:1])
    expected = depth_image(0)
    if unit == METRES:
        expected = np.where(expected == SKY_DEPTH_M, np.float32(np.nan), expected / 2)
    np.testing.assert_array_equal(found, expected)
    assert teacher.provenance != RecordedLabels(bag, 'depth', 'depth/image').provenance
    assert label_depth_unit(LabelDescription('depth', '', {'teacher': teacher.provenance})).unit == unit


def test_recorded_labels_are_read_and_a_wrong_topic_is_refused(bag: Path) -> None:
    frames = list(BagFrames(bag).frames())
    found = RecordedLabels(bag, 'segmentation', '/truth/labels').label(frames)
    np.testing.assert_array_equal(found, [label_image(number) for number in range(FRAMES)])
    with pytest.raises(TrainingError, match='no image topic'):
        RecordedLabels(bag, 'segmentation', '/labels')
    with pytest.raises(BagError, match='32FC1'):
        RecordedLabels(bag, 'depth', '/truth/labels').label(frames)


def test_files_of_the_papers_teachers_are_read(bag: Path, tmp_path: Path) -> None:
    frames = list(BagFrames(bag).frames())
    disparity = np.array([[0.01, 0.54], [5.4, 10.0]], dtype=np.float32)
    np.save(tmp_path / f'{stamps()[1]}_disp.npy', disparity[None, None])
    cv2.imwrite(str(tmp_path / f'{stamps()[2]}_mask.png'), label_image(0))
    depth = TeacherFiles(tmp_path, 'depth').label(frames)
    assert [image is None for image in depth] == [True, False, True, True, True]
    np.testing.assert_allclose(depth[1], [[540.0, 10.0], [1.0, 0.54]], rtol=1e-6)
    labels = TeacherFiles(tmp_path, 'segmentation').label(frames)
    np.testing.assert_array_equal(labels[2], label_image(0))


def test_oap_files_are_found_by_the_number_of_the_clip(tmp_path: Path) -> None:
    pictures, labels = tmp_path / 'split_videoframes', tmp_path / 'pred'
    pictures.mkdir()
    labels.mkdir()
    cv2.imwrite(str(pictures / 'VIDEO_0001_cropped_000004.png'), picture(0))
    cv2.imwrite(str(labels / '000004_mask.png'), label_image(0))
    found = TeacherFiles(labels, 'segmentation').label(list(PictureFrames(pictures).frames()))
    np.testing.assert_array_equal(found[0], label_image(0))


@pytest.mark.parametrize(
    ('array', 'message'),
    [
        (np.zeros((2, 4, 4), np.float32), r'\(2, 4, 4\)'),
        (np.zeros((4, 4), np.int32), 'int32'),
        (np.zeros((4, 4), np.float32), 'between 0.01 and 10'),
        (np.full((4, 4), np.nan, np.float32), 'between 0.01 and 10'),
        (np.full((4, 4), 30.0, np.float32), 'between 0.01 and 10'),
        (np.array([{'a': 1}], dtype=object), 'not an array of numbers'),
        (np.ones((1, 3, 4, 4), np.float32), r'\(1, 3, 4, 4\)'),
        (np.ones((0, 4), np.float32), r'\(0, 4\)'),
        (np.ones((1, 1, 4, 0), np.float32), r'\(4, 0\)'),
    ],
)
def test_other_arrays_than_disparity_are_refused(bag: Path, tmp_path: Path, array: np.ndarray, message: str) -> None:
    np.save(tmp_path / f'{stamps()[0]}_disp.npy', array, allow_pickle=True)
    with pytest.raises(TrainingError, match=message):
        TeacherFiles(tmp_path, 'depth').label(list(BagFrames(bag).frames()))


def test_archives_are_refused(bag: Path, tmp_path: Path) -> None:
    file = tmp_path / f'{stamps()[0]}_disp.npy'
    with file.open('wb') as archive:
        np.savez(archive, disparity=np.ones((4, 4), np.float32))
    for message in ('is an archive', 'not an array of numbers'):
        with pytest.raises(TrainingError, match=message):
            TeacherFiles(tmp_path, 'depth').label(list(BagFrames(bag).frames()))
        file.write_bytes(b'PK\x03\x04' + bytes(50))


@pytest.mark.parametrize(
    ('image', 'message'),
    [
        (np.zeros((4, 4, 3), np.uint8), r'\(4, 4, 3\)'),
        (np.zeros((4, 4), np.uint16), 'uint16'),
        (np.full((4, 4), 26, np.uint8), r'\[26\]'),
    ],
)
def test_other_pictures_than_class_ids_are_refused(bag: Path, tmp_path: Path, image: np.ndarray, message: str) -> None:
    cv2.imwrite(str(tmp_path / f'{stamps()[0]}_mask.png'), image)
    with pytest.raises(TrainingError, match=message):
        TeacherFiles(tmp_path, 'segmentation').label(list(BagFrames(bag).frames()))
    with pytest.raises(TrainingError, match=r'no \*_disp\.npy'):
        TeacherFiles(tmp_path, 'depth')
