# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth of a bag is scaled with the calibration of the rig in all readers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.bag_evaluation.ground_truth import BagGroundTruth
from audio_manifold_ros.bags.conversion.bag_conversion import convert_bag
from audio_manifold_ros.bags.conversion.conversion_record import ConversionOptions
from audio_manifold_ros.bags.decoding.dataset_topics import find_topics
from audio_manifold_ros.bags.decoding.recorded_audio import RecordedAudio
from audio_manifold_ros.bags.decoding.rig_depth import RigDepth
from audio_manifold_ros.bags.storage.bag_message import BagMessage
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.drive_attributes import METRES, RELATIVE
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.modalities.modality_images import ModalityImages
from audio_manifold_ros.rig.depth_calibration import DEPTH_FILE, DepthCalibration
from tests.bags.drive_bags import BLOCK, EPOCH_NS, IMAGE, RIG, audio_message, image_message, sound

RATE_HZ = 22_500
MILLIMETRES = 'schema_version: 1\nsource: lidar\ndepth_scale: 0.001\nmin_m: 0.5\nmax_m: 80\n'
UNKNOWN = 'schema_version: 1\nsource: none\ndepth_scale: null\nmin_m: null\nmax_m: null\n'
# Beyond what float16 can hold, before the scale.
RAW = np.array([[20_000, 70_000, 90_000, 100]], dtype=np.float32)
DEPTH_M = np.array([[20, 70, np.nan, np.nan]], dtype=np.float32)


@pytest.fixture(scope='module')
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('depth') / 'bag'
    with BagWriter(folder) as writer:
        writer.add_topic('/audio', BLOCK)
        writer.add_topic('/depth/image', IMAGE)
        writer.write('/audio', audio_message(sound(RATE_HZ), 0, RATE_HZ), EPOCH_NS)
        writer.write('/depth/image', image_message(RAW, '32FC1', EPOCH_NS + NS_PER_S // 2), EPOCH_NS + NS_PER_S // 2)
    return folder


def test_the_converter_stores_scaled_depth(bag: Path, tmp_path: Path) -> None:
    options = ConversionOptions(rows=1, columns=4)
    with DriveReader(convert_bag(bag, tmp_path, replace(RIG, depth=MILLIMETRES), options).path) as drive:
        assert drive.attributes.depth_unit == METRES
        np.testing.assert_allclose(drive.depth_m(0), DEPTH_M, rtol=2**-10)
    with DriveReader(convert_bag(bag, tmp_path, replace(RIG, depth=UNKNOWN), options).path) as drive:
        assert drive.attributes.depth_unit == RELATIVE


def ground_truth_of(bag: Path, text: str) -> ModalityImages | None:
    rig_depth = RigDepth(DepthCalibration.from_text(text, DEPTH_FILE))
    with BagReader(bag) as reader:
        topics = find_topics(str(bag), reader.topics)
        with BagGroundTruth(reader, topics, RecordedAudio(reader, topics).span_ns(), rig_depth) as truth:
            return truth.at(EPOCH_NS + NS_PER_S // 2)


def test_only_metric_depth_is_ground_truth(bag: Path) -> None:
    found = ground_truth_of(bag, MILLIMETRES)
    assert found is not None
    np.testing.assert_allclose(found.depth_m, DEPTH_M)
    assert ground_truth_of(bag, UNKNOWN) is None


def test_16_bit_depth_is_in_millimetres_before_scaling(bag: Path) -> None:
    half = DepthCalibration('stereo', 0.5, 0.0, 100.0)
    with BagReader(bag) as reader:
        raw = image_message(np.array([[0, 3000]], dtype=np.uint16), '16UC1', EPOCH_NS)
        message = reader.decode(BagMessage('/depth/image', IMAGE, EPOCH_NS, raw, ''))
    np.testing.assert_allclose(RigDepth(half).decode(message), [[np.nan, 1.5]])
    np.testing.assert_allclose(RigDepth(None).decode(message), [[np.nan, 3.0]])
