# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compatibility: bags, drives and label files of version 0.1.0 load, with equal content."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio_manifold_ros.bags.conversion.bag_conversion import convert_bag
from audio_manifold_ros.bags.conversion.conversion_record import ConversionOptions
from audio_manifold_ros.bags.decoding.image_messages import decode_depth_m
from audio_manifold_ros.bags.decoding.run_metadata import CUSTOM_KEY, RunMetadata
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.label_file import LabelFile, label_folder
from audio_manifold_ros.datasets.rig_files import RigFiles
from tests.compat.old_file_values import FIXTURES, assert_same, expected, sha256


def drive_facts(path: Path) -> dict[str, Any]:
    """Read everything of a drive."""
    with DriveReader(path, verify=True) as drive:
        bounds = [drive.first_sample, *drive.gaps.ravel().tolist(), drive.end_sample]
        runs = [(bounds[place], bounds[place + 1]) for place in range(0, len(bounds), 2)]
        raw = [drive.raw(first, end - first) for first, end in runs]
        margin = drive.correction.before, drive.correction.after
        sound = drive.samples(runs[0][0] + margin[0], runs[0][1] - runs[0][0] - sum(margin))
        images = range(len(drive.image_samples))
        has_depth, has_labels = drive.has_depth, drive.has_labels
        return {
            'drive_id': drive.drive_id,
            'sample_rate_hz': drive.sample_rate_hz,
            'duration_s': (drive.end_sample - drive.first_sample) / drive.sample_rate_hz,
            'runs': [list(run) for run in runs],
            'gaps': drive.gaps.tolist(),
            'image_samples': drive.image_samples.tolist(),
            'image_stamps_ns': drive.image_stamps_ns.tolist(),
            'traits': [list(drive.attributes.missing_channels), drive.attributes.depth_unit],
            'missing_microphones': list(drive.missing_microphones),
            'provenance': drive.provenance,
            'rig_texts_sha256': {name: hashlib.sha256(text.encode()).hexdigest() for name, text in rig_of(drive)},
            'geometry_sha256': drive.array.geometry_sha256(),
            'raw_sha256': sha256(*raw),
            'audio_shape': list(sound.shape),
            'audio_rms': np.sqrt(np.mean(np.square(sound), axis=1)).tolist(),
            'has': [has_depth, has_labels, drive.has_native],
            'depth_sha256': sha256(*(drive.depth_m(image) for image in images)) if has_depth else '',
            'labels_sha256': sha256(*(drive.labels(image) for image in images)) if has_labels else '',
            'native_sha256': native_sha256(drive) if drive.has_native else '',
        }


def rig_of(drive: DriveReader) -> list[tuple[str, str]]:
    """Return the rig's texts."""
    return sorted(drive.rig.texts().items())


def native_sha256(drive: DriveReader) -> str:
    """Return the hash of the images in the size of their teachers."""
    images = range(len(drive.image_samples))
    return sha256(*(drive.native_depth_m(i) for i in images), *(drive.native_labels(i) for i in images))


def label_facts(path: Path) -> dict[str, Any]:
    """Read a label track."""
    with LabelFile(path) as track:
        run = track.run()
        return {
            'description': [track.description.modality, track.description.key, dict(track.description.provenance)],
            'frames': track.frames,
            'size': list(track.size),
            'time_ns': track.time_ns.tolist(),
            'stamp_ns': track.stamp_ns.tolist(),
            'images_sha256': sha256(run.images),
            'last_image_sha256': sha256(track.image(len(track) - 1)),
        }


def bag_facts(path: Path) -> dict[str, Any]:
    """Read every message of a bag."""
    with BagReader(path) as bag:
        metadata = RunMetadata.from_json(bag.custom[CUSTOM_KEY]) if CUSTOM_KEY in bag.custom else None
        audio, depths, firsts = [], [], []
        kinds: dict[str, Any] = {}
        for message in bag.messages():
            decoded = bag.decode(message)
            if message.topic == '/audio':
                audio.append(np.frombuffer(bytes(decoded.data), '<i2').reshape(-1, decoded.channel_count))
                firsts.append([decoded.first_sample, decoded.sample_rate_hz])
            elif message.topic == '/truth/depth/image':
                depths.append(np.asarray(decode_depth_m(decoded)))
            elif message.topic == '/run_metadata':
                kinds['run_metadata_topic_same'] = RunMetadata.from_json(decoded.data) == metadata
        return {
            'topics': {topic.name: [topic.type, topic.count, topic.qos_profiles] for topic in bag.topics},
            'definitions': [topic.name for topic in bag.topics if topic.definition],
            'start_ns': bag.start_ns,
            'end_ns': bag.end_ns,
            'duration_s': bag.duration_s,
            'problems': list(bag.problems),
            'audio_sha256': sha256(np.concatenate(audio)),
            'blocks': [len(firsts), *firsts[:2], firsts[-1]],
            'depth_sha256': sha256(*depths),
            'metadata': None if metadata is None else json.loads(metadata.to_json()),
            'rig_sha256': None if metadata is None else metadata.rig_sha256,
            **kinds,
        }


def conversion_facts(bag: Path, out: Path, labels: Path | None) -> dict[str, Any]:
    """Convert a copy of a bag, with labels next to it or without."""
    copy = Path(shutil.copytree(bag, out / 'bag'))
    if labels is not None:
        shutil.copytree(labels, label_folder(copy))
    reference = '' if labels is None else 'camera/image'
    options = ConversionOptions(sample_rate_hz=4000, rows=12, columns=16, reference=reference)
    # A bag of sqlite3 has no custom data of ours, and so no rig.
    rig = None if list(copy.glob('*.mcap')) else RigFiles.from_folder(FIXTURES / 'rig')
    done = convert_bag(copy, out / 'drives', rig, options)
    again = convert_bag(copy, out / 'drives', rig, options)
    record = json.loads(json.dumps(done.record))
    return {
        'kept': [done.reused, again.reused],
        'request': record['request'],
        'audio': record['audio'],
        'images': record['images'],
        'drive': {key: value for key, value in drive_facts(done.path).items() if key != 'provenance'},
    }


@pytest.mark.parametrize('name', ['drive.h5', 'drive_traits.h5'])
def test_a_drive_holds_what_it_did(name: str) -> None:
    assert_same(drive_facts(FIXTURES / name), expected(name))


@pytest.mark.parametrize('name', ['labels/depth.h5', 'labels/segmentation.h5'])
def test_a_label_track_holds_what_it_did(name: str) -> None:
    assert_same(label_facts(FIXTURES / name), expected(name))


@pytest.mark.parametrize('name', ['bag', 'bag_sqlite'])
def test_a_bag_holds_what_it_did(name: str) -> None:
    assert_same(bag_facts(FIXTURES / name), expected(name))


@pytest.mark.parametrize(
    ('name', 'bag', 'labels'),
    [
        ('conversion', 'bag', None),
        ('conversion_labelled', 'bag_sqlite', 'labels'),
    ],
)
def test_a_bag_becomes_the_drive_that_it_did(tmp_path: Path, name: str, bag: str, labels: str | None) -> None:
    facts = conversion_facts(FIXTURES / bag, tmp_path, None if labels is None else FIXTURES / labels)
    assert_same(facts, expected(name))
