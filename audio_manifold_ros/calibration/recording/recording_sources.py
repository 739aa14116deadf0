# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sources of recordings: a live device, a WAV or FLAC file, or a bag."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.audio.capture.device_source import DeviceSource
from audio_manifold_ros.audio.file_source import FileSource
from audio_manifold_ros.audio.source import AudioSource, SourceState
from audio_manifold_ros.bags.decoding.audio_blocks import audio_blocks
from audio_manifold_ros.bags.decoding.dataset_topics import find_topics
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.calibration.recording.raw_recording import MAX_DURATION_S
from audio_manifold_ros.common.argument_types import number, whole_number
from audio_manifold_ros.common.errors import CalibrationError

BLOCK_S = 0.02
FILE_BLOCK = 4096
READ_TIMEOUT_S = 0.25
SILENCE_TIMEOUT_S = 15.0
DEFAULT_RATE_HZ, DEFAULT_CHANNELS = 48_000, 8


@dataclass(frozen=True)
class RecordingSource:
    """Audio source that is not opened yet.

    Attributes:
        origin: Description of the source.
        is_live: Whether the audio is recorded now.
        blocks: Function that opens the source and yields its blocks.
        remarks: Function that returns remarks for the user after all blocks have been read.

    """

    origin: str
    is_live: bool
    blocks: Callable[[], Iterator[AudioBlock]]
    remarks: Callable[[], tuple[str, ...]] = tuple


def add_source_arguments(parser: argparse.ArgumentParser, seconds: float) -> None:
    """Add the options that select a source. A live recording takes `seconds` by default."""
    source = parser.add_argument_group('sound').add_mutually_exclusive_group(required=True)
    source.add_argument('--device', metavar='NAME', help='record live: name of a sound device, or a part of it')
    source.add_argument('--wav', type=Path, metavar='FILE', help='WAV or FLAC file with a channel for each microphone')
    source.add_argument('--bag', type=Path, metavar='BAG', help='rosbag2 folder, .mcap or .db3')
    parser.add_argument(
        '--seconds',
        type=number(1, MAX_DURATION_S),
        help=f'duration (default: {seconds:g} from a device, else the whole file or bag, up to {MAX_DURATION_S:g})',
    )
    parser.add_argument(
        '--start', type=number(0), default=0.0, help='seconds to skip at the start (default: %(default)g)'
    )
    parser.add_argument(
        '--rate',
        type=whole_number(4000, 768_000),
        default=DEFAULT_RATE_HZ,
        help='sample rate of the device, Hz (default: %(default)s)',
    )
    parser.add_argument(
        '--channels',
        type=whole_number(1, 256),
        help=f'channels of the device (default: those that the rig needs, else {DEFAULT_CHANNELS})',
    )
    parser.add_argument('--topic', default='', help='audio topic of the bag (default: the only one)')


def open_recording_source(given: argparse.Namespace, channels_needed: int | None) -> RecordingSource:
    """Return the selected source. A device is opened when its blocks are read.

    Args:
        given: Arguments of `add_source_arguments`.
        channels_needed: Number of channels that the rig uses. None without a rig.

    """
    if given.device is not None:
        channels = given.channels or channels_needed or DEFAULT_CHANNELS
        return RecordingSource(f'device {given.device!r}', True, lambda: _device(given.device, given.rate, channels))
    if given.wav is not None:
        source = FileSource(given.wav, time.time_ns, realtime=False, block_samples=FILE_BLOCK)
        return RecordingSource(
            f'file {str(given.wav)!r}', False, lambda: _blocks(source), lambda: (source.note,) if source.note else ()
        )
    return RecordingSource(f'bag {str(given.bag)!r}', False, lambda: _bag(given.bag, given.topic))


def _device(name: str, rate_hz: int, channels: int) -> Iterator[AudioBlock]:
    return _blocks(DeviceSource(name, rate_hz, channels, round(BLOCK_S * rate_hz), clock_ns=time.time_ns))


def _blocks(source: AudioSource) -> Iterator[AudioBlock]:
    """Yield the blocks of a source until it ends.

    Raises:
        CalibrationError: The source delivers no audio for 15 s.

    """
    source.open()
    try:
        last_block_s = time.monotonic()
        while True:
            block = source.read(READ_TIMEOUT_S)
            if block is not None:
                last_block_s = time.monotonic()
                yield block
            elif source.status().state is SourceState.ENDED:
                return
            elif time.monotonic() - last_block_s > SILENCE_TIMEOUT_S:
                msg = (
                    f'No audio for {SILENCE_TIMEOUT_S:g} s ({source.status().message}): check that the device is '
                    'connected and that no other program uses it.'
                )
                raise CalibrationError(msg)
    finally:
        source.close()


def _bag(path: Path, topic: str) -> Iterator[AudioBlock]:
    with BagReader(path) as bag:
        topics = find_topics(str(path), bag.topics, audio=topic)
        for block_message in audio_blocks(bag, topics):
            if block_message.block is not None:
                yield block_message.block
