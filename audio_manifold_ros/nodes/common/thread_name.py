# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Names of threads as the system shows them, for example in `top -H`."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path


def set_thread_name(name: str) -> None:
    """Tell the system what the calling thread is; at most 15 letters. Does nothing where the system takes no names."""
    with suppress(OSError):
        Path(f'/proc/self/task/{threading.get_native_id()}/comm').write_text(name, encoding='ascii')
