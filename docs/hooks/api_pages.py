# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""API reference of the documentation site: one page for each package, from the names in its `__all__`."""

from __future__ import annotations

import ast
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
PACKAGE = 'audio_manifold_ros'


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the pages to the end of the navigation."""
    pages = [{name.removeprefix(f'{PACKAGE}.'): f'api/{name}.md'} for name in public_packages()]
    config.nav = [*(config.nav or []), {'API reference': pages}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a generated page for each package that states its public names.

    A name that several packages export is described on the page of the package that defines it. The other pages link to
    it, because two descriptions of one name would be ambiguous targets.
    """
    packages = public_packages()
    for package, exports in packages.items():
        parts = [
            f'::: {target}' if home(target, packages) == package else f'[`{target.rpartition(".")[2]}`][{target}]'
            for target in exports
        ]
        content = '\n\n'.join([f'# {package}', summary(package), *parts])
        files.append(File.generated(config, f'api/{package}.md', content=content))
    return files


def home(target: str, packages: dict[str, list[str]]) -> str:
    """Return the package whose page describes a name: the deepest one that contains its module and exports it."""
    exporters = [package for package, exports in packages.items() if target in exports]
    return max(exporters, key=lambda package: (target.startswith(f'{package}.'), len(package)))


def public_packages() -> dict[str, list[str]]:
    """Return the full names of the exports of each package that has a non-empty `__all__`."""
    packages = {}
    for path in sorted((ROOT / PACKAGE).rglob('__init__.py')):
        package = '.'.join(path.parent.relative_to(ROOT).parts)
        if exports := public_names(path):
            packages[package] = exports
    return packages


def public_names(path: Path) -> list[str]:
    """Return where the exports of an `__init__.py` are defined, from its import statements."""
    return [
        f'{node.module}.{name.name}'
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8')))
        if isinstance(node, ast.ImportFrom) and (node.module or '').startswith(f'{PACKAGE}.') and node.module != LAZY
        for name in node.names
        if name.name != 'main'
    ]


def summary(package: str) -> str:
    """Return the docstring of a package."""
    path = ROOT / package.replace('.', '/') / '__init__.py'
    return ast.get_docstring(ast.parse(path.read_text(encoding='utf-8'))) or ''


LAZY = f'{PACKAGE}.common.lazy_exports'
