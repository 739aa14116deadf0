# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The decoder of audio messages of every type, recorded or live: message to samples, sample index and stamp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audio_manifold_ros.bags.decoding.audio_message_adapters import ADAPTERS, audio_format_from_info
from audio_manifold_ros.bags.decoding.chunk_indexer import ChunkIndexer

if TYPE_CHECKING:
    from audio_manifold_ros.bags.decoding.audio_chunk import AudioChunk, AudioFormat, IndexedChunk


class AudioDecoder:
    """Decodes the messages of one topic in their order. Converter, evaluation and node use it alike.

    Attributes:
        audio_format: Format of audio whose messages do not state it. None until a person or an info message gives it.

    """

    def __init__(self, message_type: str, audio_format: AudioFormat | None = None) -> None:
        """Create the decoder.

        Args:
            message_type: A key of `ADAPTERS`.
            audio_format: Format of audio whose messages do not state it.

        """
        self.audio_format = audio_format
        self._adapter = ADAPTERS[message_type]
        self._indexer = ChunkIndexer()

    def set_audio_info(self, info: Any) -> None:
        """Take the format from an `AudioInfo` message.

        Raises:
            BagError: The audio is compressed, or its format is not supported.

        """
        self.audio_format = audio_format_from_info(info)

    def decode(self, message: Any, time_ns: int) -> AudioChunk:
        """Return the audio of one message, without an inferred index.

        Args:
            message: Of rosbags or of rclpy.
            time_ns: Time of its reception. Used if it carries no stamp.

        Raises:
            BagError: The message is invalid, or its format is not known.

        """
        return self._adapter.read_chunk(message, time_ns, self.audio_format)

    def push(self, message: Any, time_ns: int) -> list[IndexedChunk]:
        """Decode the next message and return the chunks whose index is decided (see `ChunkIndexer.push`).

        Args:
            message: Of rosbags or of rclpy.
            time_ns: Time of its reception. Used if it carries no stamp.

        Raises:
            BagError: The message is invalid, or its format is not known.

        """
        return self._indexer.push(self.decode(message, time_ns))

    def finish(self) -> list[IndexedChunk]:
        """Return the chunks that still wait for an index, at the end of the stream."""
        return self._indexer.finish()

    def reset(self) -> None:
        """Start a new stream."""
        self._indexer = ChunkIndexer()
