# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.bags.decoding.run_metadata import RunMetadata
from audio_manifold_ros.bags.statistics.record_report import make_report
from audio_manifold_ros.bags.statistics.topic_statistics import TopicStatistics
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.rig_files import RigFiles
from tests.bags.statistics.test_topic_statistics import BLOCK, START_NS, ExampleChunk, make_chunks


def audio_topic(*, lost: bool = False, dead: bool = False) -> TopicStatistics:
    statistics = TopicStatistics('/audio', 'audio_manifold_msgs/msg/AudioBlock')
    for index, sound in enumerate(make_chunks(3)):
        if lost and 50 <= index < 60:
            continue
        samples = sound.samples * np.array([[1], [not dead]], np.int16)
        statistics.update(sound.stamp_ns + 10**7, sound.stamp_ns, 2000)
        statistics.update_audio(ExampleChunk(samples, sound.first_sample, sound.sample_rate_hz, sound.stamp_ns))
    return statistics


def test_a_good_recording_has_no_problems(tmp_path: Path) -> None:
    report = make_report('drive', 'Stopped by the user.', [audio_topic().summary()])
    assert report.problems == ()
    assert report.start_ns == START_NS + 10**7
    assert report.duration_s == pytest.approx(2.99)
    report.save(tmp_path)
    data = json.loads((tmp_path / 'report.json').read_text(encoding='utf-8'))
    assert data == json.loads(json.dumps(report.to_dict()))
    assert data['topics'][0]['audio']['microphones'][1]['channel'] == 1
    text = (tmp_path / 'report.txt').read_text(encoding='utf-8')
    assert text.startswith('drive: 3.0 s, 0.6 MB of messages. Stopped by the user.')
    assert 'No problems.' in text
    assert '(measured)' in text
    assert max(map(len, text.splitlines())) <= 120


def test_problems_are_sentences_with_their_values() -> None:
    image = TopicStatistics('/camera/image', 'sensor_msgs/msg/Image')
    for index in range(100):
        image.update(START_NS + index * 10**8, START_NS + index * 10**8 - 3 * 10**9, 10)
    image.lost, image.dropped = 4, 2
    absent = TopicStatistics('/tf', 'tf2_msgs/msg/TFMessage')
    summaries = [statistics.summary() for statistics in (audio_topic(lost=True, dead=True), image, absent)]
    report = make_report('drive', 'The disk is full.', summaries, ('Topic /depth has no publisher.',))
    assert report.problems == (
        'Topic /depth has no publisher.',
        f'/audio: {10 * BLOCK} samples (0.100 s) are missing in 1 places, measured with the sample index.',
        '/audio: channels 1 are dead: check capsules and cables.',
        (
            '/camera/image: 4 messages were lost on the way to the recorder: check the load of the machine and of '
            'the network.'
        ),
        '/camera/image: 2 messages arrived faster than they could be written: use a faster disk or smaller images.',
        '/camera/image: stamps are 3.0 s older than their arrival: check clocks and load.',
        '/tf: nothing was recorded.',
    )


def test_run_metadata_are_read_back_and_refuse_a_changed_rig() -> None:
    rig = RigFiles.from_folder(resource_path('calibration/roof_octagon'))
    metadata = RunMetadata(rig, 'audio_manifold_ros 0.1.0', START_NS, 'recorder', {'device': 'MA-USB8'})
    text = metadata.to_json()
    assert RunMetadata.from_json(text) == metadata
    assert RunMetadata.from_json(RunMetadata(None, 'x', 0, 'recorder', {}).to_json()).rig_sha256 is None
    with pytest.raises(BagError, match='does not match its hash'):
        RunMetadata.from_json(text.replace('roof_octagon', 'roof_hexagon'))
    for broken in ('', '{}', '[]', text.replace('"format_version": 1', '"format_version": 2')):
        with pytest.raises(BagError):
            RunMetadata.from_json(broken)
