# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where rigs and bundles lie, in a checkout and in an installed ROS package."""

from __future__ import annotations

import contextlib
from pathlib import Path

PACKAGE = 'audio_manifold_ros'


def resource_path(relative: str) -> Path:
    """Return the folder or file that ships as `relative`, for example `calibration/roof_octagon`.

    A checkout is searched first, then the share folder of the installed ROS package.

    Raises:
        FileNotFoundError: It is in neither place.

    """
    tried = []
    for root in _roots():
        path = root / relative
        if path.exists():
            return path
        tried.append(str(path))
    msg = f'{relative!r} is in none of {tried}: run from the checkout, or build and source the workspace.'
    raise FileNotFoundError(msg)


def _roots() -> list[Path]:
    roots = [Path(__file__).resolve().parent.parent]
    try:
        from ament_index_python.packages import PackageNotFoundError, get_package_share_directory
    except ImportError:
        return roots
    with contextlib.suppress(PackageNotFoundError):
        roots.append(Path(get_package_share_directory(PACKAGE)))
    return roots
