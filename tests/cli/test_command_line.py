# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command line: every verb has a main, help in one style, an example that is accepted, and completion."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from audio_manifold_ros.cli import VERBS, Verb, main
from audio_manifold_ros.cli import dispatch as dispatch_module
from audio_manifold_ros.cli.dispatch import match_verb
from audio_manifold_ros.cli.parser import CommandParser
from audio_manifold_ros.common.argument_types import caller_path

ROOT = Path(__file__).parents[2]
STREET = ROOT / 'models/paper_8x8'
# Reading its help would import rclpy into the process of the other tests.
NODES = {'bag evaluate', 'bag record', 'bag replay'}


@pytest.mark.parametrize('verb', VERBS, ids=lambda verb: verb.name)
def test_every_verb_has_a_module_with_a_main(verb: Verb) -> None:
    source = (ROOT / f'{verb.module.replace(".", "/")}.py').read_text()
    assert re.search(r'^def main\(arguments: ', source, re.MULTILINE)


@pytest.mark.parametrize('verb', [verb for verb in VERBS if verb.name not in NODES], ids=lambda verb: verb.name)
def test_help_has_one_style(verb: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*verb.words, '--help'])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith(f'usage: audio-manifold {verb.name} ')
    assert f'example:\n  audio-manifold {verb.name} {verb.example}' in text
    assert 'exit status:\n  0: ' in text


@pytest.mark.parametrize('verb', [verb for verb in VERBS if verb.name not in NODES], ids=lambda verb: verb.name)
def test_the_example_is_accepted(verb: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_parses([*verb.words, *shlex.split(verb.example)], monkeypatch)


def test_options_are_refused_with_status_two(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(['model', 'info', '--no-such-option'])
    assert ended.value.code == 2
    assert 'audio-manifold model info: error' in capsys.readouterr().err


def test_without_a_verb_the_verbs_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    text = capsys.readouterr().out
    for word in ('demo', 'bag', 'rig', 'train', 'model', 'bench'):
        assert re.search(rf'^ +{word} ', text, re.MULTILINE)


def test_a_group_lists_its_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['train', 'fit']) == 2
    assert re.search(r'^ +manifold +fit the VQ-VAE', capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize('words', [['fly'], ['bag', 'ceck'], ['train', 'import', 'imagenet']])
def test_an_unknown_verb_is_refused_with_the_known_ones(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert f'{words[-1]!r} (choose from' in capsys.readouterr().err


def test_the_longest_name_wins() -> None:
    verb = match_verb(['train', 'import', 'oap', 'downloads'])
    assert verb is not None
    assert verb.name == 'train import oap'


def test_verbs_of_the_checkout_explain_where_they_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dispatch_module, '_find_checkout', lambda _verb: False)
    assert main(['train', 'tables', 'street']) == 2
    assert './run exec audio-manifold train tables' in capsys.readouterr().err


def test_the_bundle_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['model', 'info', str(STREET)]) == 0
    text = capsys.readouterr().out
    for part in ('roof_octagon', 'weights.safetensors', 'abs_rel_shuffled', 'at_nets.0', '22500 Hz'):
        assert part in text


def test_a_damaged_bundle_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / 'manifest.json').write_text('{}')
    assert main(['model', 'info', str(tmp_path)]) == 1
    assert str(tmp_path) in capsys.readouterr().err


def test_listing_verbs_imports_no_command(tmp_path: Path) -> None:
    program = (
        'import sys; from audio_manifold_ros.cli import main; main([]);'
        'print(sorted(n for n in sys.modules if n.partition(".")[0] in {"torch", "numpy", "rclpy", "training"}))'
    )
    done = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, check=True, cwd=tmp_path, env=environment()
    )
    assert done.stdout.splitlines()[-1] == '[]'


@pytest.mark.parametrize(
    ('line', 'expected'),
    [
        ('audio-manifold mod', 'model'),
        ('audio-manifold bag re', 'record recover replay'),
        ('audio-manifold model info --js', '--json'),
        ('audio-manifold train fit manifold --modality se', 'segmentation'),
    ],
)
def test_the_shell_completes(line: str, expected: str, tmp_path: Path) -> None:
    pytest.importorskip('argcomplete')
    output = tmp_path / 'completions'
    request = {
        '_ARGCOMPLETE': '1',
        'COMP_LINE': line,
        'COMP_POINT': str(len(line)),
        '_ARGCOMPLETE_STDOUT_FILENAME': output,
    }
    subprocess.run(
        [sys.executable, '-m', 'audio_manifold_ros'],
        env=environment() | request,
        check=True,
    )
    assert output.read_text().replace('\v', ' ').split() == expected.split()


def environment() -> dict[str, str]:
    return os.environ | {'PYTHONPATH': f'{ROOT}{os.pathsep}{os.environ.get("PYTHONPATH", "")}'}


class ParsedError(Exception):
    """Raised in place of the work of a verb, once its arguments are parsed."""


def assert_parses(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    parser = importlib.import_module('audio_manifold_ros.cli.parser')

    def parse(self: object, args: object = None, namespace: object = None) -> object:
        argparse_method(self, args, namespace)
        raise ParsedError

    argparse_method = parser.CommandParser.parse_args
    monkeypatch.setattr(parser.CommandParser, 'parse_args', parse)
    with contextlib.suppress(ParsedError):
        main(arguments)
        pytest.fail(f'{arguments}: the arguments were not parsed')


def test_paths_of_the_caller_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('HOME', str(tmp_path / 'home'))
    parser = CommandParser()
    parser.add_argument('path', type=Path)
    parser.add_argument('--out', type=Path, default='results')
    for given, expected in (('bag', tmp_path / 'bag'), ('~/bag', tmp_path / 'home/bag'), ('/bag', Path('/bag'))):
        values = parser.parse_args([given])
        assert values.path == expected
        assert values.out == tmp_path / 'results'
    assert caller_path('~nobody_of_this_name/x') == tmp_path / '~nobody_of_this_name/x'


def test_messages_name_the_place_that_was_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(['bag', 'check', 'drive_1']) == 1
    output = capsys.readouterr()
    assert str(tmp_path / 'drive_1') in (output.out + output.err).replace('\n', '')
    assert main(['model', 'info', 'nowhere']) == 1
    assert str(tmp_path / 'nowhere') in capsys.readouterr().err.replace('\n', '')
    assert main(['model', 'info', 'models/street']) == 0
