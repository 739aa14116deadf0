# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Audio of a bag as the blocks that a node receives, message by message."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_manifold_ros.bags.decoding.recorded_audio import RecordedAudio
from audio_manifold_ros.common.errors import BagError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.bags.decoding.audio_chunk import AudioFormat, IndexedChunk
    from audio_manifold_ros.bags.decoding.dataset_topics import DatasetTopics
    from audio_manifold_ros.bags.storage.bag_message import BagMessage
    from audio_manifold_ros.bags.storage.bag_reader import BagReader


@dataclass(frozen=True)
class DecodedAudioMessage:
    """One message and its audio.

    Attributes:
        message: The message as recorded.
        block: Its audio. None if the message cannot be used.
        rejection_reason: Why it cannot be used, or an empty string.

    """

    message: BagMessage
    block: AudioBlock | None
    rejection_reason: str = ''


def audio_blocks(
    bag: BagReader, topics: DatasetTopics, audio_format: AudioFormat | None = None
) -> Iterator[DecodedAudioMessage]:
    """Yield every audio message of a bag in order of time.

    Args:
        bag: The open bag.
        topics: Topics of the dataset.
        audio_format: Format of audio whose messages do not state it.

    Raises:
        BagError: The bag is damaged, or the description of the audio cannot be used.

    """
    audio = RecordedAudio(bag, topics, audio_format)
    waiting: deque[tuple[BagMessage, str]] = deque()
    for message, decoded in audio.messages():
        waiting.append((message, str(decoded) if isinstance(decoded, BagError) else ''))
        yield from _decided(waiting, deque() if isinstance(decoded, BagError) else deque(decoded))
    yield from _decided(waiting, deque(audio.finish()))


def _decided(waiting: deque[tuple[BagMessage, str]], chunks: deque[IndexedChunk]) -> Iterator[DecodedAudioMessage]:
    """Yield the waiting messages up to the first whose chunk is not decided."""
    while waiting and (waiting[0][1] or chunks):
        message, rejection_reason = waiting.popleft()
        block = None if rejection_reason else chunks.popleft().to_block()
        yield DecodedAudioMessage(message, block, rejection_reason)
