# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Changes of the images of a bundle in another precision, on simulated streets: the figures of docs/jetson.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Images(NamedTuple):
    """Depth in metres and class ids of one prediction."""

    depth_m: NDArray[np.floating]
    labels: NDArray[np.integer]


def print_changes(name: str, pairs: Iterable[tuple[Images, Images]]) -> tuple[float, float]:
    """Print and return the mean relative change of depth, and the mean share of labels that change.

    Args:
        name: Name of the bundle or precision.
        pairs: Images in single precision, and in the other one.

    """
    depth_changes, label_changes = zip(
        *(
            (np.abs(found.depth_m / expected.depth_m - 1).mean(), (found.labels != expected.labels).mean())
            for expected, found in pairs
        ),
        strict=True,
    )
    depth_change, labels_changed = float(np.mean(depth_changes)), float(np.mean(label_changes))
    print(f'{name}: depth changes by {depth_change:.2%}, {labels_changed:.2%} of the labels change')
    return depth_change, labels_changed
