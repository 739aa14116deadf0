# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers within the limits are accepted, all others are refused with the limits."""

from __future__ import annotations

import argparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_manifold_ros.common.argument_types import number, whole_number


@given(st.integers(1, 10**6))
def test_whole_numbers_within_the_limits_are_read(value: int) -> None:
    assert whole_number(1)(str(value)) == value


@pytest.mark.parametrize('text', ['0', '-3', '1.5', '', 'two', '11'])
def test_everything_else_is_refused_with_the_limits(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match='give a whole number from 1 to 10'):
        whole_number(1, 10)(text)


@given(st.floats(0, 1))
def test_numbers_within_the_limits_are_read(value: float) -> None:
    assert number(0, 1)(repr(value)) == value


@pytest.mark.parametrize('text', ['-0.1', '1.01', 'nan', 'inf', '', 'half'])
def test_other_numbers_are_refused_with_the_limits(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match='give a number from 0 to 1'):
        number(0, 1)(text)


def test_without_an_upper_limit_the_message_names_the_lower_one() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"'0': give a whole number from 1$"):
        whole_number(1)('0')
    with pytest.raises(argparse.ArgumentTypeError, match=r"'x': give a number from 2$"):
        number(2)('x')
