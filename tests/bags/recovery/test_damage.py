# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random damage causes no hang, no crash, no silent loss and no wrong message that counts as verified."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from rosbags.rosbag2 import StoragePlugin

from audio_manifold_ros.bags.recovery.recover import Recovery, recover_bag
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.common.errors import BagError
from tests.bags.bag_examples import CUSTOM, Sent, make_messages, read, write_bag, write_bag_with_rosbags

SENT = make_messages(40)
# What fails is shown as it was found: shrinking would write hundreds of bags.
FUZZ = settings(
    deadline=None,
    max_examples=25,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
PLACES = st.floats(0, 1, exclude_max=True)


@pytest.fixture(scope='module')
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bag(tmp_path_factory.mktemp('whole') / 'bag', SENT, split_s=0.25)


@pytest.fixture(scope='module')
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bag_with_rosbags(
        tmp_path_factory.mktemp('whole') / 'bag', make_messages(300, 200), StoragePlugin.SQLITE3
    )


def damaged(bag: Path, scratch: Path, name: str, content: bytes) -> Path:
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(bag, scratch / 'bag')
    (scratch / 'bag' / name).write_bytes(content)
    return scratch / 'bag'


def read_or_refuse(bag: Path) -> tuple[list[Sent] | None, dict[str, str], tuple[str, ...]]:
    try:
        with BagReader(bag) as reader:
            return read(reader.messages()), reader.custom, reader.problems
    except BagError:
        return None, {}, ()


def recover_or_refuse(bag: Path) -> tuple[list[Sent], Recovery | None]:
    target = bag.parent / 'new'
    try:
        recovery = recover_bag(bag, target)
    except BagError:
        return [], None
    with BagReader(target) as reader:
        messages = read(reader.messages())
    assert len(messages) == recovery.kept == sum(recovery.topics.values())
    return messages, recovery


@FUZZ
@given(place=PLACES)
@example(place=0.0)
def test_a_file_truncated_anywhere(bag: Path, tmp_path: Path, place: float) -> None:
    content = (bag / 'bag_1.mcap').read_bytes()
    cut = int(place * len(content))
    broken = damaged(bag, tmp_path / 'x', 'bag_1.mcap', content[:cut])
    assert read_or_refuse(broken)[0] is None
    messages, recovery = recover_or_refuse(broken)
    whole = [message for message in SENT[25:] if 0 <= content.find(message[2]) <= cut - len(message[2])]
    assert messages == SENT[:25] + whole
    assert recovery is not None
    assert recovery.missing == len(SENT) - len(messages)
    assert recovery.damages


@FUZZ
@given(place=PLACES, bit=st.integers(0, 7), name=st.sampled_from(['bag_0.mcap', 'bag_1.mcap']))
def test_a_flipped_bit_anywhere(bag: Path, tmp_path: Path, place: float, bit: int, name: str) -> None:
    content = bytearray((bag / name).read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    broken = damaged(bag, tmp_path / 'x', name, bytes(content))
    found, custom, problems = read_or_refuse(broken)
    assert found in (None, SENT)
    assert found is None or custom == CUSTOM or problems
    messages, recovery = recover_or_refuse(broken)
    assert recovery is not None
    assert [message for message in SENT if message in set(messages)] == messages
    assert recovery.missing == len(SENT) - len(messages)
    assert len(messages) >= len(SENT) - 10  # not more than one chunk
    assert len(messages) == len(SENT) or recovery.damages


@FUZZ
@given(place=PLACES, bit=st.integers(0, 7))
def test_a_flipped_bit_in_the_metadata(bag: Path, tmp_path: Path, place: float, bit: int) -> None:
    content = bytearray((bag / 'metadata.yaml').read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    found, custom, problems = read_or_refuse(damaged(bag, tmp_path / 'x', 'metadata.yaml', bytes(content)))
    assert found in (None, SENT) or problems
    assert found is None or custom == CUSTOM or problems


@FUZZ
@given(
    edits=st.lists(st.tuples(PLACES, st.binary(min_size=1, max_size=200)), min_size=1, max_size=4),
    cut=st.one_of(st.none(), PLACES),
    killed=st.booleans(),
)
@example(  # the definition of a topic changed, no checksum of the index
    edits=[(0.9114, b'\x82FQ\xfaX\xca\xf7\x93x\x7fb\xdf\xb9'), (0.0363, b'+[')], cut=None, killed=False
)
def test_heavy_damage(
    bag: Path, tmp_path: Path, edits: list[tuple[float, bytes]], cut: float | None, *, killed: bool
) -> None:
    """Overwritten ranges in a finished file, or in a file without an index because its writer was killed."""
    content = bytearray((bag / 'bag_1.mcap').read_bytes())
    content = content[: content.rindex(SENT[-1][2]) + 60] if killed else content
    for place, patch in edits:
        start = int(place * len(content))
        content[start : start + len(patch)] = patch[: len(content) - start]
    content = content[: int(cut * len(content))] if cut is not None else content
    broken = damaged(bag, tmp_path / 'x', 'bag_1.mcap', bytes(content))
    read_or_refuse(broken)
    messages, recovery = recover_or_refuse(broken)
    assert messages[:25] == SENT[:25]
    assert recovery is not None
    wrong = [message for message in messages if message not in set(SENT)]
    assert len(wrong) <= recovery.unverified
    assert len(messages) == len(SENT) or recovery.missing


@FUZZ
@given(place=PLACES, patch=st.binary(min_size=1, max_size=300), cut=st.one_of(st.none(), PLACES), keep=st.booleans())
@example(place=0.0365056255428291, patch=b'[\x80', cut=None, keep=False)  # what SQLite says then is no UTF-8
def test_damaged_sqlite(
    database: Path, tmp_path: Path, place: float, patch: bytes, cut: float | None, *, keep: bool
) -> None:
    (file,) = database.glob('*.db3')
    content = bytearray(file.read_bytes())
    start = int(place * len(content))
    content[start : start + len(patch)] = patch[: len(content) - start]
    content = content[: int(cut * len(content))] if cut is not None else content
    broken = damaged(database, tmp_path / 'x', file.name, bytes(content))
    if not keep:
        (broken / 'metadata.yaml').unlink()
    read_or_refuse(broken)
    messages, recovery = recover_or_refuse(broken)
    if recovery is not None:
        assert recovery.unverified == recovery.kept == len(messages)
        assert recovery.damages or len(messages) == 300 or recovery.missing or not keep
