# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The audio of a bag as the blocks that a node would get, one message after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_manifold_ros.bags.decoding.index_from_stamps import StampIndexer
from audio_manifold_ros.bags.decoding.recorded_audio import RecordedAudio
from audio_manifold_ros.common.errors import BagError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.bags.decoding.audio_chunk import AudioFormat
    from audio_manifold_ros.bags.decoding.dataset_topics import DatasetTopics
    from audio_manifold_ros.bags.storage.bag_message import BagMessage
    from audio_manifold_ros.bags.storage.bag_reader import BagReader


@dataclass(frozen=True)
class DecodedAudioMessage:
    """One message and what it holds.

    Attributes:
        message: As recorded.
        block: Its audio; None if it cannot be used.
        rejection_reason: Why not, or an empty string.

    """

    message: BagMessage
    block: AudioBlock | None
    rejection_reason: str = ''


def audio_blocks(
    bag: BagReader, topics: DatasetTopics, audio_format: AudioFormat | None = None
) -> Iterator[DecodedAudioMessage]:
    """Yield every audio message of a bag in order of time; where the format has no sample index, it is inferred.

    Args:
        bag: The bag, open.
        topics: Which topics are meant.
        audio_format: What the messages leave unsaid.

    Raises:
        BagError: The bag is damaged, or what describes the audio cannot be used.

    """
    index: tuple[int, StampIndexer] | None = None
    for message, chunk in RecordedAudio(bag, topics, audio_format).messages():
        if isinstance(chunk, BagError):
            yield DecodedAudioMessage(message, None, str(chunk))
            continue
        first_sample = chunk.first_sample
        if first_sample is None:
            if index is None or index[0] != chunk.sample_rate_hz:
                index = chunk.sample_rate_hz, StampIndexer(chunk.sample_rate_hz)
            first_sample = index[1].place(chunk.stamp_ns, chunk.length)
        yield DecodedAudioMessage(message, chunk.to_block(first_sample))
