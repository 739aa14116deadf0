# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The wheel in an empty virtual environment: commands and examples run without the checkout.

It installs some hundred megabytes, so it runs only on request: `./run test -m installation`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.test_examples import EXAMPLES, RUNS

pytestmark = [pytest.mark.installation, pytest.mark.timeout(1200)]
ROOT = Path(__file__).parent.parent
# What the wheel is built from.
SOURCES = (
    'audio_manifold_ros', 'calibration', 'config', 'launch', 'models', 'requirements', 'resource', 'rviz',
    'LICENSE', 'package.xml', 'setup.cfg', 'setup.py',
)  # fmt: skip
NEEDS_CHECKOUT = {'train_ten_steps'}


def run(*command: str | Path, folder: Path, fails: bool = False) -> str:
    """Run a command without the environment of the checkout, and return its output."""
    kept = {name: value for name, value in os.environ.items() if name != 'VIRTUAL_ENV' and 'PYTHON' not in name}
    done = subprocess.run(list(map(str, command)), cwd=folder, env=kept, capture_output=True, text=True, check=False)
    assert bool(done.returncode) == fails, f'{command}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}'
    return done.stdout + done.stderr


@pytest.fixture(scope='module')
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the `bin` folder of an environment with nothing but the wheel and its requirements."""
    folder = tmp_path_factory.mktemp('wheel')
    source = folder / 'source'
    source.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    run(sys.executable, '-m', 'pip', 'wheel', '-q', '--no-deps', '-w', folder, source, folder=folder)
    (wheel,) = folder.glob('*.whl')
    run(sys.executable, '-m', 'venv', folder / 'venv', folder=folder)
    programs = folder / 'venv' / 'bin'
    run(programs / 'python', '-m', 'pip', 'install', '-q', f'{wheel}[hub]', folder=folder)
    return programs


def test_the_core_needs_neither_torch_nor_ros(environment: Path, tmp_path: Path) -> None:
    listed = run(environment / 'python', '-m', 'pip', 'list', folder=tmp_path)
    assert 'onnxruntime' in listed
    assert 'huggingface_hub' in listed
    assert not [line for line in listed.splitlines() if line.partition(' ')[0] in {'torch', 'ros-jazzy-rclpy'}]
    run(environment / 'python', '-m', 'pip', 'check', folder=tmp_path)


def test_the_commands_run_with_the_shipped_model(environment: Path, tmp_path: Path) -> None:
    assert 'verified' in run(environment / 'audio-manifold', 'model', 'info', 'models/street', folder=tmp_path)
    run(
        environment / 'audio-manifold',
        'bag',
        'simulate',
        '--seed',
        '7',
        '--seconds',
        '3',
        '--out',
        'bags',
        folder=tmp_path,
    )
    (bag,) = (tmp_path / 'bags').iterdir()
    run(environment / 'audio-manifold', 'bag', 'check', bag, folder=tmp_path)
    text = run(environment / 'audio-manifold', 'train', 'run', folder=tmp_path, fails=True)
    assert 'checkout' in text


@pytest.mark.parametrize('name', sorted(set(RUNS) - NEEDS_CHECKOUT))
def test_an_example_runs_outside_the_checkout(environment: Path, tmp_path: Path, name: str) -> None:
    arguments, expected = RUNS[name]
    script = Path(shutil.copy(EXAMPLES / f'{name}.py', tmp_path))
    words = [word.replace('FOLDER', str(tmp_path / 'new')) for word in arguments]
    assert expected in run(environment / 'python', script, *words, folder=tmp_path)
