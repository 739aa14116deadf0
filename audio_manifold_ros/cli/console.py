# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Console for text with names and values of files: topics, descriptions, error messages."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from audio_manifold_ros.common.printable_text import escape_control_characters


class SafeConsole(Console):
    """Console that escapes control characters in every string, also in the cells of tables."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Return the text without control characters."""
        return super().render_str(escape_control_characters(text), **options)


def print_error(console: Console, error: Exception) -> None:
    """Print the class of an error in red and its message. Brackets in the message are no markup."""
    line = Text.assemble((type(error).__name__, 'red'), f': {escape_control_characters(str(error))}')
    console.print(line, soft_wrap=True)


def print_problem(console: Console, mark: str, style: str, text: str) -> None:
    """Print a coloured mark and a line about one of several inputs. Brackets in the line are no markup."""
    console.print(Text.assemble((mark, style), f' {escape_control_characters(text)}'), soft_wrap=True)
