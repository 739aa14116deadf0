# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How every import ends on the command line."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console

from audio_manifold_ros.common.errors import AudioManifoldError
from training.importing.report import ImportReport


def run_import(write: Callable[[Console], ImportReport]) -> int:
    """Import, and say what was written and skipped, or why nothing could be; 1 where a drive could not be written.

    Args:
        write: Writes the drives; told where to draw its bar.

    """
    console = Console(stderr=True)
    try:
        report = write(console)
    except AudioManifoldError as error:
        console.print(f'[red]{type(error).__name__}[/red]: {error}', highlight=False, soft_wrap=True)
        return 1
    console.print(report.text(), highlight=False, markup=False, soft_wrap=True)
    return 1 if report.refused else 0
