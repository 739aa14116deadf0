# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Paths of rigs and bundles in a checkout and in an installed ROS package."""

from __future__ import annotations

from pathlib import Path

PACKAGE = 'audio_manifold_ros'
REMEDY = 'run from the checkout, or build and source the workspace.'


def resource_path(relative: str) -> Path:
    """Return the path of a shipped folder or file, for example `calibration/roof_octagon`.

    A checkout is searched first, then the share folder of the installed ROS package.

    Raises:
        FileNotFoundError: It is in neither place.

    """
    checkout = Path(__file__).resolve().parents[2] / relative
    if checkout.exists():
        return checkout
    try:
        from ament_index_python.packages import get_package_share_directory

        installed = Path(get_package_share_directory(PACKAGE)) / relative
    except (ImportError, LookupError, OSError) as error:
        msg = f'{relative!r} is not at {str(checkout)!r} and no package {PACKAGE!r} is installed ({error}): {REMEDY}'
        raise FileNotFoundError(msg) from None
    if not installed.exists():
        msg = f'{relative!r} is neither at {str(checkout)!r} nor at {str(installed)!r}: {REMEDY}'
        raise FileNotFoundError(msg)
    return installed
