# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recovery of a damaged bag: copies every intact message into a new bag. The damaged bag is not changed.

Command line: `recover_bag DAMAGED NEW`.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import final

import zstandard

from audio_manifold_ros.bags.recovery.mcap_recovery import McapRecovery
from audio_manifold_ros.bags.recovery.recovery_log import DamagedRange, RecoveredMessage, RecoveryLog
from audio_manifold_ros.bags.recovery.sqlite_recovery import SqliteRecovery
from audio_manifold_ros.bags.storage.bag_folder import COMPRESSED, find_bag, storage_files
from audio_manifold_ros.bags.storage.bag_message import BagTopic
from audio_manifold_ros.bags.storage.bag_metadata import FILE_NAME, StoredMetadata, read_metadata
from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from audio_manifold_ros.bags.storage.decompression import decompressed_pieces
from audio_manifold_ros.bags.storage.limits import check_regular_file, max_decompressed_bytes
from audio_manifold_ros.bags.storage.message_types import definition_of
from audio_manifold_ros.cli.console import SafeConsole
from audio_manifold_ros.cli.options import add_json_option
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import BagError

RECOVERY_READERS: Mapping[str, Callable[[Path, RecoveryLog], Iterable[RecoveredMessage]]] = {
    '.mcap': McapRecovery,
    '.db3': SqliteRecovery,
}
REPORT_NAME = 'recovery.json'
SPLIT_BYTES = 4 * 2**30


@dataclass(frozen=True)
class Recovery:
    """Result of a recovery.

    Attributes:
        source: The damaged bag.
        target: The new bag.
        kept: Number of messages in the new bag.
        unverified: Number of these messages without a checksum: in a truncated chunk, or in a format without checksums.
        missing: Number of messages that the damaged bag states to contain and that were not found. None if the number
            is not stated.
        lost_bytes: Number of bytes that could not be used.
        topics: Number of messages of each topic, including topics without messages.
        damages: Damaged ranges.
        notes: Other differences from the damaged bag.

    """

    source: str
    target: str
    kept: int
    unverified: int
    missing: int | None
    lost_bytes: int
    topics: Mapping[str, int]
    damages: tuple[DamagedRange, ...]
    notes: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Reasons of all damage in one line, or an empty string."""
        return '; '.join(dict.fromkeys(damage.reason for damage in self.damages))

    def to_dict(self) -> dict[str, object]:
        """Return the recovery as values for JSON."""
        return {**dataclasses.asdict(self), 'reason': self.reason}


def recover_bag(source: Path | str, target: Path | str) -> Recovery:
    """Write every intact message of a damaged bag, and the report `recovery.json`, into a new bag.

    Args:
        source: A rosbag2 folder or a storage file. It is not changed.
        target: Folder of the new bag. It must not exist.

    Raises:
        BagError: The bag does not exist or has no intact message, or the new bag cannot be written.

    """
    source, target = Path(source), Path(target)
    if target.resolve().is_relative_to(source.resolve()):
        msg = f'{target}: is inside the damaged bag, which must not be changed: give a folder outside of it.'
        raise BagError(msg)
    damaged_bag = _DamagedBag(source)
    recovered_bag = _RecoveredBag(target, damaged_bag.custom)
    try:
        for log, messages in damaged_bag.files():
            recovered_bag.add(messages, log)
    finally:
        recovered_bag.close()
    recovery = damaged_bag.recovery(target, recovered_bag.topics, recovered_bag.notes)
    if not recovered_bag.topics:
        reason = '; '.join(map(str, recovery.damages)) or 'it is empty'
        msg = f'{source}: contains no intact message ({reason}): nothing was written.'
        raise BagError(msg)
    (target / REPORT_NAME).write_text(json.dumps(recovery.to_dict(), indent=1), encoding='utf-8')
    return recovery


def scan_damage(source: Path | str) -> Recovery:
    """Return the result of a recovery without writing anything. Its target is empty.

    Raises:
        BagError: The bag does not exist, or cannot be read at all.

    """
    damaged_bag = _DamagedBag(Path(source))
    topics: Counter[str] = Counter()
    for _, messages in damaged_bag.files():
        topics.update(message.topic.name for message in messages)
    return damaged_bag.recovery('', topics, ())


@final
class _DamagedBag:
    """Intact messages of a damaged bag, and the logs of reading it."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._files, self._metadata, self._notes = _find(source)
        self._logs: list[RecoveryLog] = []

    @property
    def custom(self) -> Mapping[str, str]:
        return {} if self._metadata is None else self._metadata.custom

    def files(self) -> Iterator[tuple[RecoveryLog, Iterator[RecoveredMessage]]]:
        for file in self._files:
            self._logs.append(RecoveryLog(file.name))
            yield self._logs[-1], _recover_file(file, self._logs[-1])

    def recovery(self, target: Path | str, topics: Mapping[str, int], notes: Sequence[str]) -> Recovery:
        damages = tuple(damage for log in self._logs for damage in log.damages)
        return Recovery(
            source=str(self._source),
            target=str(target),
            kept=sum(log.kept for log in self._logs),
            unverified=sum(log.unverified for log in self._logs),
            missing=_missing(self._logs, self._metadata),
            lost_bytes=sum(damage.lost_bytes for damage in damages),
            topics=dict(sorted(topics.items())),
            damages=damages,
            notes=(*self._notes, *notes),
        )


@final
class _RecoveredBag:
    """New bag for recovered messages. Its folder is created with the first message."""

    def __init__(self, target: Path, custom: Mapping[str, str]) -> None:
        self.topics: Counter[str] = Counter()
        self.notes: list[str] = []
        self._target = target
        self._custom = custom
        self._writer: BagWriter | None = None
        self._names: dict[tuple[str, str, str], str] = {}

    def add(self, messages: Iterable[RecoveredMessage], log: RecoveryLog) -> None:
        for topic, time_ns, data in messages:
            if self._writer is None:
                self._writer = BagWriter(self._target, self._custom or log.custom, split_bytes=SPLIT_BYTES)
            name = self._name(self._writer, topic)
            self._writer.write(name, data, time_ns)
            self.topics[name] += 1
        if self._writer is not None:
            for topic in log.topics:
                self.topics[self._name(self._writer, topic)] += 0

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _name(self, writer: BagWriter, topic: BagTopic) -> str:
        """Return the name of a topic in the new bag. There, a name has exactly one type and definition."""
        key = (topic.name, topic.type, topic.definition or definition_of(topic.type)[0])
        if key in self._names:
            return self._names[key]
        used_names = set(self._names.values())
        numbered = (f'{topic.name}_{number}' for number in count(2))
        name = topic.name if topic.name not in used_names else next(name for name in numbered if name not in used_names)
        if name != topic.name:
            self.notes.append(f'{topic.name!r} was recorded with several types: {topic.type!r} is {name!r} here')
        writer.add_topic(name, topic.type, topic.qos_profiles, topic.definition or None)
        self._names[key] = name
        return name


def _find(source: Path) -> tuple[tuple[Path, ...], StoredMetadata | None, tuple[str, ...]]:
    """Return the storage files of a bag, its metadata, and problems of the metadata."""
    if not source.is_dir():
        return find_bag(source).files, None, ()
    files = storage_files(source)
    if not (source / FILE_NAME).exists():
        return files, None, (f'{FILE_NAME} was missing',)
    try:
        metadata = read_metadata(source / FILE_NAME)
    except BagError as error:
        return files, None, (str(error),)
    names = {name.removesuffix(COMPRESSED) for name in metadata.files}
    absent = sorted(names - {file.name.removesuffix(COMPRESSED) for file in files})
    return files, metadata, (f'files {absent} were missing',) if absent else ()


def _recover_file(file: Path, log: RecoveryLog) -> Iterator[RecoveredMessage]:
    try:
        check_regular_file(file)
        with _decompressed(file, log) as plain:
            yield from RECOVERY_READERS[plain.suffix](plain, log)
    except OSError as error:
        msg = f'{file}: cannot be read ({error}): check the disk and recover a copy.'
        raise BagError(msg) from None


@contextmanager
def _decompressed(file: Path, log: RecoveryLog) -> Iterator[Path]:
    """Yield the path of the decompressed file, up to the first damaged byte."""
    if file.suffix != COMPRESSED:
        yield file
        return
    with tempfile.TemporaryDirectory(prefix='audio_manifold_bag_') as scratch:
        plain = Path(scratch) / file.stem
        with file.open('rb') as packed, plain.open('wb') as unpacked:
            size, limit = 0, max_decompressed_bytes(file.stat().st_size, plain.parent)
            try:
                for piece in decompressed_pieces(packed):
                    size += len(piece)
                    if size > limit:
                        log.add_damage(packed.tell(), 0, f'decompressed data of more than {limit} bytes')
                        break
                    unpacked.write(piece)
            except zstandard.ZstdError as error:
                place = packed.tell()
                log.add_damage(place, file.stat().st_size - place, f'damaged compression ({error})')
        yield plain


def _missing(logs: list[RecoveryLog], metadata: StoredMetadata | None) -> int | None:
    expected_messages = [log.expected_messages for log in logs]
    if metadata is not None:
        total = sum(metadata.counts.values())
    elif None not in expected_messages:
        total = sum(number for number in expected_messages if number is not None)
    else:
        return None
    return max(0, total - sum(log.kept for log in logs))


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line. Return the exit status: 0 if a bag was written, otherwise 1."""
    parser = command_parser('bag recover')
    parser.add_argument('source', type=Path, help='damaged bag: a folder, a .mcap or a .db3 file; it is not changed')
    parser.add_argument('target', type=Path, help='new bag: a folder that does not exist')
    add_json_option(parser)
    options = parser.parse_args(arguments)
    try:
        recovery = recover_bag(options.source, options.target)
    except BagError as error:
        SafeConsole(stderr=True, soft_wrap=True).print(f'recover_bag: {error}', markup=False)
        return 1
    if options.json:
        print(json.dumps(recovery.to_dict(), indent=1))
    else:
        SafeConsole(soft_wrap=True).print(_describe(recovery), markup=False, highlight=False)
    return 0


def _describe(recovery: Recovery) -> str:
    known = {None: '; the original number is unknown', 0: '; none is missing'}
    missing = known.get(recovery.missing, f'; {recovery.missing} are missing')
    lines = [f'{recovery.target}: {recovery.kept} messages kept{missing}.']
    lines += [f'  {number:8d}  {name}' for name, number in recovery.topics.items()]
    if recovery.unverified:
        lines.append(f'{recovery.unverified} of them are not covered by a checksum.')
    lines += [f'- {line}' for line in (*recovery.damages, *recovery.notes)]
    return '\n'.join(lines)
