# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from audio_manifold_ros.datasets.splits import FIRST_DEMO_SEED
from audio_manifold_ros.demo.options import parse_options


def test_the_default_street_is_not_used_for_training() -> None:
    options = parse_options([])
    assert (options.kind, options.place, options.seconds) == ('simulator', '', 20.0)
    assert options.seed >= FIRST_DEMO_SEED


@pytest.mark.parametrize(
    ('source', 'kind', 'place'),
    [
        ('simulator', 'simulator', ''),
        ('file:/a/b:c.wav', 'file', '/a/b:c.wav'),
        ('file:drive.wav', 'file', 'CALLER/drive.wav'),
        ('file:~/drive.wav', 'file', 'CALLER/home/drive.wav'),
        ('device:USB 8: hw', 'device', 'USB 8: hw'),
    ],
)
def test_sources(source: str, kind: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('HOME', str(tmp_path / 'home'))
    place = place.replace('CALLER', str(tmp_path))
    options = parse_options(['--source', source, '--seed', '900007', '--out', 'x', '--seconds', '3'])
    assert (options.kind, options.place, options.seed, options.out) == (kind, place, 900_007, tmp_path / 'x')


def test_the_rig_of_a_simulated_drive() -> None:
    assert parse_options([]).rig is None
    assert parse_options(['--rig', 'my_rig']).rig == Path('my_rig').absolute()


@pytest.mark.parametrize(
    'arguments',
    [
        ['--source', 'bag:x'],
        ['--source', 'file'],
        ['--source', 'device:'],
        ['--source', 'simulator:3'],
        ['--seconds', '0'],
        ['--seconds', 'long'],
        ['--seed', '-1'],
        ['--rate', '0'],
    ],
)
def test_invalid_options_exit_with_a_message(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_options(arguments)
    assert caught.value.code == 2
    assert arguments[0] in capsys.readouterr().err
