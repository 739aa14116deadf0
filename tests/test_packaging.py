# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Packaging: installed files, versions, console scripts, pinned requirements, licences, and `run`."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import audio_manifold_ros

ROOT = Path(__file__).parent.parent
# Of Ubuntu 22.04, Debian 12, Ubuntu 24.04 and Debian 13.
PYTHONS = ('3.10.12', '3.11.2', '3.12.3', '3.13.5')
COPYLEFT = re.compile(r'(?<!L)A?GPL|(?<!Lesser )General Public', re.IGNORECASE)
COMPATIBLE_PACKAGES = {'docutils'}  # public domain and BSD: only an Emacs file is under the GPL


@pytest.fixture(scope='module')
def data_files(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    prefix = tmp_path_factory.mktemp('prefix')
    build = ['build', '--build-base', str(prefix / 'build'), 'egg_info', '--egg-base', str(prefix)]
    install = ['install_data', '--install-dir', str(prefix / 'install')]
    command = [sys.executable, 'setup.py', '-q', *build, *install]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return {str(path.relative_to(prefix / 'install')) for path in (prefix / 'install').rglob('*') if path.is_file()}


@pytest.mark.parametrize('folder', ['launch', 'config', 'rviz', 'calibration', 'models'])
def test_every_shared_file_is_installed(data_files: set[str], folder: str) -> None:
    shared = [path for path in (ROOT / folder).rglob('*') if path.is_file() and '__pycache__' not in path.parts]
    assert {f'share/audio_manifold_ros/{path.relative_to(ROOT)}' for path in shared} <= data_files


def test_the_resource_index_names_the_package(data_files: set[str]) -> None:
    assert 'share/ament_index/resource_index/packages/audio_manifold_ros' in data_files
    assert 'share/audio_manifold_ros/package.xml' in data_files


def test_the_versions_agree() -> None:
    version = audio_manifold_ros.__version__
    assert f"version='{version}'" in (ROOT / 'setup.py').read_text()
    for path in ('package.xml', 'ros2_ws/src/audio_manifold_msgs/package.xml'):
        assert f'<version>{version}</version>' in (ROOT / path).read_text(), path


def test_every_console_script_has_a_main() -> None:
    scripts = re.findall(r"f'(\w+) = \{NAME\}\.([\w.]+):main'", (ROOT / 'setup.py').read_text())
    assert {'perception_node', 'check_bag', 'recover_bag', 'evaluate_bag'} <= {name for name, _ in scripts}
    for _, module in scripts:
        tree = ast.parse((ROOT / 'audio_manifold_ros' / f'{module.replace(".", "/")}.py').read_text())
        assert 'main' in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, module


def test_message_definitions_and_templates_are_installed(tmp_path: Path) -> None:
    build = ['egg_info', '--egg-base', str(tmp_path), 'build_py', '--build-lib', str(tmp_path / 'lib')]
    subprocess.run([sys.executable, 'setup.py', '-q', *build], cwd=ROOT, check=True, capture_output=True)
    for pattern in ('bags/storage/definitions/**/*.msg', '**/templates/*.j2'):
        shipped = {path.relative_to(ROOT) for path in (ROOT / 'audio_manifold_ros').glob(pattern)}
        assert shipped, pattern
        assert shipped <= {path.relative_to(tmp_path / 'lib') for path in (tmp_path / 'lib').rglob('*')}


def test_colcon_finds_both_packages_once() -> None:
    link = ROOT / 'ros2_ws/src/audio_manifold_ros'
    assert link.is_symlink()
    assert link.resolve() == ROOT
    command = [sys.executable, '-m', 'colcon', '--log-base', '/dev/null', 'list', '--names-only']
    done = subprocess.run(command, cwd=ROOT / 'ros2_ws', check=False, capture_output=True, text=True)
    if 'No module named colcon' in done.stderr:
        pytest.skip('colcon is not installed in this environment')
    assert done.stdout.split() == ['audio_manifold_msgs', 'audio_manifold_ros']


@pytest.mark.parametrize('name', ['run', 'dev', 'docs', 'train', 'ros-jazzy', 'ros-kilted'])
def test_every_requirement_is_pinned(name: str) -> None:
    lines = (ROOT / f'requirements/{name}.txt').read_text().splitlines()
    requirements = [line for line in lines if line and line[0] not in '#-']
    assert requirements
    assert not [line for line in requirements if '==' not in line]


@pytest.mark.parametrize('python', PYTHONS)
def test_every_installed_pin_supports_the_pythons_of_its_marker(python: str) -> None:
    """A marker with the minor version only is too wide for a package that requires a patch version."""
    environment = {'python_version': python.rpartition('.')[0], 'python_full_version': python}
    unsupported = []
    for line in (ROOT / 'requirements/constraints.txt').read_text().splitlines():
        if not line or line.startswith('#'):
            continue
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate(environment):
            continue
        try:
            distribution = importlib.metadata.distribution(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            continue
        required = distribution.metadata.get('Requires-Python') or ''
        if distribution.version in requirement.specifier and python not in SpecifierSet(required):
            unsupported.append((line, required))
    assert unsupported == []


def test_no_installed_package_has_an_incompatible_licence() -> None:
    unfit = []
    for distribution in importlib.metadata.distributions():
        metadata = distribution.metadata
        licences = [line for line in metadata.get_all('Classifier', []) if line.startswith('License')]
        licences += [str(metadata.get('License-Expression', '')), str(metadata.get('License', '')).partition('\n')[0]]
        if distribution.name not in COMPATIBLE_PACKAGES and any(COPYLEFT.search(licence) for licence in licences):
            unfit.append((distribution.name, licences))
    assert unfit == []


def test_run_without_a_command_lists_the_commands() -> None:
    done = subprocess.run([ROOT / 'run'], check=True, capture_output=True, text=True)
    for command in ('demo', 'test', 'bench', 'docs', 'exec'):
        assert f'./run {command}' in done.stdout


def test_run_refuses_unknown_commands() -> None:
    done = subprocess.run([ROOT / 'run', 'dance'], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "'dance'" in done.stderr


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [(['foxy'], "no ROS 2 distribution 'foxy'.*\n.*jazzy kilted"), ([], '--ros needs a distribution')],
)
def test_run_refuses_unknown_distributions(arguments: list[str], reason: str) -> None:
    done = subprocess.run([ROOT / 'run', 'test', '--ros', *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert re.search(reason, done.stderr)


@pytest.mark.parametrize(
    ('arguments', 'folders'),
    [
        ([], ('.venv', 'ros2_ws')),
        (['--ros', 'jazzy'], ('.venv', 'ros2_ws')),
        (['--ros', 'kilted'], ('.venv-kilted', '.venv-kilted/ros2_ws')),
    ],
)
def test_each_distribution_has_its_own_environment(
    tmp_path: Path, arguments: list[str], folders: tuple[str, str]
) -> None:
    text = (ROOT / 'run').read_text().replace('    leave_other_ros\n', '    echo "$VENV" "$BUILD"; exit 0\n', 1)
    script = tmp_path / 'run'
    script.write_text(text)
    (tmp_path / 'requirements').mkdir()
    for name in ('jazzy', 'kilted'):
        (tmp_path / f'requirements/ros-{name}.txt').touch()
    done = subprocess.run(['bash', script, 'test', *arguments], check=True, capture_output=True, text=True)
    assert done.stdout.split() == [str(tmp_path / folder) for folder in folders]


def run_script(folder: Path, caller: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a copy of `run` without its set-up, with a command line program that prints folder, domain and arguments."""
    caller.mkdir(exist_ok=True)
    (folder / 'bin').mkdir(parents=True)
    text = (ROOT / 'run').read_text().replace('start() {', 'start() { return 0', 1)
    assert 'start() { return 0' in text
    (folder / 'run').write_text(text)
    program = folder / 'bin' / 'audio-manifold'
    program.write_text('#!/bin/sh\necho "$PWD" "$ROS_DOMAIN_ID" "$@"\n')
    for path in (folder / 'run', program):
        path.chmod(0o755)
    variables = {'PATH': f'{folder / "bin"}:{os.environ["PATH"]}', 'HOME': str(folder), **environment}
    return subprocess.run(
        [folder / 'run', *arguments], cwd=caller, env=variables, check=False, capture_output=True, text=True
    )


@pytest.mark.parametrize('command', [['demo'], ['exec', 'audio-manifold']])
def test_run_keeps_the_folder_of_the_caller(tmp_path: Path, command: list[str]) -> None:
    caller = tmp_path / 'recordings'
    done = run_script(tmp_path / 'checkout', caller, *command, '--source', 'file:drive.wav')
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f'{caller} ')
    assert done.stdout.endswith(' --source file:drive.wav\n')


def test_the_lock_of_a_domain_is_private_and_truncates_nothing(tmp_path: Path) -> None:
    temporary = tmp_path / 'shared'
    places = {'TMPDIR': str(temporary), 'XDG_CACHE_HOME': '/proc/none', 'XDG_RUNTIME_DIR': ''}
    victim = tmp_path / 'victim'
    victim.write_text('kept')
    # The names of before, as links of another user to a file of this one.
    temporary.mkdir()
    for number in range(1, 101):
        (temporary / f'audio_manifold_ros.domain.{number}').symlink_to(victim)
    done = run_script(tmp_path / 'first', tmp_path, 'demo', **places)
    assert done.returncode == 0, done.stderr
    assert victim.read_text() == 'kept'
    folder = temporary / f'audio_manifold_ros-{os.getuid()}'
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (lock,) = folder.iterdir()
    lock.write_text('kept')
    assert lock.name == f'domain.{done.stdout.split()[1]}'


@pytest.mark.parametrize('kind', ['link', 'no folder', 'locks'])
def test_locks_that_cannot_be_opened_block_nobody(tmp_path: Path, kind: str) -> None:
    temporary, elsewhere = tmp_path / 'shared', tmp_path / 'elsewhere'
    places = {'TMPDIR': str(temporary), 'XDG_CACHE_HOME': '/proc/none', 'XDG_RUNTIME_DIR': ''}
    temporary.mkdir()
    elsewhere.mkdir()
    folder = temporary / f'audio_manifold_ros-{os.getuid()}'
    if kind == 'link':
        folder.symlink_to(elsewhere)
    elif kind == 'no folder':
        folder.write_text('')
    else:
        for number in range(1, 101):
            (folder / f'domain.{number}').mkdir(parents=True)
    done = run_script(tmp_path / 'first', tmp_path, 'demo', **places)
    assert done.returncode == 0, done.stderr
    assert 1 <= int(done.stdout.split()[1]) <= 100
    assert list(elsewhere.iterdir()) == []


def test_linked_installations_use_the_python_of_the_shell(tmp_path: Path) -> None:
    packages = tmp_path / f'lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages'
    packages.mkdir(parents=True)
    source = tmp_path / 'source'
    source.mkdir()
    for name in ('setup.py', 'setup.cfg', 'package.xml', 'LICENSE'):
        shutil.copy(ROOT / name, source)
    for name in ('audio_manifold_ros', 'requirements', 'resource'):
        (source / name).symlink_to(ROOT / name)
    # As `colcon build --symlink-install` does.
    command = [sys.executable, '-W', 'ignore', 'setup.py', '-q', 'develop', '--prefix', str(tmp_path), '--no-deps']
    path = f'{packages}:{os.environ.get("PYTHONPATH", "")}'
    subprocess.run(command, cwd=source, env={**os.environ, 'PYTHONPATH': path}, check=True, capture_output=True)
    scripts = list((tmp_path / 'lib/audio_manifold_ros').iterdir())
    assert {script.read_text().partition('\n')[0] for script in scripts} == {'#!/usr/bin/env python3'}
