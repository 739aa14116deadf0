# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Import of the optional package rerun."""

from __future__ import annotations

import importlib
from typing import Any

from audio_manifold_ros.common.errors import ViewerError

EXTRA = 'pip install "audio_manifold_ros[view]", or in a checkout ./run exec pip install -r requirements/view.txt'


def import_rerun(module: str = 'rerun') -> Any:
    """Return the module rerun, or a part of it.

    Args:
        module: `rerun` or `rerun.blueprint`.

    Raises:
        ViewerError: The package is not installed or does not load.

    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        msg = f'The viewer needs the package rerun-sdk ({error}): {EXTRA}.'
        raise ViewerError(msg) from None
