# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Nearest-pixel resizing for images whose values must not be mixed, such as class ids and depth with NaN.

It samples at pixel centres. `features.interpolation` has another rule for its `nearest`, that of torch's
`interpolate`: it samples where the new pixel begins.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar('Value', bound=np.generic)


def resize_nearest(image: NDArray[Value], rows: int, columns: int) -> NDArray[Value]:
    """Return an image of another size. Every value of the result is a value of the image.

    Args:
        image: (row, column) or (row, column, component), of any type. It is returned unchanged if it has the
            size already.
        rows: Rows of the result.
        columns: Columns of the result.

    """
    if image.shape[:2] == (rows, columns):
        return image
    row = ((np.arange(rows) + 0.5) * image.shape[0] / rows).astype(np.intp)
    column = ((np.arange(columns) + 0.5) * image.shape[1] / columns).astype(np.intp)
    return np.ascontiguousarray(image[row[:, None], column])
