# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Arrays of NumPy files from others. The stated size is compared with a limit before the array is allocated."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

# Errors of zipfile, zlib and numpy about a damaged file.
READ_ERRORS = (OSError, KeyError, ValueError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
FORMAT: Any = npy_format
# A version of the format, and the function that reads its header.
HEADERS = {(1, 0): FORMAT.read_array_header_1_0, (2, 0): FORMAT.read_array_header_2_0}


def read_npy(file: BinaryIO, max_bytes: int) -> NDArray[Any]:
    """Return the array of an open `.npy` file.

    Args:
        file: The file at its start.
        max_bytes: Greatest size of the array.

    Raises:
        ValueError: The file is damaged, or holds objects or more than `max_bytes`.
        OSError: The file cannot be read.

    """
    version = FORMAT.read_magic(file)
    if version not in HEADERS:
        msg = f'its format version is {version}, not one of {sorted(HEADERS)}'
        raise ValueError(msg)
    shape, is_fortran, dtype = HEADERS[version](file)
    if dtype.hasobject:
        msg = 'it holds objects, which are not read'
        raise ValueError(msg)
    size = math.prod(shape) * dtype.itemsize
    if size > max_bytes:
        msg = f'it states an array of {size} bytes, more than {max_bytes}'
        raise ValueError(msg)
    data = file.read(size)
    if len(data) != size or dtype.itemsize == 0:
        msg = f'it states {size} bytes and contains {len(data)}'
        raise ValueError(msg)
    return np.frombuffer(data, dtype).reshape(shape, order='F' if is_fortran else 'C')


def read_npz(
    path: Path, names: Collection[str], max_bytes: int, optional: Collection[str] = ()
) -> dict[str, NDArray[Any]]:
    """Return the arrays of an `.npz` file by name.

    Args:
        path: The file.
        names: Names of the arrays.
        max_bytes: Greatest size of each array.
        optional: Names of arrays that may be missing.

    Raises:
        ValueError: An array is missing or damaged, or exceeds the limit.
        OSError: The file cannot be read.

    """
    if not path.is_file():
        # Opening a pipe waits for a writer.
        msg = 'it is missing, or is not a regular file'
        raise ValueError(msg)
    arrays = {}
    try:
        with zipfile.ZipFile(path) as archive:
            existing = set(archive.namelist())
            for name in (*names, *(name for name in optional if f'{name}.npy' in existing)):
                with archive.open(f'{name}.npy') as member:
                    arrays[name] = read_npy(member, max_bytes)  # type: ignore[arg-type]
    except OSError:
        raise
    except (*READ_ERRORS, NotImplementedError, OverflowError, MemoryError) as error:
        msg = f'it is damaged ({error or type(error).__name__})'
        raise ValueError(msg) from None
    return arrays
