# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Control characters and direction marks are escaped, in names and in the messages of errors."""

from __future__ import annotations

import pytest

from audio_manifold_ros.common.errors import MAX_MESSAGE_LENGTH, BagError
from audio_manifold_ros.common.printable_text import escape_control_characters, printable_name


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('\x1b[2J', r'\x1b[2J'),
        ('\x1b]0;title\x07', r'\x1b]0;title\x07'),
        ('a\rb', r'a\rb'),
        ('\x9b31m', r'\x9b31m'),
        ('evil\u202egnp', r'evil\u202egnp'),
        ('\udcff', r'\udcff'),
        ('two\nlines\tand ünïcödé', 'two\nlines\tand ünïcödé'),
    ],
)
def test_control_characters_are_escaped(text: str, expected: str) -> None:
    assert escape_control_characters(text) == expected


def test_a_name_is_one_bounded_line() -> None:
    assert printable_name('/audio\nERROR: forged') == r'/audio\nERROR: forged'
    assert len(printable_name('x' * 10_000)) == 200


def test_the_message_of_an_error_is_printable_and_bounded() -> None:
    assert str(BagError('topic \x1b[31m/red')) == r'topic \x1b[31m/red'
    message = str(BagError('bag.mcap: ' + '\x1b' * 1_000_000 + ' Record again.'))
    assert len(message) <= MAX_MESSAGE_LENGTH
    assert message.startswith('bag.mcap: ')
    assert message.endswith(' Record again.')
