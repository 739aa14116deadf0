# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Structure of the tree: order of the packages, no import cycle, size of folders, unique names."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOPS = ('audio_manifold_ros', 'training', 'benchmarks', 'examples', 'tests')
MAX_FILES_PER_FOLDER = 25
# From the bottom to the top: a package imports itself and those before it.
ORDER = (
    'common', 'modalities', 'cli', 'rig', 'camera_prior', 'processes', 'drawing', 'networks', 'simulation', 'audio',
    'audio.capture', 'features', 'datasets', 'inference.bundle', 'inference.backends', 'inference.tensorrt',
    'inference',
    'robot_outputs',
    'evaluation.metrics', 'evaluation.controls', 'evaluation.reporting', 'evaluation',
    'bags.storage', 'bags.recovery', 'bags.decoding', 'bags.statistics', 'bags.conversion', 'bags', 'bag_evaluation',
    'viewer',
    'calibration.channels', 'calibration.geometry', 'calibration.camera', 'calibration.reporting',
    'calibration.recording', 'calibration.commands', 'calibration', 'training',
    'nodes.common', 'nodes.perception', 'nodes.recorder', 'nodes.replay', 'nodes.rig', 'nodes.simulator',
    'nodes.evaluation', 'nodes', 'testing', 'demo', 'doctor', 'benchmarks', 'examples', 'tests',
)  # fmt: skip
LIKE_A_COPY = re.compile(r'(?:_?\d+|_new|_old|_copy|s)$')


@cache
def modules() -> dict[str, Path]:
    """Return the modules of the tree by their dotted names."""
    files = [path for top in TOPS for path in (ROOT / top).rglob('*.py') if '__pycache__' not in path.parts]
    names = {path: '.'.join(path.relative_to(ROOT).with_suffix('').parts).removesuffix('.__init__') for path in files}
    return {name: path for path, name in sorted(names.items())}


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding='utf-8'))


def package_of(module: str) -> str:
    """Return the entry of `ORDER` that a module belongs to."""
    parts = module.split('.')
    if parts[0] != 'audio_manifold_ros':
        return parts[0]
    two = '.'.join(parts[1:3])
    return two if two in ORDER else parts[1] if len(parts) > 1 else ''


@cache
def imports(module: str, *, typing_only: bool) -> tuple[tuple[int, str], ...]:
    """Return line and name of every module of the tree that a module imports.

    Args:
        module: The importing module.
        typing_only: Include the imports that only type checkers execute.

    """
    tree = parse(modules()[module])
    skipped = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == 'TYPE_CHECKING' and not typing_only
        for node in ast.walk(block)
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            full = [f'{node.module}.{alias.name}' for alias in node.names]
            names = [name if name in modules() else node.module for name in full]
        else:
            continue
        found += [(node.lineno, name) for name in names if name in modules() and name != module]
    return tuple(found)


def place(module: str, line: int) -> str:
    return f'{modules()[module].relative_to(ROOT)}:{line}'


def test_packages_import_only_those_below_them() -> None:
    rank = {package: index for index, package in enumerate(ORDER)}
    unknown = {package_of(module) for module in modules()} - set(rank) - {'', '__main__'}
    assert not unknown, 'add these packages to ORDER'
    upward = [
        f'{place(module, line)} imports {target}: {package_of(module)} is below {package_of(target)}'
        for module in modules()
        for line, target in imports(module, typing_only=True)
        if rank.get(package_of(module), len(rank)) < rank.get(package_of(target), 0)
    ]
    assert not upward, '\n'.join(upward)


def test_no_module_imports_itself_through_others() -> None:
    graph = {module: {target for _, target in imports(module, typing_only=False)} for module in modules()}
    cycles = [' → '.join(cycle) for cycle in find_cycles(graph)]
    assert not cycles, '\n'.join(cycles)


def find_cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return a cycle for each back edge that a depth-first search meets."""
    state: dict[str, bool] = {}
    path: list[str] = []
    cycles: list[list[str]] = []

    def visit(node: str) -> None:
        state[node] = False
        path.append(node)
        for target in sorted(graph[node]):
            if target not in state:
                visit(target)
            elif not state[target]:
                cycles.append([*path[path.index(target) :], target])
        path.pop()
        state[node] = True

    for node in graph:
        if node not in state:
            visit(node)
    return cycles


def test_a_cycle_is_found() -> None:
    assert find_cycles({'a': {'b'}, 'b': {'c'}, 'c': {'a'}, 'd': {'a'}}) == [['a', 'b', 'c', 'a']]


@pytest.mark.parametrize('top', [top for top in TOPS if top != 'tests'])
def test_nothing_but_the_tests_imports_the_tests(top: str) -> None:
    found = [
        f'{place(module, line)} imports {target}'
        for module in modules()
        if module.partition('.')[0] == top
        for line, target in imports(module, typing_only=True)
        if target.partition('.')[0] == 'tests'
    ]
    assert not found, '\n'.join(found)


def test_only_the_tests_of_the_benchmarks_import_benchmarks() -> None:
    found = [
        f'{place(module, line)} imports {target}'
        for module in modules()
        if module.startswith('tests.') and not module.startswith('tests.benchmarks.')
        for line, target in imports(module, typing_only=True)
        if target.partition('.')[0] == 'benchmarks'
    ]
    assert not found, '\n'.join(found)


def test_folders_stay_small() -> None:
    sizes = Counter(path.parent for path in modules().values())
    large = [
        f'{folder.relative_to(ROOT)}: {count} files' for folder, count in sizes.items() if count > MAX_FILES_PER_FOLDER
    ]
    assert not large, f'at most {MAX_FILES_PER_FOLDER} Python files in a folder: {large}'


def test_public_classes_have_names_of_their_own() -> None:
    homes = defaultdict(list)
    for module, path in modules().items():
        if module.partition('.')[0] not in {'tests', 'examples'}:
            for node in parse(path).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith('_'):
                    homes[node.name].append(module)
    assert not {name: found for name, found in homes.items() if len(found) > 1}


def test_module_names_do_not_differ_only_by_a_suffix() -> None:
    stems = defaultdict(list)
    for path in modules().values():
        stems[path.parent, LIKE_A_COPY.sub('', path.stem)].append(path.name)
    assert not {str(key[0].relative_to(ROOT) / key[1]): names for key, names in stems.items() if len(names) > 1}


def test_every_top_level_folder_has_a_description() -> None:
    folders = [path for path in ROOT.iterdir() if path.is_dir() and is_tracked_by_us(path)]
    silent = [folder.name for folder in folders if not has_first_line(folder)]
    assert not silent, f'add a README.md to {silent}'


def is_tracked_by_us(folder: Path) -> bool:
    ignored = {line.strip().strip('/') for line in (ROOT / '.gitignore').read_text(encoding='utf-8').splitlines()}
    return (
        not folder.name.startswith('.') and folder.name not in ignored and folder.name != 'audio_manifold_ros.egg-info'
    )


def has_first_line(folder: Path) -> bool:
    path = folder / '__init__.py'
    if path.exists() and not ast.get_docstring(parse(path)):
        return False
    if path.exists():
        return True
    return (folder / 'README.md').exists() or (folder / 'index.md').exists()
