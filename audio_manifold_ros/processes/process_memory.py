# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Memory of another process, from the kernel's books."""

from __future__ import annotations

from pathlib import Path


def resident_mb(process_id: int) -> float:
    """Return the resident memory of a process in MB (10^6 bytes); 0 for one that is gone."""
    try:
        lines = Path(f'/proc/{process_id}/status').read_text(encoding='ascii').splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith('VmRSS:')), 0.0)
