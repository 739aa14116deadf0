# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Dispatch of `audio-manifold`: find the verb, import its module, run its `main`."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from audio_manifold_ros.cli.parser import COMPLETION_VARIABLE, CommandParser, command_parser, complete
from audio_manifold_ros.cli.verbs import EXIT_STATUS, GROUPS, PACKAGE, PROGRAM, VERBS, Verb

EXIT_USAGE, EXIT_INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if COMPLETION_VARIABLE in os.environ:
        given = shlex.split(os.environ['COMP_LINE'], posix=True)[1:]
    verb = match_verb(given)
    if verb is None:
        complete(overview_parser())
        group = _longest_group(given)
        rest = given[len(group.split()) :]
        parser = overview_parser(group)
        if rest:
            parser.parse_args(rest)
        parser.print_help()
        return EXIT_USAGE
    return run_verb(verb, given[len(verb.words) :])


def match_verb(arguments: Sequence[str]) -> Verb | None:
    """Return the verb that a command line begins with, None if it names none."""
    for verb in VERBS:
        if tuple(arguments[: len(verb.words)]) == verb.words:
            return verb
    return None


def run_verb(verb: Verb, arguments: Sequence[str]) -> int:
    """Import the module of a verb and run it; returns its exit status."""
    if verb.ros_arguments and {'-h', '--help'} & set(arguments):
        command_parser(verb.name, 'All settings are ROS parameters. docs/bags.md lists them.').print_help()
        return 0
    if verb.needs_checkout and not _find_checkout(verb):
        top = verb.module.partition('.')[0]
        print(
            f'{verb.program}: the folder {top!r} is not installed with the package. Run the command in a checkout of '
            f'the repository: ./run exec {verb.program} …',
            file=sys.stderr,
        )
        return EXIT_USAGE
    if COMPLETION_VARIABLE in os.environ:
        # argcomplete counts from 1 the word of the command line that the parser sees as its program.
        os.environ[COMPLETION_VARIABLE] = str(1 + len(verb.words))
    try:
        status: int = importlib.import_module(verb.module).main([*verb.prefix, *arguments])
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return status


def overview_parser(group: str = '') -> CommandParser:
    """Return a parser that lists the verbs, or those of a group.

    It refuses everything but `--help`: a command line that names a verb is parsed by the verb itself.
    """
    text = GROUPS.get(group, f'commands of {group}') if group else 'Depth and segmentation images from audio.'
    parser = CommandParser(prog=f'{PROGRAM} {group}'.strip(), description=text[0].upper() + text[1:])
    parser.epilog = f'Options and example of a verb: {parser.prog} VERB --help\n\nexit status:\n  ' + '\n  '.join(
        EXIT_STATUS.split('; ')
    )
    _add_verbs(parser, group)
    return parser


def _longest_group(arguments: Sequence[str]) -> str:
    groups = {' '.join(verb.words[:depth]) for verb in VERBS for depth in range(1, len(verb.words))}
    names = [' '.join(arguments[:depth]) for depth in range(1, len(arguments) + 1)]
    return max((name for name in names if name in groups), key=len, default='')


def _add_verbs(parser: CommandParser, group: str) -> None:
    depth = len(group.split())
    children: dict[str, str] = {}
    for verb in VERBS:
        if verb.words[:depth] == tuple(group.split()) and len(verb.words) > depth:
            word = verb.words[depth]
            if len(verb.words) == depth + 1:
                children[word] = verb.summary
            else:
                children.setdefault(word, GROUPS.get(word, ''))
    verbs = parser.add_subparsers(title='verbs', metavar='VERB', required=True)
    for word, summary in children.items():
        path = f'{group} {word}'.strip()
        below = [verb.name.removeprefix(f'{path} ') for verb in VERBS if verb.name.startswith(f'{path} ')]
        child = verbs.add_parser(word, help=summary or ', '.join(below), add_help=False)
        # A verb that is a group, too, parses its command line itself.
        if below and match_verb(path.split()) is None:
            _add_verbs(child, path)


def _find_checkout(verb: Verb) -> bool:
    """Make the folder of a verb importable, if it is next to the package; returns whether it can be imported."""
    root = Path(importlib.import_module(PACKAGE).__file__ or '').resolve().parents[1]
    top = verb.module.partition('.')[0]
    if (root / top).is_dir() and (root / 'run').exists() and str(root) not in sys.path:
        sys.path.insert(0, str(root))
    specification = importlib.util.find_spec(top)
    return specification is not None
