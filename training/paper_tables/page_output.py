# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Output of a generated page: a file in the folder of the pages, or standard output."""

from __future__ import annotations

import sys
from pathlib import Path


def write_page(page: str, docs: Path | None, name: str) -> None:
    """Write a page to a file of a folder, or to standard output without one.

    Raises:
        OSError: The file cannot be written.

    """
    if docs is None:
        sys.stdout.write(page)
    else:
        (docs / name).write_text(page, encoding='utf-8')
