# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Names of threads as the tools of the system show them."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path


def set_thread_name(name: str) -> None:
    """Set the name of the calling thread, as `top -H` shows it.

    Does nothing where the system has no /proc.

    Args:
        name: At most 15 ASCII characters.

    """
    with suppress(OSError):
        Path(f'/proc/self/task/{threading.get_native_id()}/comm').write_text(name, encoding='ascii')
