# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Public names of the packages: complete, consistent, and lazy where PyTorch or ROS is behind them."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = sorted(
    path.parent for path in [*ROOT.glob('audio_manifold_ros/**/__init__.py'), *ROOT.glob('training/*/__init__.py')]
)
IMPORT_ALL = """
import importlib, sys, types
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    for public in package.__all__:
        if isinstance(getattr(package, public), types.ModuleType):
            print(f'{name}.{public} is a module')
"""
HEAVY = ('torch', 'rclpy', 'onnxruntime', 'cv2', 'sounddevice')


def name_of(folder: Path) -> str:
    return '.'.join(folder.relative_to(ROOT).parts)


@pytest.mark.parametrize('folder', PACKAGES, ids=name_of)
def test_a_package_names_its_public_api(folder: Path) -> None:
    tree = ast.parse((folder / '__init__.py').read_text())
    assert ast.get_docstring(tree)
    assigned = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    stated = ast.literal_eval(assigned['__all__'])
    imported = [
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or '').startswith(f'{name_of(folder)}.')
        for name in node.names
        if name.name != 'lazy_exports'
    ]
    assert sorted(set(stated) - {'__version__'}) == sorted(imported)


def test_public_names_can_be_imported() -> None:
    # In another process: rclpy must not enter the process of the other tests.
    names = [name_of(folder) for folder in PACKAGES]
    if importlib.util.find_spec('rclpy') is None:
        names = [name for name in names if '.nodes' not in name and '.demo' not in name]
    done = run_python(IMPORT_ALL, *names)
    assert done.stdout.split() == [], done.stderr


def test_importing_the_packages_imports_no_heavy_library() -> None:
    names = [name_of(folder) for folder in PACKAGES]
    done = run_python(f'import sys, {", ".join(names)}; print(sorted(set({HEAVY}) & set(sys.modules)))')
    assert done.stdout.strip() == '[]'


def run_python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {'PYTHONPATH': f'{ROOT}{os.pathsep}{os.environ.get("PYTHONPATH", "")}'}
    command = [sys.executable, '-c', program, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment)


def test_unknown_names_are_refused() -> None:
    package = importlib.import_module('audio_manifold_ros.audio')
    with pytest.raises(AttributeError, match='has no attribute'):
        package.NoSuchName  # noqa: B018
