# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Adapters for audio messages of this project and of other packages: message to chunk.

An adapter reads a message by its fields, so it accepts messages of rosbags and of rclpy. Stamps are converted to the
time of the first sample, for every definition of the stamp.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from audio_manifold_ros.bags.decoding.audio_chunk import AudioChunk, AudioFormat
from audio_manifold_ros.bags.decoding.pcm_decoding import FORMATS, as_array, decode_pcm, to_samples
from audio_manifold_ros.common.array_types import PcmSamples
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.units import NS_PER_S

AUDIO_BLOCK_TYPE = 'audio_manifold_msgs/msg/AudioBlock'
AUDIO_INFO = 'audio_common_msgs/msg/AudioInfo'
# The index of the message is unsigned, the index of a chunk is signed.
MAX_INDEX = 2**63 - 1
OWN_ENCODINGS = ('s16le', 'f32le')
GSTREAMER_RAW = ('wave', 'raw', '')
AUDIO_UTILS_FORMATS = {
    f'{sign}_{width}': f'{letter}{bits}'
    for sign, letter in (('signed', 's'), ('unsigned', 'u'))
    for width, bits in (('8', '8'), ('16', '16le'), ('24', '24le'), ('padded_24', '24_32le'), ('32', '32le'))
} | {'float': 'f32le', 'double': 'f64le'}
# PortAudio's numbers of sample formats, and the field of AudioData that holds such samples in mgonzs13's node.
PORTAUDIO_FIELDS = {
    1: ('float32_data', 'f32le'),
    2: ('int32_data', 's32le'),
    8: ('int16_data', 's16le'),
    16: ('int8_data', 's8'),
    32: ('uint8_data', 'u8'),
}
MULTI_ARRAYS = {
    'Int8': 's8',
    'UInt8': 'u8',
    'Int16': 's16le',
    'Int32': 's32le',
    'Float32': 'f32le',
    'Float64': 'f64le',
}
CHANNEL_LABELS = frozenset({'channel', 'channels', 'mic', 'mics', 'microphone', 'microphones'})
SAMPLE_LABELS = frozenset({'sample', 'samples', 'frame', 'frames', 'time'})

Read = Callable[[Any, int, AudioFormat | None], AudioChunk]


@dataclass(frozen=True)
class AudioAdapter:
    """Adapter for messages of one type.

    Attributes:
        read: Function that reads a message.
        info_type: Type of a second topic that describes the audio, '' if messages describe themselves.
        needs_audio_format: Neither the message nor a second topic states the sample rate.

    """

    read: Read
    info_type: str = ''
    needs_audio_format: bool = False

    def read_chunk(self, message: Any, time_ns: int, declared_format: AudioFormat | None = None) -> AudioChunk:
        """Return the audio of one message.

        Args:
            message: Of rosbags or of rclpy.
            time_ns: Time of its reception. Used if it carries no stamp.
            declared_format: Format of audio whose messages do not state it: from the user, or from
                `audio_format_from_info`.

        Raises:
            BagError: The message is invalid, or its format is not known.

        """
        try:
            return self.read(message, time_ns, declared_format)
        except (AttributeError, TypeError, ValueError) as error:
            found = type(message).__name__
            msg = f'{found} does not match its type ({error}): record it with the definition of this software.'
            raise BagError(msg) from None


def audio_format_from_info(info: Any) -> AudioFormat:
    """Return the format in an `AudioInfo` of ros-drivers or of mgonzs13.

    Raises:
        BagError: The audio is compressed, or its format is not supported.

    """
    if hasattr(info, 'rate'):
        _, name = _portaudio_field(int(info.format))
        return AudioFormat(int(info.rate), int(info.channels), name)
    if str(info.coding_format).lower() not in GSTREAMER_RAW:
        msg = f'The audio is coded as {info.coding_format!r}: record with the parameter format:=wave.'
        raise BagError(msg)
    return AudioFormat(int(info.sample_rate), int(info.channels), str(info.sample_format).lower())


def _portaudio_field(number: int) -> tuple[str, str]:
    if number not in PORTAUDIO_FIELDS:
        msg = f'Audio of PortAudio format {number!r} cannot be read: record one of {sorted(PORTAUDIO_FIELDS)}.'
        raise BagError(msg)
    return PORTAUDIO_FIELDS[number]


def _audio_block(message: Any, _time_ns: int, _declared_format: AudioFormat | None) -> AudioChunk:
    if message.encoding not in OWN_ENCODINGS:
        msg = f'Audio encoding {message.encoding!r} is unknown: send one of {sorted(OWN_ENCODINGS)}.'
        raise BagError(msg)
    samples = decode_pcm(message.data, message.encoding, int(message.channel_count))
    rate_hz, first_sample = int(message.sample_rate_hz), int(message.first_sample)
    if first_sample + samples.shape[1] > MAX_INDEX:
        msg = f'AudioBlock begins at sample {first_sample!r}, beyond 2^63: repair its source.'
        raise BagError(msg)
    return _chunk(samples, rate_hz, _stamp_ns(message.header.stamp), first_sample, overflow=bool(message.overflow))


def _audio_data(message: Any, time_ns: int, declared_format: AudioFormat | None) -> AudioChunk:
    """Read `AudioData` of ros-drivers: bytes only, received after the last sample."""
    if not hasattr(message, 'data'):
        msg = "AudioData of mgonzs13's audio_common does not state its format: record its AudioStamped topic instead."
        raise BagError(msg)
    audio_format = _require_audio_format(declared_format, 'AudioData')
    samples = decode_pcm(message.data, audio_format.sample_format, audio_format.channels)
    return _chunk(samples, audio_format.sample_rate_hz, time_ns, is_end_stamp=True)


def _audio_data_stamped(message: Any, _time_ns: int, declared_format: AudioFormat | None) -> AudioChunk:
    """Read `AudioDataStamped` of ros-drivers, stamped at the start of the buffer."""
    audio_format = _require_audio_format(declared_format, 'AudioDataStamped')
    samples = decode_pcm(message.audio.data, audio_format.sample_format, audio_format.channels)
    return _chunk(samples, audio_format.sample_rate_hz, _stamp_ns(message.header.stamp))


def _audio_stamped(message: Any, _time_ns: int, _declared_format: AudioFormat | None) -> AudioChunk:
    """Read `AudioStamped` of mgonzs13, stamped before it waits for the samples, which is at their start."""
    audio_format = audio_format_from_info(message.audio.info)
    field, name = _portaudio_field(int(message.audio.info.format))
    values = as_array(getattr(message.audio.audio_data, field), _element(name))
    return _chunk(
        _frames(values, name, audio_format.channels), audio_format.sample_rate_hz, _stamp_ns(message.header.stamp)
    )


def _audio_frame(message: Any, _time_ns: int, _declared_format: AudioFormat | None) -> AudioChunk:
    """Read `AudioFrame` of audio_utils, stamped after its last sample."""
    name = AUDIO_UTILS_FORMATS.get(str(message.format))
    if name is None:
        msg = f'Audio of the format {message.format!r} cannot be read: record one of {sorted(AUDIO_UTILS_FORMATS)}.'
        raise BagError(msg)
    samples = decode_pcm(message.data, name, int(message.channel_count))
    if samples.shape[1] != int(message.frame_sample_count):
        msg = (
            f'AudioFrame has {samples.shape[1]} samples, but states {message.frame_sample_count!r}: repair its source.'
        )
        raise BagError(msg)
    return _chunk(samples, int(message.sampling_frequency), _stamp_ns(message.header.stamp), is_end_stamp=True)


def _raw_audio(message: Any, _time_ns: int, _declared_format: AudioFormat | None) -> AudioChunk:
    """Read `RawAudio` of Foxglove, stamped at its start."""
    if message.format != 'pcm-s16':
        msg = f"RawAudio of the format {message.format!r} cannot be read: send 'pcm-s16'."
        raise BagError(msg)
    samples = decode_pcm(message.data, 's16le', int(message.number_of_channels))
    return _chunk(samples, int(message.sample_rate), _stamp_ns(message.timestamp))


def _multi_array(name: str) -> Read:
    def read(message: Any, time_ns: int, declared_format: AudioFormat | None) -> AudioChunk:
        audio_format = _require_audio_format(declared_format, 'a multi-array')
        values = as_array(message.data, _element(name))[int(message.layout.data_offset) :]
        channels, planar = _layout(message.layout.dim, len(values), audio_format)
        if planar and len(values) % channels == 0:
            values = values.reshape(channels, -1).T.reshape(-1)
        return _chunk(_frames(values, name, channels), audio_format.sample_rate_hz, time_ns, is_end_stamp=True)

    return read


def _layout(dimensions: Any, values: int, audio_format: AudioFormat) -> tuple[int, bool]:
    """Return the number of channels and whether the layout is planar, from the labels of the dimensions."""
    if not len(dimensions):
        return audio_format.channels, audio_format.planar
    labels = [str(dimension.label).lower() for dimension in dimensions]
    sizes = [int(dimension.size) for dimension in dimensions]
    kinds = [label in CHANNEL_LABELS for label in labels]
    named = all(label in CHANNEL_LABELS | SAMPLE_LABELS for label in labels)
    if len(sizes) != 2 or not named or sum(kinds) != 1 or sizes[0] * sizes[1] != values:
        msg = (
            f'A multi-array of {values} values has the dimensions {dict(zip(labels, sizes, strict=True))!r}: '
            "label two, 'channel' and 'sample', whose sizes multiply to its length, or leave the layout empty."
        )
        raise BagError(msg)
    return sizes[kinds.index(True)], kinds[0]


def _frames(values: Any, name: str, channels: int) -> PcmSamples:
    if channels < 1 or not len(values) or len(values) % channels:
        msg = f'Audio of {len(values)} values in {channels!r} channels: send whole frames, at least one.'
        raise BagError(msg)
    return to_samples(values.reshape(-1, channels), name, channels)


def _element(name: str) -> np.dtype[Any]:
    return np.dtype(FORMATS[name][0])


def _require_audio_format(declared_format: AudioFormat | None, subject: str) -> AudioFormat:
    if declared_format is None:
        msg = f'{subject} states neither rate nor channels: record its AudioInfo topic too, or state them.'
        raise BagError(msg)
    return declared_format


def _stamp_ns(stamp: Any) -> int:
    return int(stamp.sec) * NS_PER_S + int(stamp.nanosec)


def _chunk(
    samples: PcmSamples,
    rate_hz: int,
    stamp_ns: int,
    first_sample: int | None = None,
    *,
    is_end_stamp: bool = False,
    overflow: bool = False,
) -> AudioChunk:
    if rate_hz < 1:
        msg = f'Audio of {rate_hz!r} Hz: send a positive rate.'
        raise BagError(msg)
    start_ns = stamp_ns - samples.shape[1] * NS_PER_S // rate_hz if is_end_stamp else stamp_ns
    return AudioChunk(samples, first_sample, rate_hz, start_ns, first_sample is None, overflow)


ADAPTERS: Mapping[str, AudioAdapter] = {
    AUDIO_BLOCK_TYPE: AudioAdapter(_audio_block),
    'audio_common_msgs/msg/AudioData': AudioAdapter(_audio_data, AUDIO_INFO),
    'audio_common_msgs/msg/AudioDataStamped': AudioAdapter(_audio_data_stamped, AUDIO_INFO),
    'audio_common_msgs/msg/AudioStamped': AudioAdapter(_audio_stamped),
    'audio_utils_msgs/msg/AudioFrame': AudioAdapter(_audio_frame),
    'foxglove_msgs/msg/RawAudio': AudioAdapter(_raw_audio),
    **{
        f'std_msgs/msg/{kind}MultiArray': AudioAdapter(_multi_array(name), needs_audio_format=True)
        for kind, name in MULTI_ARRAYS.items()
    },
}
