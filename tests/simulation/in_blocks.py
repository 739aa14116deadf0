# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rendering of a street in blocks, as a device delivers it. Only short blocks are exact for every division."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from audio_manifold_ros.common.array_types import Samples

BLOCK_SAMPLES = 450


def in_blocks(render: Callable[[int, int], Samples], first_sample: int, end_sample: int) -> Samples:
    """Render from one sample index to another in blocks. `render` takes the first sample and the number of samples."""
    starts = range(first_sample, end_sample, BLOCK_SAMPLES)
    return np.concatenate([render(at, min(BLOCK_SAMPLES, end_sample - at)) for at in starts], axis=1)
