# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The conversion between plain values and dataclasses, and the messages of wrong values."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.common.errors import BagError, RigError
from audio_manifold_ros.common.schema import ADDED, REQUIRED, check_version, convert, from_plain, to_plain
from audio_manifold_ros.common.schema_rules import Decimals, above, at_least, between, not_empty, numbers, one_of, text
from audio_manifold_ros.common.untrusted_text import shorten

Point = Annotated[tuple[float, float], numbers(2, limit=10), Decimals(2)]


@dataclass(frozen=True)
class Part:
    name: Annotated[str, text('a name')]
    place: Point = (0.0, 0.0)
    polarity: Annotated[int, one_of(1, -1)] = field(default=1, metadata=REQUIRED)
    kind: Literal['round', 'flat'] = 'round'

    def __post_init__(self) -> None:
        if self.name == 'forbidden':
            msg = "name is 'forbidden': give another."
            raise BagError(msg)


@dataclass(frozen=True)
class Whole:
    FILE_VERSION: ClassVar[tuple[str, int]] = ('schema_version', 1)

    parts: Annotated[tuple[Part, ...], not_empty('part')]
    rate_hz: Annotated[int, between(1, 100)] | None = None
    weight: Annotated[float, at_least(0)] = 1.0
    factor: Annotated[float, above(0)] = 1.0
    enabled: bool = True
    by_name: Mapping[str, Part] = field(default_factory=dict)
    std: Mapping[Literal['gain', 'delay'], float] = field(default_factory=dict)
    rows: list[tuple[int, ...]] = field(default_factory=list)
    facts: Mapping[str, object] = field(default_factory=dict)


GOOD: dict[str, Any] = {'schema_version': 1, 'parts': [{'name': 'a', 'polarity': -1}]}


def read(values: object, *, complete: bool = False) -> Whole:
    return from_plain(Whole, values, 'some.yaml', RigError, complete=complete)


def test_values_become_dataclasses_and_back() -> None:
    values = {
        'schema_version': 1,
        'parts': [{'name': 'a', 'place': [1, 2.5], 'polarity': -1, 'kind': 'flat'}],
        'rate_hz': 5,
        'weight': 2,
        'factor': 0.5,
        'enabled': False,
        'by_name': {'x y': {'name': 'b', 'place': [0.0, 0.0], 'polarity': 1, 'kind': 'round'}},
        'std': {'gain': 0.1},
        'rows': [[1, 2], []],
        'facts': {'free': [1, {'x': None}]},
    }
    whole = read(values, complete=False)
    assert whole.parts == (Part('a', (1.0, 2.5), -1, 'flat'),)
    assert isinstance(whole.weight, float)
    assert to_plain(whole) == values
    assert read(to_plain(whole), complete=False) == whole


def test_defaults_are_left_out_except_required_keys() -> None:
    whole = Whole((Part('a', (1.005_1, 2.0)),))
    assert to_plain(whole, omit_defaults=True) == {
        'schema_version': 1,
        'parts': [{'name': 'a', 'place': [1.01, 2.0], 'polarity': 1}],
    }


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'schema_version': 2}, 'schema_version is 2: give 1, the version that this software reads.'),
        ({'schema_version': True}, 'schema_version is True: give 1, the version that this software reads.'),
        ({'parts': []}, 'parts is []: give a list of at least one part.'),
        ({'parts': {}}, 'parts is {}: give a list of at least one part.'),
        ({'parts': [3]}, "parts[0] is 3: give a mapping with the keys ['kind', 'name', 'place', 'polarity']."),
        ({'parts': [{'name': ' ', 'polarity': 1}]}, "parts[0].name is ' ': give a name."),
        ({'parts': [{'name': 7, 'polarity': 1}]}, 'parts[0].name is 7: give a name in quotes.'),
        (
            {'parts': [{'nmae': 'a', 'polarity': 1}]},
            "misses ['name']: the keys are ['kind', 'name', 'place', 'polarity']. Did you mean 'name' instead of 'n",
        ),
        ({'parts': [{'name': 'a'}]}, "parts[0] misses ['polarity']: the keys are "),
        ({'parts': [{'name': 'a', 'polarity': 0}]}, 'parts[0].polarity is 0: give one of 1, -1.'),
        ({'parts': [{'name': 'a', 'polarity': -1.0}]}, 'parts[0].polarity is -1.0: give one of 1, -1.'),
        ({'parts': [{'name': 'a', 'polarity': 1, 'kind': 'square'}]}, "kind is 'square': give one of round, flat."),
        (
            {'parts': [{'name': 'a', 'polarity': 1, 'place': [1, None]}]},
            'parts[0].place is [1, None]: give a list of 2 numbers.',
        ),
        ({'parts': [{'name': 'a', 'polarity': 1, 'place': [1, 11]}]}, 'place is [1, 11]: give a list of 2 numbers.'),
        ({'parts': [{'name': 'forbidden', 'polarity': 1}]}, "parts[0]: name is 'forbidden': give another."),
        ({'rate_hz': 0}, 'rate_hz is 0: give an integer from 1 to 100.'),
        ({'rate_hz': True}, 'rate_hz is True: give an integer from 1 to 100.'),
        (
            {'rate_hz': '010'},
            "rate_hz is '010': give an integer from 1 to 100, written without quotes and leading zeros.",
        ),
        ({'weight': float('nan')}, 'weight is nan: give a number from 0.'),
        ({'weight': 10**400}, 'weight is <integer of 1329 bits>: give a number from 0.'),
        ({'factor': 0}, 'factor is 0: give a number above 0.'),
        ({'enabled': 1}, 'enabled is 1: give true or false.'),
        ({'by_name': {'x y': {}}}, "by_name['x y'] misses ['name', 'polarity']"),
        ({'by_name': {3: {}}}, 'by_name has the key 3: give a string, in quotes.'),
        ({'std': {'gian': 1}}, "std has unknown keys ['gian']: the keys are ['delay', 'gain']. Did you mean 'gain'"),
        ({'std': {'gain': '1'}}, "std.gain is '1': give a number, written without quotes and leading zeros."),
        ({'rows': [[1], ['x']]}, "rows[1][0] is 'x': give an integer."),
        ({'rows': 3}, 'rows is 3: give a list.'),
        ({'facts': 3}, 'facts is 3: give a mapping.'),
    ],
)
def test_a_message_names_source_key_value_and_remedy(change: dict[str, Any], message: str) -> None:
    with pytest.raises(RigError) as caught:
        read({**GOOD, **change})
    assert str(caught.value).startswith('some.yaml: ')
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        (None, 'some.yaml is None: give a mapping with the keys'),
        ({'parts': GOOD['parts']}, "some.yaml misses ['schema_version']"),
        (
            {**GOOD, **{f'key_{number}': 0 for number in range(100_000)}},
            "some.yaml has unknown keys ['key_0', 'key_1', 'key_10', 'key_100', 'key_1000'] and 99995 more",
        ),
    ],
)
def test_a_message_at_the_top_begins_with_the_source(values: object, message: str) -> None:
    with pytest.raises(RigError) as caught:
        read(values)
    assert str(caught.value).startswith(message)
    assert len(str(caught.value)) < 400


def test_every_key_is_required_of_complete_values() -> None:
    with pytest.raises(RigError, match=r"misses \['by_name', .*: the keys are .*'schema_version'"):
        read(GOOD, complete=True)


def test_another_version_is_refused_before_its_keys() -> None:
    for values in ({'version': 3, 'new_key': 1}, {}, [], None, {'version': True}):
        with pytest.raises(BagError, match=r'a.json has version .*, and this software reads 1. Update.'):
            check_version(values, 'version', 1, 'a.json', BagError, 'Update.')
    check_version({'version': 1}, 'version', 1, 'a.json', BagError, 'Update.')


def test_single_values_are_converted() -> None:
    assert convert(Annotated[float, between(0, 1)], 1, 'rate', RigError) == 1.0
    with pytest.raises(RigError, match=r'^rate is 2: give a number from 0 to 1\.$'):
        convert(Annotated[float, between(0, 1)], 2, 'rate', RigError)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(['schema_version', 'parts', 'name', 'polarity', 'std', 'rows']), inner)
        ),
        max_leaves=8,
    )
)
@settings(deadline=None, max_examples=200)
def test_any_plain_value_is_converted_or_refused(values: Any) -> None:
    with suppress(RigError):
        read(values)


def test_values_in_messages_are_short() -> None:
    nested: list[Any] = []
    for _ in range(50):
        nested = [nested] * 9
    for value in (nested, 'x' * 10**6, list(range(10**5)), 10**10_000, {'a': 'x' * 1000}):
        assert len(shorten(value)) <= 80
    assert shorten([1.5, 'a', None]) == "[1.5, 'a', None]"


@dataclass(frozen=True)
class Circle:
    radius_m: float


@dataclass(frozen=True)
class Square:
    KIND: ClassVar[str] = 'square'

    side_m: float


@dataclass(frozen=True)
class Drawing:
    shape: Circle | Square


@pytest.mark.parametrize('shape', [Circle(1.0), Square(2.0)])
def test_a_dataclass_of_several_is_chosen_by_its_kind(shape: Circle | Square) -> None:
    plain = to_plain(Drawing(shape))
    assert ('kind' in plain['shape']) is isinstance(shape, Square)
    assert from_plain(Drawing, plain, 'drawing', BagError, complete=True) == Drawing(shape)


@pytest.mark.parametrize(
    ('shape', 'message'),
    [
        ({'kind': 'line'}, "drawing: shape.kind is 'line': give one of square, or leave it out."),
        ({'kind': 3}, 'drawing: shape.kind is 3: give one of square, or leave it out.'),
        ({'kind': 'square', 'radius_m': 1.0}, "unknown keys ['radius_m'] and misses ['side_m']"),
        ({'side_m': 1.0}, "unknown keys ['side_m'] and misses ['radius_m']"),
        (5, "shape is 5: give a mapping with the keys ['radius_m']"),
    ],
)
def test_a_wrong_kind_is_named(shape: object, message: str) -> None:
    with pytest.raises(BagError) as refused:
        from_plain(Drawing, {'shape': shape}, 'drawing', BagError)
    assert message in str(refused.value)


def test_the_kind_of_a_given_dataclass_may_be_left_out_and_must_be_its_own() -> None:
    assert from_plain(Square, {'side_m': 1.0}, '', BagError) == Square(1.0)
    with pytest.raises(BagError, match="kind is 'circle': give one of square"):
        from_plain(Square, {'kind': 'circle', 'side_m': 1.0}, '', BagError)


@dataclass(frozen=True)
class Grown:
    rate_hz: int = 8000
    whitening: float = field(default=1.0, metadata=ADDED)


def test_files_from_before_a_field_are_complete_and_keep_their_values() -> None:
    old = {'rate_hz': 8000}
    grown = from_plain(Grown, old, 'manifest.json', BagError, complete=True)
    assert grown == Grown()
    assert to_plain(grown) == old
    assert from_plain(Grown, to_plain(Grown(whitening=0.5)), '', BagError, complete=True) == Grown(whitening=0.5)
    with pytest.raises(BagError, match=r"misses \['rate_hz'\]"):
        from_plain(Grown, {'whitening': 0.5}, 'manifest.json', BagError, complete=True)
