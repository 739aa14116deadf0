# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every audio message type gives its samples and the stamp of the first sample after serialisation."""

from __future__ import annotations

import array
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from rosbags.typesys.store import Typestore

from audio_manifold_ros.bags.decoding.audio_chunk import AudioChunk, AudioFormat
from audio_manifold_ros.bags.decoding.audio_message_adapters import ADAPTERS, audio_format_from_info
from audio_manifold_ros.bags.decoding.pcm_decoding import decode_pcm
from audio_manifold_ros.bags.storage.message_types import typestore
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.units import NS_PER_S

STAMP_NS = 1_700_000_000 * NS_PER_S + 250_000_000
RATE_HZ = 48_000
SOUND = np.random.default_rng(1).integers(-32_768, 32_768, (8, 480), dtype=np.int16)
DURATION_NS = 480 * NS_PER_S // RATE_HZ
INTERLEAVED = np.frombuffer(SOUND.T.tobytes(), dtype=np.uint8)
MGONZS13 = 'audio_common_msgs/msg/AudioStamped'


def roundtrip(kind: str, store: Typestore | None = None, **fields: Any) -> Any:
    store = store or typestore(kind)
    message = store.types[kind](**fields)
    return store.deserialize_cdr(store.serialize_cdr(message, kind), kind)


def header(store: Typestore | None = None) -> Any:
    types = (store or typestore()).types
    return types['std_msgs/msg/Header'](stamp=time(store), frame_id='mic_array_link')


def time(store: Typestore | None = None) -> Any:
    types = (store or typestore()).types
    return types['builtin_interfaces/msg/Time'](sec=STAMP_NS // NS_PER_S, nanosec=STAMP_NS % NS_PER_S)


def read(kind: str, message: Any, audio_format: AudioFormat | None = None) -> AudioChunk:
    return ADAPTERS[kind].read_chunk(message, STAMP_NS + 10**6, audio_format)


def test_audio_block_keeps_its_index() -> None:
    kind = 'audio_manifold_msgs/msg/AudioBlock'
    fields = {
        'header': header(),
        'sample_rate_hz': RATE_HZ,
        'channel_count': 8,
        'first_sample': 2**40,
        'overflow': True,
    }
    chunk = read(kind, roundtrip(kind, **fields, encoding='s16le', data=INTERLEAVED))
    np.testing.assert_array_equal(chunk.samples, SOUND)
    assert (chunk.first_sample, chunk.stamp_ns, chunk.sample_rate_hz) == (2**40, STAMP_NS, RATE_HZ)
    assert (chunk.inferred, chunk.overflow) == (False, True)
    floats = (SOUND / np.float32(32768)).astype('<f4')
    data = np.frombuffer(floats.T.tobytes(), dtype=np.uint8)
    chunk = read(kind, roundtrip(kind, **fields, encoding='f32le', data=data))
    np.testing.assert_array_equal(chunk.samples, floats)
    np.testing.assert_array_equal(chunk.with_index(5).to_block().samples, floats)
    with pytest.raises(BagError, match="'mp3'"):
        read(kind, roundtrip(kind, **fields, encoding='mp3', data=INTERLEAVED))
    with pytest.raises(BagError, match='9223372036854775000'):
        read(
            kind,
            roundtrip(kind, **{**fields, 'first_sample': 2**63 - 808}, encoding='s16le', data=np.tile(INTERLEAVED, 2)),
        )


def test_ros_drivers_audio_needs_its_info() -> None:
    info = roundtrip(
        'audio_common_msgs/msg/AudioInfo',
        channels=8,
        sample_rate=RATE_HZ,
        sample_format='S16LE',
        bitrate=0,
        coding_format='wave',
    )
    audio_format = audio_format_from_info(info)
    assert audio_format == AudioFormat(RATE_HZ, 8, 's16le')
    inner = typestore().types['audio_common_msgs/msg/AudioData'](data=INTERLEAVED)
    stamped = roundtrip('audio_common_msgs/msg/AudioDataStamped', header=header(), audio=inner)
    chunk = read('audio_common_msgs/msg/AudioDataStamped', stamped, audio_format)
    np.testing.assert_array_equal(chunk.samples, SOUND)
    assert (chunk.first_sample, chunk.inferred, chunk.stamp_ns) == (None, True, STAMP_NS)
    bare = read('audio_common_msgs/msg/AudioData', inner, audio_format)
    np.testing.assert_array_equal(bare.samples, SOUND)
    assert bare.stamp_ns == STAMP_NS + 10**6 - DURATION_NS
    with pytest.raises(BagError, match='AudioInfo'):
        read('audio_common_msgs/msg/AudioDataStamped', stamped)
    with pytest.raises(BagError, match='format:=wave'):
        audio_format_from_info(
            SimpleNamespace(channels=1, sample_rate=16_000, sample_format='S16LE', coding_format='mp3')
        )


@pytest.mark.parametrize(
    ('number', 'field', 'dtype'),
    [(8, 'int16_data', np.int16), (1, 'float32_data', np.float32), (2, 'int32_data', np.int32)],
)
def test_mgonzs13_audio(number: int, field: str, dtype: type[np.generic]) -> None:
    store = typestore(MGONZS13)
    values = {np.int16: SOUND, np.float32: SOUND / np.float32(32768), np.int32: SOUND.astype(np.int32) << 16}[dtype]
    fields = {f'{name}_data': np.array([], name) for name in ('float32', 'int32', 'int16', 'int8', 'uint8')}
    fields[field] = values.T.reshape(-1).astype(dtype)
    types = store.types
    audio = types['audio_common_msgs/msg/Audio'](
        audio_data=types['audio_common_msgs/msg/AudioData'](**fields),
        info=types['audio_common_msgs/msg/AudioInfo'](format=number, channels=8, rate=RATE_HZ, chunk=480),
    )
    chunk = read(MGONZS13, roundtrip(MGONZS13, header=header(store), audio=audio))
    scale = 1 if dtype is np.int16 else 32768
    np.testing.assert_array_equal(chunk.samples * scale, SOUND)
    assert (chunk.stamp_ns, chunk.sample_rate_hz, chunk.first_sample) == (STAMP_NS, RATE_HZ, None)
    with pytest.raises(BagError, match='AudioStamped'):
        read('audio_common_msgs/msg/AudioData', audio.audio_data, AudioFormat(RATE_HZ, 8))


def test_audio_utils_frames_are_stamped_at_their_end() -> None:
    kind = 'audio_utils_msgs/msg/AudioFrame'
    fields = {'header': header(), 'channel_count': 8, 'sampling_frequency': RATE_HZ, 'data': INTERLEAVED}
    chunk = read(kind, roundtrip(kind, **fields, format='signed_16', frame_sample_count=480))
    np.testing.assert_array_equal(chunk.samples, SOUND)
    assert chunk.stamp_ns == STAMP_NS - DURATION_NS
    for wrong in ({'format': 'opus', 'frame_sample_count': 480}, {'format': 'signed_16', 'frame_sample_count': 481}):
        with pytest.raises(BagError, match=r"'opus'|481"):
            read(kind, roundtrip(kind, **fields, **wrong))


def test_foxglove_raw_audio() -> None:
    kind = 'foxglove_msgs/msg/RawAudio'
    fields = {'timestamp': time(), 'data': INTERLEAVED, 'sample_rate': RATE_HZ, 'number_of_channels': 8}
    chunk = read(kind, roundtrip(kind, **fields, format='pcm-s16'))
    np.testing.assert_array_equal(chunk.samples, SOUND)
    assert chunk.stamp_ns == STAMP_NS
    with pytest.raises(BagError, match="'aac'"):
        read(kind, roundtrip(kind, **fields, format='aac'))


def multi_array(values: NDArray[Any], labels: dict[str, int], offset: int = 0) -> Any:
    types = typestore().types
    dims = [types['std_msgs/msg/MultiArrayDimension'](label=k, size=v, stride=0) for k, v in labels.items()]
    layout = types['std_msgs/msg/MultiArrayLayout'](dim=dims, data_offset=offset)
    return roundtrip('std_msgs/msg/Int16MultiArray', layout=layout, data=values)


def test_multi_arrays_have_a_stated_layout() -> None:
    kind, audio_format = 'std_msgs/msg/Int16MultiArray', AudioFormat(RATE_HZ, 8)
    frames, planes = SOUND.T.reshape(-1), SOUND.reshape(-1)
    for message in (
        multi_array(frames, {'sample': 480, 'channel': 8}),
        multi_array(planes, {'channels': 8, 'samples': 480}),
        multi_array(np.concatenate([[7, 7], frames]).astype(np.int16), {'frame': 480, 'mic': 8}, 2),
        multi_array(frames, {}),
    ):
        np.testing.assert_array_equal(read(kind, message, audio_format).samples, SOUND)
    planar = AudioFormat(RATE_HZ, 8, planar=True)
    np.testing.assert_array_equal(read(kind, multi_array(planes, {}), planar).samples, SOUND)
    for labels in ({'x': 480, 'y': 8}, {'sample': 480, 'channel': 7}, {'channel': 8, 'channels': 480}):
        with pytest.raises(BagError, match='dimensions'):
            read(kind, multi_array(frames, labels), audio_format)
    with pytest.raises(BagError, match='state them'):
        read(kind, multi_array(frames, {}))


def test_rclpy_gives_arrays_of_its_own() -> None:
    message = SimpleNamespace(
        timestamp=SimpleNamespace(sec=3, nanosec=5),
        data=array.array('B', INTERLEAVED.tobytes()),
        format='pcm-s16',
        sample_rate=RATE_HZ,
        number_of_channels=8,
    )
    np.testing.assert_array_equal(read('foxglove_msgs/msg/RawAudio', message).samples, SOUND)


VALUES = np.array([[-1.0, 0.5], [0.25, -0.125]])


@pytest.mark.parametrize(
    ('name', 'bits', 'dtype'),
    [('s24_32le', 24, '<i4'), ('s32le', 32, '<i4'), ('s32be', 32, '>i4'), ('s16be', 16, '>i2'), ('s8', 8, '<i1')],
)
def test_sample_widths_have_one_scale(name: str, bits: int, dtype: str) -> None:
    data = (VALUES * 2 ** (bits - 1)).astype(dtype).tobytes()
    samples = decode_pcm(data, name, 2)
    scale = 32768 if samples.dtype == np.int16 else 1
    np.testing.assert_array_equal(samples / scale, VALUES.T)


def test_unsigned_packed_and_padded_samples() -> None:
    steps = (VALUES * 2**23).astype(np.int64)
    packed = b''.join(int(v).to_bytes(3, 'little', signed=True) for v in steps.reshape(-1))
    np.testing.assert_array_equal(decode_pcm(packed, 's24le', 2), VALUES.T)
    padded = (steps & 0xFFFFFF).astype('<u4').tobytes()
    np.testing.assert_array_equal(decode_pcm(padded, 's24_32le', 2), VALUES.T)
    unsigned = (VALUES * 2**31 + 2**31).astype('<u4').tobytes()
    np.testing.assert_array_equal(decode_pcm(unsigned, 'u32le', 2), VALUES.T)
    np.testing.assert_array_equal(decode_pcm(bytes([0, 192, 160, 112]), 'u8', 2) / 32768, VALUES.T)


@pytest.mark.parametrize(('data', 'name', 'channels'), [(b'', 's16le', 1), (b'123', 's16le', 1), (b'12', 's16le', 0)])
def test_parts_of_frames_are_refused(data: bytes, name: str, channels: int) -> None:
    with pytest.raises(BagError, match='whole frames'):
        decode_pcm(data, name, channels)
    with pytest.raises(BagError, match='sample format'):
        decode_pcm(data, 'mp3', channels)


def test_a_message_of_another_definition_is_refused() -> None:
    with pytest.raises(BagError, match='with the definition of this software'):
        read('audio_utils_msgs/msg/AudioFrame', SimpleNamespace(header=None))
