# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Paths of shipped rigs and bundles, in a checkout, a ROS package or a wheel, and of caches."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

PACKAGE = 'audio_manifold_ros'
SHARE = f'share/{PACKAGE}/package.xml'
REMEDY = 'run from the checkout, build and source the workspace, or install the package with pip.'


def resource_path(relative: str) -> Path:
    """Return the path of a shipped folder or file, for example `calibration/roof_octagon`.

    A checkout is searched first, then the share folder of the installed ROS package, then that of the wheel.

    Raises:
        FileNotFoundError: It is in none of these places.

    """
    searched = []
    for folder in _folders():
        path = folder / relative
        if path.exists():
            return path
        searched.append(path)
    msg = f'{relative!r} is not at {" or ".join(repr(str(path)) for path in searched)}: {REMEDY}'
    raise FileNotFoundError(msg)


def cache_folder(name: str) -> Path:
    """Return the folder of a kind of files that can be made again. It may not exist."""
    base = Path(os.environ.get('XDG_CACHE_HOME', ''))
    return (base if base.is_absolute() else Path.home() / '.cache') / PACKAGE / name


def _folders() -> Iterator[Path]:
    """Yield the folders that may contain the shipped files."""
    yield Path(__file__).resolve().parents[2]
    try:
        from ament_index_python.packages import get_package_share_directory

        yield Path(get_package_share_directory(PACKAGE))
    except (ImportError, LookupError, OSError):
        pass
    from importlib import metadata  # not needed in a checkout or a workspace

    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError:
        return
    for file in files:
        if file.as_posix().endswith(SHARE):
            yield Path(str(file.locate())).resolve().parent
