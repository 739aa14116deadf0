# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A street as a device delivers it: only short blocks are the same to the last bit, however they are cut."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from audio_manifold_ros.common.array_types import Samples

BLOCK_SAMPLES = 450


def in_blocks(render: Callable[[int, int], Samples], first_sample: int, end_sample: int) -> Samples:
    """Return what is rendered from one sample to another; `render` takes the first sample and their number."""
    starts = range(first_sample, end_sample, BLOCK_SAMPLES)
    return np.concatenate([render(at, min(BLOCK_SAMPLES, end_sample - at)) for at in starts], axis=1)
