# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which windows an experiment learns from, chooses on and reports on, as one number."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from training.data.split_file import SPLITS

if TYPE_CHECKING:
    from training.data.cache import WindowCache


def windows_sha256(cache: WindowCache) -> str:
    """Return a hash of which windows are learnt from, chosen on and reported on, whatever their features.

    A limit on drives picks others out of more drives: the name of the split and the number of windows do not tell.
    """
    digest = hashlib.sha256()
    for split in SPLITS:
        for drive_id, stamp_ns in sorted(cache.instants(cache.indices(split))):
            digest.update(f'{split} {drive_id} {stamp_ns}\n'.encode())
    return digest.hexdigest()
