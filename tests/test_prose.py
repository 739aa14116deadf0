# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Prose of the tree: docstrings, comments, messages and pages use plain words and plain openings."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ('audio_manifold_ros', 'training', 'benchmarks', 'examples', 'launch', 'docs')
INTERROGATIVES = {'What', 'How', 'Which', 'Where', 'Whether', 'When', 'Who', 'Whoever', 'Whatever', 'Why', 'Whose'}
# Verbs of people and archaic words. docs/glossary.md lists the standard terms.
REJECTED = re.compile(
    r'\b(hear|hears|heard|said|says|say|told|tell|tells|knows|nobody|somebody|anew|whoever|accuse[sd]?|mend|mends|mended'
    r'|beside|jury|unsaid|unheard|doubtful|trusted|trusts|that is none|lies|wants|fare[sd]?|doubts?|listens|promises'
    r'|for ever|makes? no sense|by ear)\b',
    re.IGNORECASE,
)
# Code spans may quote keys and values that are stored.
CODE = re.compile(r'`[^`]*`')
# Pages that are generated from records, and words of others.
EXEMPT_PAGES = {'docs/results.md'}


@cache
def python_files() -> list[Path]:
    """Return the modules whose prose is checked, and those of the tests, whose module docstrings are."""
    return sorted(
        path for top in (*SOURCES, 'tests') for path in (ROOT / top).rglob('*.py') if '__pycache__' not in path.parts
    )


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def documented(tree: ast.Module) -> Iterator[tuple[ast.AST, int, str]]:
    """Yield node, line and docstring of everything that has a docstring."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            text = ast.get_docstring(node)
            if text:
                yield node, node.body[0].lineno, text


def is_property(node: ast.AST) -> bool:
    decorators = getattr(node, 'decorator_list', [])
    return any(ast.unparse(decorator) in {'property', 'cached_property'} for decorator in decorators)


def first_word(text: str) -> str:
    return re.split(r'\W', text, maxsplit=1)[0]


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding='utf-8'))


@pytest.mark.parametrize('top', [*SOURCES, 'tests'])
def test_docstrings_do_not_open_with_an_interrogative(top: str) -> None:
    found = [
        f'{relative(path)}:{line}: {text.splitlines()[0]}'
        for path in python_files()
        if relative(path).partition('/')[0] == top
        for node, line, text in documented(parse(path))
        if first_word(text) in INTERROGATIVES and (top != 'tests' or isinstance(node, ast.Module))
        if not (is_property(node) and first_word(text) == 'Whether')
    ]
    assert not found, '\n'.join(found)


@pytest.mark.parametrize('top', SOURCES)
def test_modules_have_a_docstring(top: str) -> None:
    found = [
        relative(path)
        for path in python_files()
        if relative(path).partition('/')[0] == top and path.name != '__init__.py' and not ast.get_docstring(parse(path))
    ]
    assert not found, '\n'.join(found)


def prose_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of the docstrings, comments and messages of a module."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and ' ' in node.value:
            yield node.lineno, node.value
    with path.open('rb') as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


@pytest.mark.parametrize('top', SOURCES)
def test_sources_use_plain_words(top: str) -> None:
    found = [
        f'{relative(path)}:{line}: {match[0]!r} in {excerpt(text, match)!r}'
        for path in python_files()
        if relative(path).partition('/')[0] == top
        for line, raw in prose_of(path)
        for text in [CODE.sub('', raw)]
        for match in REJECTED.finditer(text)
    ]
    assert not found, '\n'.join(found)


def test_pages_use_plain_words() -> None:
    pages = [path for path in [*ROOT.glob('*.md'), *ROOT.glob('*/*.md'), *ROOT.glob('models/*/*.md')] if path.is_file()]
    found = [
        f'{relative(path)}:{number}: {match[0]!r} in {line.strip()[:100]!r}'
        for path in pages
        if relative(path) not in EXEMPT_PAGES and not path.parent.name.startswith('.venv')
        for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1)
        for match in REJECTED.finditer(CODE.sub('', line))
    ]
    assert not found, '\n'.join(found)


def excerpt(text: str, match: re.Match[str]) -> str:
    return ' '.join(text[max(match.start() - 40, 0) : match.end() + 30].split())
