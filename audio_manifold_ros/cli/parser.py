# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parser of one verb: the same layout of help, examples, exit status and shell completion for all of them."""

from __future__ import annotations

import argparse
import importlib
import os
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from audio_manifold_ros.cli.verbs import Verb, find_verb
from audio_manifold_ros.common.argument_types import caller_path

HELP_WIDTH = 100
COMPLETION_VARIABLE = '_ARGCOMPLETE'


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=HELP_WIDTH)


class CommandParser(argparse.ArgumentParser):
    """An argument parser that keeps the line breaks of its texts and completes words in the shell.

    Arguments with `type=Path` become absolute, and `~` is expanded (see `caller_path`).
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        """Take the arguments of `ArgumentParser`."""
        options.setdefault('formatter_class', _HelpFormatter)
        super().__init__(*args, **options)
        self.register('type', Path, caller_path)

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """Complete words if the shell asks for it, otherwise parse."""
        complete(self)
        return super().parse_args(args, namespace)


def command_parser(name: str, details: str = '') -> CommandParser:
    """Return the parser of a verb: its name, description, example and exit status come from the table of verbs.

    Args:
        name: Of the verb, for example `bag check`.
        details: Paragraphs that follow the summary, separated by blank lines.

    """
    verb = find_verb(name)
    summary = verb.summary[0].upper() + verb.summary[1:] + '.'
    description = '\n\n'.join([summary, *filter(None, [wrap(details)])])
    return CommandParser(prog=verb.program, description=description, epilog=epilog(verb))


def epilog(verb: Verb) -> str:
    """Return the end of the help of a verb: example and exit status."""
    return f'example:\n  {verb.program} {verb.example}\n\n{exit_status_text(verb)}'


def exit_status_text(verb: Verb) -> str:
    """Return the meaning of the exit status of a verb, a line for each."""
    return '\n'.join(['exit status:', *(f'  {status}' for status in verb.exit_status.split('; '))])


def wrap(text: str) -> str:
    """Break the lines of paragraphs that blank lines separate."""
    return '\n\n'.join(textwrap.fill(paragraph, HELP_WIDTH) for paragraph in text.split('\n\n'))


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer the completion request of a shell and exit. Return at once in a normal run, or without argcomplete."""
    if COMPLETION_VARIABLE in os.environ:
        try:
            argcomplete = importlib.import_module('argcomplete')
        except ModuleNotFoundError:
            return
        argcomplete.autocomplete(parser)
