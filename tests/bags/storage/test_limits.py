# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags from other people end in one sentence, in bounded time and memory."""

from __future__ import annotations

import os
import resource
import sqlite3
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import lz4.frame
import pytest
import zstandard
from mcap.reader import make_reader
from mcap.writer import CompressionType
from mcap.writer import Writer as McapWriter
from rosbags.rosbag2 import StoragePlugin

from audio_manifold_ros.bags.conversion.check_bag import Verdict, check_bag
from audio_manifold_ros.bags.recovery.recover import recover_bag
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.bags.storage.decompression import DECOMPRESSION_ERRORS, decompress_chunk, decompress_message
from audio_manifold_ros.bags.storage.limits import MAX_MESSAGE_BYTES
from audio_manifold_ros.bags.storage.message_types import typestore_from_definition
from audio_manifold_ros.common.errors import BagError
from tests.bags.bag_examples import START_NS, STRING, make_messages, text_message, write_bag_with_rosbags

TIME_LIMIT_S = 20
MEMORY_BYTES = 2 << 30
READ = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}))
from audio_manifold_ros.bags.conversion.check_bag import main
sys.exit(main([sys.argv[1]]))
"""


def check_in_process(path: Path) -> str:
    """Run the check in a process with 2 GiB of address space, and return its output."""
    done = subprocess.run(
        [sys.executable, '-c', READ.format(limit=MEMORY_BYTES), str(path)],
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S * 3,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert 'Traceback' not in done.stderr, done.stderr
    return done.stdout


def write_mcap(path: Path, messages: int = 10, *, definition: str = 'string data', data: bytes = b'') -> Path:
    """Write an mcap file whose index has no checksum."""
    with path.open('wb') as file:
        writer = McapWriter(file, chunk_size=2000, compression=CompressionType.NONE, enable_crcs=False)
        writer.start('ros2')
        schema = writer.register_schema('foo/msg/Bar' if data else STRING, 'ros2msg', definition.encode())
        channel = writer.register_channel('/words', 'cdr', schema)
        for number in range(messages):
            time_ns = START_NS + number
            writer.add_message(channel, time_ns, data or text_message(f'{number}'), time_ns)
        writer.finish()
    return path


@pytest.mark.parametrize(
    'definition',
    [
        'string[2000000000] x\n',
        'string[200] x\nstring[200] y\n',
        'float64[99999999999] y\n',
        'float32 X=1e999\n',
        'int32 X=1e999\n',
        'int32 X=' + '9' * 100_000,
        'string x\n' * 100_000,
        'int32[' * 50_000,
        'foo/Bar[3] again\n',
    ],
)
def test_definitions_that_would_never_end_are_refused(definition: str, tmp_path: Path) -> None:
    start_s = time.monotonic()
    with pytest.raises(BagError, match='exclude its topic'):
        typestore_from_definition('foo/msg/Bar', definition)
    assert time.monotonic() - start_s < TIME_LIMIT_S
    path = write_mcap(tmp_path / 'bomb.mcap', definition=definition, data=b'\0\1\0\0' + bytes(16))
    with BagReader(path) as reader:
        message = next(reader.messages())
        with pytest.raises(BagError):
            reader.decode(message)


def test_definitions_of_known_types_are_accepted() -> None:
    text = 'float64[36] covariance\nfloat64[] values\nstring<=10 name\ngeometry_msgs/Point[4] corners\n'
    text += f'{"=" * 80}\nMSG: geometry_msgs/Point\nfloat64 x\n'
    assert 'foo/msg/Bar' in typestore_from_definition('foo/msg/Bar', text).fielddefs


def bomb(size: int, *, states_size: bool) -> bytes:
    packer = zstandard.ZstdCompressor(level=3, write_content_size=states_size)
    if states_size:
        return packer.compress(bytes(size))
    stream = packer.compressobj()
    return b''.join(stream.compress(bytes(1 << 20)) for _ in range(size >> 20)) + stream.flush()


@pytest.mark.parametrize('states_size', [True, False])
def test_a_compressed_message_has_a_limit(*, states_size: bool) -> None:
    packed = bomb(MAX_MESSAGE_BYTES + (1 << 20), states_size=states_size)
    assert len(packed) < 1 << 20
    with pytest.raises(DECOMPRESSION_ERRORS):
        decompress_message(packed)
    assert decompress_message(bomb(1 << 20, states_size=states_size)) == bytes(1 << 20)


@pytest.mark.parametrize('codec', ['zstd', 'lz4'])
def test_a_chunk_has_at_most_the_size_that_it_states(codec: str) -> None:
    packed = bomb(64 << 20, states_size=False) if codec == 'zstd' else lz4.frame.compress(bytes(64 << 20))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match='exceed 1000 bytes'):
        decompress_chunk(codec, packed, 1000)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < 48 << 20
    assert len(decompress_chunk(codec, packed, 64 << 20)) == 64 << 20


def test_a_compressed_file_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('audio_manifold_ros.bags.storage.limits.MIN_DECOMPRESSED_BYTES', 1 << 20)
    path = tmp_path / 'bag.mcap.zstd'
    path.write_bytes(bomb(256 << 20, states_size=False))
    with pytest.raises(BagError, match='decompressed'):
        BagReader(path)


def test_a_chunk_that_states_a_huge_size_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = write_mcap(tmp_path / 'bag.mcap')
    content = bytearray(path.read_bytes())
    with BagReader(path) as reader:
        assert len(list(reader.messages())) == 10
    # The last 16 bytes of a chunk index are the compressed and the uncompressed size.
    with path.open('rb') as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    chunk = summary.chunk_indexes[0]
    sizes = struct.pack('<QQ', chunk.compressed_size, chunk.uncompressed_size)
    place = bytes(content).rfind(sizes)
    content[place : place + 16] = struct.pack('<QQ', 900 << 20, 900 << 20)
    path.write_bytes(content)
    with pytest.raises(BagError, match='has a chunk of 943718400 bytes'):
        BagReader(path)


def test_metadata_and_files_that_are_no_files(tmp_path: Path) -> None:
    folder = tmp_path / 'bag'
    write_bag_with_rosbags(folder, make_messages(10), StoragePlugin.MCAP)
    (folder / 'metadata.yaml').unlink()
    os.mkfifo(folder / 'metadata.yaml')
    with BagReader(folder) as reader:
        assert any('not a regular file' in problem for problem in reader.problems)
    assert recover_bag(folder, tmp_path / 'new').kept == 10
    (folder / 'metadata.yaml').unlink()
    (folder / 'metadata.yaml').symlink_to('/dev/zero')
    with BagReader(folder) as reader:
        assert any('not a regular file' in problem for problem in reader.problems)
    os.mkfifo(tmp_path / 'pipe.mcap')
    with pytest.raises(BagError):
        BagReader(tmp_path / 'pipe.mcap')


Change = Callable[[sqlite3.Connection], object]
FOREVER = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, 1, i, i FROM n'


def replace_by_view(database: sqlite3.Connection) -> None:
    database.execute('DROP TABLE messages')
    database.execute(f'CREATE VIEW messages(id, topic_id, timestamp, data) AS {FOREVER}')


def add_trigger(database: sqlite3.Connection) -> None:
    database.execute('CREATE TRIGGER t AFTER INSERT ON messages BEGIN DELETE FROM messages; END')


def add_generated_column(database: sqlite3.Connection) -> None:
    database.execute('ALTER TABLE messages RENAME TO old')
    database.execute(
        'CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER, timestamp INTEGER, '
        'data BLOB GENERATED ALWAYS AS (zeroblob(900000000)) VIRTUAL)'
    )
    database.execute('INSERT INTO messages(id, topic_id, timestamp) SELECT id, topic_id, timestamp FROM old')


def add_large_blob(database: sqlite3.Connection) -> None:
    database.execute('UPDATE messages SET data = zeroblob(?) WHERE id = 3', (MAX_MESSAGE_BYTES + 1,))


def set_infinite_time(database: sqlite3.Connection) -> None:
    database.execute('UPDATE messages SET timestamp = 9e999 WHERE id = 3')


@pytest.mark.parametrize(
    ('change', 'reason', 'kept'),
    [
        (replace_by_view, 'a database with a view', 0),
        (add_trigger, 'a database with a trigger', 0),
        (add_generated_column, 'not a plain table', 0),
        (add_large_blob, 'too big', 9),
        (set_infinite_time, 'whole nanoseconds', 9),
    ],
)
def test_databases_that_run_queries_or_hold_huge_values(tmp_path: Path, change: Change, reason: str, kept: int) -> None:
    folder = write_bag_with_rosbags(tmp_path / 'bag', make_messages(10), StoragePlugin.SQLITE3)
    file = next(folder.glob('*.db3'))
    with closing(sqlite3.connect(file)) as database, database:
        change(database)
    start_s = time.monotonic()
    with pytest.raises(BagError, match=reason), BagReader(file) as reader:
        list(reader.messages())
    assert reason in check_in_process(file)
    if kept:
        assert recover_bag(file, tmp_path / 'new').kept == kept
    else:
        with pytest.raises(BagError, match='no intact message'):
            recover_bag(file, tmp_path / 'new')
    assert time.monotonic() - start_s < 3 * TIME_LIMIT_S


def test_a_damaged_byte_in_an_index_without_a_checksum_loses_no_message(tmp_path: Path) -> None:
    path = write_mcap(tmp_path / 'bag.mcap', 1000)
    content = path.read_bytes()
    footer = struct.unpack_from('<BQQQI', content, len(content) - 8 - 29)
    start = footer[2]
    with path.open('rb') as file:
        assert make_reader(file).get_summary().statistics.message_count == 1000
    places = sorted(
        {*range(start, len(content) - 8, 397), *range(start, start + 60), *range(len(content) - 37, len(content) - 8)}
    )
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        check = check_bag(path)
        assert check.verdict in {Verdict.UNFIT, Verdict.RECOVER}
        target = tmp_path / f'new_{place}'
        assert recover_bag(path, target).kept == 1000, place
