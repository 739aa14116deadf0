# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recovery of the readable messages of a damaged sqlite3 storage file.

A copy is opened with its journal, so that SQLite completes or reverts the last transaction of a killed recorder.
Messages before a damaged page are read forwards, and messages after it backwards. SQLite has no checksums, so the
content of a message may be wrong.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import final

from audio_manifold_ros.bags.recovery.recovery_log import RecoveredMessage, RecoveryLog
from audio_manifold_ros.bags.storage.bag_message import BagTopic
from audio_manifold_ros.bags.storage.decompression import DECOMPRESSION_ERRORS, decompress_message
from audio_manifold_ros.bags.storage.limits import MAX_DEFINITION_CHARACTERS, MAX_MESSAGE_BYTES, check_regular_file
from audio_manifold_ros.bags.storage.qos_profiles import lenient_qos_text
from audio_manifold_ros.bags.storage.sqlite_schema import unsafe_schema

FILE_SUFFIXES = ('', '-journal', '-wal', '-shm')
MAX_ID = 2**63 - 1
MAX_TOPICS = 10_000
# The length of a value is stored in front of it, so a large value is not read.
COLUMNS = 'SELECT id, topic_id, timestamp, CASE WHEN length(data) <= ? THEN data END FROM messages'
ORDERS = {
    'forwards': COLUMNS + ' WHERE id < ? ORDER BY id',
    'backwards': COLUMNS + ' WHERE id > ? ORDER BY id DESC',
}
DEFINITIONS = (
    'SELECT topic_type, encoded_message_definition FROM message_definitions '
    'WHERE length(encoded_message_definition) <= ? LIMIT 10000'
)
Row = tuple[int, int, int, bytes]
# An error message of SQLite quotes the damaged schema, which may not be valid UTF-8.
DATABASE_ERRORS = (sqlite3.Error, UnicodeDecodeError)


@final
class SqliteRecovery:
    """Messages of one damaged file. Iterate once. After that, the log is complete."""

    def __init__(self, path: Path, log: RecoveryLog) -> None:
        """Read nothing yet.

        Args:
            path: The file. Only a copy is opened.
            log: Receives counts and damage.

        """
        self._path = path
        self._log = log

    def __iter__(self) -> Iterator[RecoveredMessage]:
        """Yield every readable message: in order of recording, and in reverse order after a damaged page.

        Raises:
            OSError: The file cannot be read.

        """
        with tempfile.TemporaryDirectory(prefix='audio_manifold_bag_') as scratch:
            copy = Path(scratch) / 'copy.db3'
            for suffix in FILE_SUFFIXES:
                source = self._path.with_name(self._path.name + suffix)
                if source.exists():
                    check_regular_file(source)
                    shutil.copyfile(source, copy.with_name(copy.name + suffix))
            with closing(sqlite3.connect(copy)) as database:
                database.text_factory = _lenient_text
                yield from self._messages(database)

    def _messages(self, database: sqlite3.Connection) -> Iterator[RecoveredMessage]:
        try:
            unsafe = unsafe_schema(database)
            if unsafe:
                self._log.add_damage(0, self._path.stat().st_size, unsafe)
                return
            topics = _topics(database)
        except DATABASE_ERRORS as error:
            self._log.add_damage(0, self._path.stat().st_size, f'a database without readable topics ({error})')
            return
        self._log.topics += topics.values()
        last = -1
        try:
            for row in database.execute(ORDERS['forwards'], (MAX_MESSAGE_BYTES, MAX_ID)):
                last = row[0]
                yield from self._message(topics, row)
        except DATABASE_ERRORS as error:
            reason = str(error)
        else:
            return
        kept = self._log.kept
        try:
            for row in database.execute(ORDERS['backwards'], (MAX_MESSAGE_BYTES, last)):
                yield from self._message(topics, row)
        except DATABASE_ERRORS as error:
            reason = str(error)
        num_after = self._log.kept - kept
        self._log.add_damage(
            0, 0, f'a damaged page ({reason}) after message {last}; {num_after} messages were recovered after it'
        )

    def _message(self, topics: dict[int, BagTopic], row: Row) -> Iterator[RecoveredMessage]:
        number, topic, time_ns, data = row
        if topic not in topics or not isinstance(data, bytes) or not isinstance(time_ns, int) or time_ns < 0:
            self._log.add_damage(
                0,
                0,
                f'message {number} with an unknown topic, without time or data, or of more than '
                f'{MAX_MESSAGE_BYTES} bytes',
            )
            return
        try:
            cdr = decompress_message(data)
        except DECOMPRESSION_ERRORS:
            self._log.add_damage(0, len(data), f'message {number} with damaged compression')
            return
        self._log.kept += 1
        self._log.unverified += 1
        yield RecoveredMessage(topics[topic], time_ns, cdr)


def _topics(database: sqlite3.Connection) -> dict[int, BagTopic]:
    columns = {row[1] for row in database.execute('PRAGMA table_info(topics)')}
    profiles = 'offered_qos_profiles' if 'offered_qos_profiles' in columns else "''"
    rows = database.execute(f'SELECT id, name, type, {profiles} FROM topics LIMIT {MAX_TOPICS}').fetchall()  # noqa: S608 - no user input
    definitions = _definitions(database)
    return {
        number: BagTopic(str(name), str(kind), 0, lenient_qos_text(str(qos or '')), definitions.get(kind, ''))
        for number, name, kind, qos in rows
        if isinstance(number, int)
    }


def _definitions(database: sqlite3.Connection) -> dict[str, str]:
    try:
        rows = database.execute(DEFINITIONS, (MAX_DEFINITION_CHARACTERS,)).fetchall()
    except DATABASE_ERRORS:
        return {}  # rosbag2 stores them since schema 4. Without them, the known types are used.
    return {kind: text for kind, text in rows if isinstance(kind, str) and isinstance(text, str)}


def _lenient_text(data: bytes) -> str:
    return data.decode('utf-8', errors='replace')
