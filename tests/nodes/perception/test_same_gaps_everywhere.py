# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bag of audio without a sample index has the same gaps for converter, evaluation, statistics and node."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message

from audio_manifold_ros.bags.conversion.audio_track import AudioTrack
from audio_manifold_ros.bags.conversion.bag_scan import BagScan
from audio_manifold_ros.bags.decoding.audio_blocks import audio_blocks
from audio_manifold_ros.bags.decoding.audio_chunk import AudioFormat
from audio_manifold_ros.bags.decoding.dataset_topics import DatasetTopics, find_topics
from audio_manifold_ros.bags.decoding.recorded_audio import RecordedAudio
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.nodes.perception.audio_topic import AudioTopic, AudioTopicReader
from tests.bags.sound_bag import ARRAY_TYPE, RATE_HZ, SoundBag

pytestmark = pytest.mark.ros
FORMAT = AudioFormat(RATE_HZ, 8)
TOPIC = '/mic/samples'
Runs = Iterable[tuple[int, int]]


def gaps(runs: Runs) -> list[tuple[int, int]]:
    """Return (end, next start) where one run (first sample, length) does not follow the other."""
    found: list[tuple[int, int]] = []
    end = None
    for first, length in runs:
        if end is not None and first != end:
            found.append((end, first))
        end = first + length
    return found


def converted(bag: BagReader, topics: DatasetTopics) -> list[tuple[int, int]]:
    track = AudioTrack(RATE_HZ)
    return [(first, samples.shape[1]) for samples, first in track.pieces(RecordedAudio(bag, topics, FORMAT).chunks())]


def evaluated(bag: BagReader, topics: DatasetTopics) -> list[tuple[int, int]]:
    blocks = [entry.block for entry in audio_blocks(bag, topics, FORMAT)]
    return [(block.first_sample, block.samples.shape[1]) for block in blocks if block is not None]


def received(bag: BagReader) -> list[tuple[int, int]]:
    """Return the blocks of the node's reader, which gets each message at the time of its reception."""
    reader = AudioTopicReader(AudioTopic(TOPIC, ARRAY_TYPE, audio_format=FORMAT))
    return [
        (block.first_sample, block.samples.shape[1])
        for message in bag.messages([TOPIC])
        for block in reader.read(deserialize_message(bytes(message.data), reader.message_class), message.time_ns)
    ]


def check_same_gaps(sound: SoundBag, folder: Path) -> list[tuple[int, int]]:
    """Return the gaps of a bag, which must be the same everywhere."""
    path = sound.write_multi_arrays(folder, TOPIC)
    with BagReader(path) as bag:
        topics = find_topics(str(path), bag.topics, audio=TOPIC)
        expected, blocks = gaps(converted(bag, topics)), evaluated(bag, topics)
        assert gaps(blocks) == expected
        live = received(bag)
        assert live == blocks[: len(live)]
        # The node decides the blocks of the last quarter second only with the blocks after them.
        waiting_s = sum(length for _, length in blocks[len(live) :]) / RATE_HZ
        assert waiting_s <= 0.25 + sound.arrival_jitter_ns / NS_PER_S + sound.block_samples / RATE_HZ
        scan = BagScan(bag, topics, FORMAT, RATE_HZ)
        scan.run(lambda _: None)
    audio = scan.statistics[TOPIC].audio.summary()
    assert audio is not None
    assert (audio.losses, audio.samples_lost) == (len(expected), sum(end - start for start, end in expected))
    assert len(scan.audio_segments) == len(expected) + 1
    return expected


@pytest.mark.parametrize(('block', 'jitter_ms'), [(256, 5), (450, 12), (450, 30), (1125, 30), (1125, 60)])
def test_one_gap_in_jittered_audio_is_the_same_gap_everywhere(tmp_path: Path, block: int, jitter_ms: int) -> None:
    sound = SoundBag(
        seconds=6.0,
        lost=frozenset(range(60, 64)),
        block_samples=block,
        jitter_ns=0,
        arrival_jitter_ns=jitter_ms * 1_000_000,
        image_rate_hz=0.0,
    )
    found = check_same_gaps(sound, tmp_path / 'bag')
    if jitter_ms < 0.75 * block / RATE_HZ * 1000:
        assert found == [(60 * block, 64 * block)]
    # At the end of a bag a late block may be taken for a loss: there is nothing after it that decides.
    decided = [(start, end) for start, end in found if start < (sound.seconds - 0.25) * RATE_HZ]
    assert sum(end - start for start, end in decided) == 4 * block


@settings(deadline=None, max_examples=10)
@given(
    block=st.sampled_from([256, 450, 1125, 2250]),
    jitter_ms=st.floats(0, 80),
    lost=st.sets(st.integers(1, 60), max_size=10),
    restart_block=st.sampled_from([None, 40]),
)
def test_any_jitter_and_loss_give_the_same_gaps_everywhere(
    block: int, jitter_ms: float, lost: set[int], restart_block: int | None
) -> None:
    sound = SoundBag(
        seconds=70 * block / RATE_HZ,
        lost=frozenset(lost),
        block_samples=block,
        jitter_ns=0,
        arrival_jitter_ns=round(jitter_ms * 1_000_000),
        image_rate_hz=0.0,
        restart_block=restart_block,
    )
    with tempfile.TemporaryDirectory() as folder:
        check_same_gaps(sound, Path(folder) / 'bag')
