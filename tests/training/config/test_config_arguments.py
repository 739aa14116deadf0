# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every command that takes an experiment takes YAML files that override it."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from audio_manifold_ros.common.resource_paths import resource_path
from training.config.config_arguments import add_config_arguments, given_config
from training.experiment import run
from training.fitting import fit_direct, fit_joint, fit_manifold, fit_transform

STREET = resource_path('training/configs/street.yaml')
NAME = 'of the second file'


@pytest.fixture
def overrides(tmp_path: Path) -> tuple[Path, Path]:
    first, second = tmp_path / 'first.yaml', tmp_path / 'second.yaml'
    first.write_text('name: of the first file\njoint_fit: {steps: 7}\n')
    second.write_text(f'name: {NAME}\n')
    return first, second


def test_later_files_override_earlier_ones(overrides: tuple[Path, Path]) -> None:
    parser = argparse.ArgumentParser()
    add_config_arguments(parser)
    config = given_config(parser.parse_args(['--config', str(STREET), '--with', *map(str, overrides)]))
    assert config.name == NAME
    assert config.joint_fit.steps == 7


@pytest.mark.parametrize(
    ('module', 'more'),
    [
        (fit_joint, []),
        (fit_direct, []),
        (fit_transform, []),
        (fit_manifold, ['--modality', 'depth']),
        (run, []),
    ],
)
def test_commands_read_the_overriding_files(
    module: object, more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / 'wrong.yaml'
    wrong.write_text('joint_fit: {steps: -3}\n')
    status = module.main(['--config', str(STREET), '--with', str(wrong), *more])  # type: ignore[attr-defined]
    assert status == 1
    assert 'steps is -3' in capsys.readouterr().err
