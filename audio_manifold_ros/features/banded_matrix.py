# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Products with banded matrices, such as mel filterbanks and interpolation matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class BandedMatrix:
    """Matrix with few non-zero values per column, for products from the right in blocks of columns.

    Each block is a dense product over only the rows that are non-zero in it. For a mel filterbank or a linear
    interpolation this is a small part of the full dense product. Blocks of limited size also keep BLAS from starting
    its threads, which would take the cores from the network.

    Args:
        matrix: float32 (row, column).
        block_values: Largest number of values in one block, unless one column alone has more.

    """

    def __init__(self, matrix: NDArray[np.float32], block_values: int) -> None:
        """Divide the matrix into blocks."""
        self.rows, self.columns = matrix.shape
        self._blocks: list[tuple[slice, slice, NDArray[np.float32]]] = []
        first = 0
        while first < self.columns:
            last = first + 1
            while last < self.columns and _dense_size(matrix, first, last + 1) <= block_values:
                last += 1
            rows, columns = _used_rows(matrix, first, last), slice(first, last)
            self._blocks.append((rows, columns, np.ascontiguousarray(matrix[rows, columns])))
            first = last

    def product(self, left: NDArray[np.float32], out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Return `left @ matrix`.

        Args:
            left: float32 (item, row).
            out: float32 (item, column) for the product. None allocates a new array.

        """
        result = np.empty((left.shape[0], self.columns), dtype=np.float32) if out is None else out
        for rows, columns, block in self._blocks:
            np.matmul(left[:, rows], block, out=result[:, columns])
        return result


def _used_rows(matrix: NDArray[np.float32], first: int, last: int) -> slice:
    used = np.flatnonzero(matrix[:, first:last].any(axis=1))
    return slice(int(used[0]), int(used[-1]) + 1) if used.size else slice(0, 0)


def _dense_size(matrix: NDArray[np.float32], first: int, last: int) -> int:
    rows = _used_rows(matrix, first, last)
    return int(rows.stop - rows.start) * (last - first)
