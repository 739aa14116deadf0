# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Text that is safe to show in a terminal and in a log, from text that other programs or people wrote.

A control character may clear a terminal, change its title or its keys, and hide or forge other lines. A character that
changes the direction of text may show a name in another order than it has.
"""

from __future__ import annotations

import re

# Control characters (C0 without tab and newline, DEL, C1), direction marks and overrides, line separators, surrogates.
UNSAFE = re.compile('[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]')


def escape_control_characters(text: str) -> str:
    r"""Return a text in which each unsafe character is an escape sequence of Python, for example `\x1b`.

    Tabs and newlines stay.
    """
    return UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text)


def printable_name(name: object, max_length: int = 200) -> str:
    r"""Return a name as one line of bounded length, for example a topic of a bag in a table.

    Newlines and tabs are escaped, too.
    """
    text = escape_control_characters(str(name)).replace('\n', '\\n').replace('\t', '\\t')
    return text if len(text) <= max_length else f'{text[: max_length - 3]}...'
