# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Commands and links of the pages: commands that need no hardware run, the others are accepted by their parsers."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from audio_manifold_ros.cli import VERBS, CommandParser, Verb, main
from audio_manifold_ros.cli.dispatch import match_verb

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob('*.md'), *ROOT.glob('*/*.md'), *ROOT.glob('models/*/*.md')])
PAGES = [path for path in PAGES if not path.relative_to(ROOT).parts[0].startswith(('.', 'site', 'demo_output'))]
PROGRAM = 'audio-manifold'
# Nodes: their modules import rclpy, which must not enter the process of the other tests.
NODES = {'bag record', 'bag replay'}
EXECUTED = {'audio-manifold --help', 'audio-manifold model info models/street'}
PLACEHOLDER = re.compile(r'…|\.\.\.|\b(GROUP|VERB|RIG|BAG|DATASET)\b')
LINK = re.compile(r'\]\(([^)#\s]+)(?:#[^)]*)?\)')


def code_lines(path: Path) -> Iterator[str]:
    """Yield the commands in fenced and indented blocks, continued lines joined, comments removed."""
    fenced, text = False, path.read_text(encoding='utf-8').replace('\\\n', ' ')
    for line in text.splitlines():
        if line.startswith('```'):
            fenced = not fenced
        elif fenced or line.startswith('    '):
            yield re.split(r'\s#\s', line.strip())[0].strip()


def commands(path: Path) -> Iterator[str]:
    """Yield the calls of the command line in a page."""
    for line in code_lines(path):
        _, found, rest = line.partition(f'{PROGRAM} ')
        if found and not PLACEHOLDER.search(rest) and not re.search(r'register-python-argcomplete', line):
            yield f'{PROGRAM} {rest}'
    for inline in re.findall(r'`(audio-manifold [^`]+)`', path.read_text(encoding='utf-8')):
        if not PLACEHOLDER.search(inline):
            yield inline


CALLS = sorted({(path.relative_to(ROOT).as_posix(), command) for path in PAGES for command in commands(path)})


class ParsedError(Exception):
    """Raised in place of the work of a verb, once its arguments are parsed."""


@pytest.mark.parametrize(('page', 'command'), CALLS)
def test_a_documented_command_is_accepted(page: str, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = shlex.split(command)[1:]
    names = {' '.join(verb.words[:depth]) for verb in VERBS for depth in range(1, len(verb.words) + 1)}
    verb = match_verb(words)
    if verb is None:
        assert words == ['--help'] or ' '.join(word for word in words if word != '--help') in names, page
    elif verb.name in NODES:
        assert set(re.findall(r'(?<!\S)--[a-z-]+', command)) <= node_options(verb), page
    elif len(words) > len(verb.words):
        parse(words, monkeypatch)


def parse(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    original = CommandParser.parse_args

    def stop(self: CommandParser, args: list[str] | None = None, namespace: object = None) -> object:
        original(self, args, namespace)  # type: ignore[arg-type]
        raise ParsedError

    monkeypatch.setattr(CommandParser, 'parse_args', stop)
    monkeypatch.chdir(ROOT)
    try:
        with contextlib.suppress(ParsedError):
            main(words)
    except SystemExit as refused:
        # Inline mentions name a command without its required arguments.
        if refused.code not in {0, 2} or (refused.code == 2 and has_values(words)):
            pytest.fail(f'{words}: refused')


def has_values(words: list[str]) -> bool:
    verb = match_verb(words)
    return verb is not None and len(words) > len(verb.words) + 1


def node_options(verb: Verb) -> set[str]:
    command = [sys.executable, '-m', 'audio_manifold_ros', *verb.words, '--help']
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return {*re.findall(r'--[a-z-]+', done.stdout), '--ros-args'}


@pytest.mark.parametrize('command', sorted(EXECUTED))
def test_a_command_of_the_readme_runs(command: str) -> None:
    assert ('README.md', command) in CALLS
    call = [sys.executable, '-m', 'audio_manifold_ros', *shlex.split(command)[1:]]
    assert subprocess.run(call, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_the_commands_of_run_exist() -> None:
    usage = subprocess.run([ROOT / 'run'], check=True, capture_output=True, text=True).stdout
    for path in PAGES:
        for line in code_lines(path):
            for name in re.findall(r'(?<!\S)\./run ([a-z]+)', line):
                assert f'./run {name}' in usage, f'{path}: {line}'


def test_the_launch_files_of_the_readme_exist() -> None:
    for line in code_lines(ROOT / 'README.md'):
        if match := re.search(r'ros2 launch audio_manifold_ros (\S+)', line):
            text = (ROOT / 'launch' / match[1]).read_text(encoding='utf-8')
            for name in re.findall(r'(\w+):=', line):
                assert f"'{name}'" in text, line


def test_the_executables_of_the_pages_are_installed() -> None:
    setup = (ROOT / 'setup.py').read_text(encoding='utf-8')
    for path in PAGES:
        for name in re.findall(r'ros2 run audio_manifold_ros ([\w-]+)', path.read_text(encoding='utf-8')):
            assert f"f'{name} = " in setup, f'{path}: {name}'


@pytest.mark.parametrize('path', PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_relative_links_lead_to_files(path: Path) -> None:
    text = path.read_text(encoding='utf-8')
    targets = [target for target in LINK.findall(text) if '://' not in target and not target.startswith('mailto:')]
    assert not [target for target in targets if not (path.parent / target).exists()]


def test_the_files_of_the_walk_throughs_exist() -> None:
    text = (ROOT / 'CONTRIBUTING.md').read_text(encoding='utf-8')
    paths = re.findall(r'`((?:audio_manifold_ros|training|tests|benchmarks|docs|launch|examples)/[^` ]*)`', text)
    assert len(paths) > 40
    new = re.compile(r'NAME|udp|ORIGIN')  # files that the reader writes
    assert not [path for path in paths if not new.search(path) and not (ROOT / path).exists()]


def test_every_verb_is_documented() -> None:
    text = (ROOT / 'docs/command_line.md').read_text(encoding='utf-8')
    for verb in VERBS:
        assert f'| `{verb.program}` | {verb.summary} |' in text


def test_maintainer_and_addresses_are_those_of_the_package() -> None:
    package = ET.parse(ROOT / 'package.xml').getroot()  # noqa: S314 # our own file
    messages = ET.parse(ROOT / 'ros2_ws/src/audio_manifold_msgs/package.xml').getroot()  # noqa: S314 # our own file
    ours, theirs = (tree.find('maintainer') for tree in (package, messages))
    assert ours is not None
    assert theirs is not None
    assert (ours.text, ours.attrib) == (theirs.text, theirs.attrib), 'edit both package.xml'
    urls = {url.get('type'): url.text for url in package.iter('url')}
    assert set(urls) == {'website', 'repository', 'bugtracker'}
    citation = yaml.safe_load((ROOT / 'CITATION.cff').read_text(encoding='utf-8'))
    assert citation['repository-code'] == urls['repository']
    assert citation['version'] == package.findtext('version')
    assert f'git clone {urls["repository"]}' in (ROOT / 'CONTRIBUTING.md').read_text(encoding='utf-8')


def test_the_workflow_runs_the_commands_of_run() -> None:
    workflow = yaml.safe_load((ROOT / '.github/workflows/ci.yml').read_text(encoding='utf-8'))
    steps = [step.get('run', '') for job in workflow['jobs'].values() for step in job['steps']]
    assert {'./run test', './run docs'} <= set(steps)
    assert workflow['jobs']['test']['strategy']['matrix']['python'] == ['3.10', '3.11', '3.12', '3.13']


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / 'mkdocs.yml').read_text(encoding='utf-8')
    for path in (ROOT / 'docs').glob('*.md'):
        assert f': {path.name}' in navigation


def test_the_api_reference_describes_each_name_once() -> None:
    pytest.importorskip('mkdocs', reason='needs mkdocs, whose plugins need Python 3.11.5: requirements/docs.txt')
    specification = importlib.util.spec_from_file_location('api_pages', ROOT / 'docs' / 'hooks' / 'api_pages.py')
    assert specification is not None
    assert specification.loader is not None
    hook = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(hook)
    packages = hook.public_packages()
    targets = {target for exports in packages.values() for target in exports}
    for target in targets:
        homes = [package for package, exports in packages.items() if target in exports]
        chosen = hook.home(target, packages)
        assert chosen in homes
        inner = [package for package in homes if target.startswith(f'{package}.')]
        assert chosen == max(inner or homes, key=len)
    assert any(sum(target in exports for exports in packages.values()) > 1 for target in targets)
