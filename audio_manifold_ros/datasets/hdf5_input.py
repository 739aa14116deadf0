# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Datasets and attributes of HDF5 files from others: nothing outside the file is opened, and sizes are bounded.

HDF5 follows links to other files, reads datasets from raw files (external storage) or from other HDF5 files (virtual
datasets), and allocates the size that a header states before it reads any data. The checksum of a drive does not cover
other files, and a named pipe among them would block forever.
"""

from __future__ import annotations

import math
import stat
from collections.abc import Collection
from pathlib import Path
from typing import Any

import h5py
import numpy as np

MAX_CHUNK_BYTES = 1 << 28
MAX_ATTRIBUTE_BYTES = 1 << 22
MAX_ATTRIBUTES = 100
# Deflate compresses by less than 1,032. A header that states more data than the file can hold is wrong.
MAX_COMPRESSION = 1032
FILTERS = {
    h5py.h5z.FILTER_DEFLATE: 'gzip',
    h5py.h5z.FILTER_SHUFFLE: 'shuffle',
    h5py.h5z.FILTER_FLETCHER32: 'fletcher32',
    h5py.h5z.FILTER_LZF: 'lzf',
}
# Errors of h5py and of this module about a file.
READ_ERRORS = (OSError, KeyError, RuntimeError, ValueError, TypeError, IndexError, OverflowError, MemoryError)
LINK_KINDS = {h5py.h5l.TYPE_SOFT: 'a soft link', h5py.h5l.TYPE_EXTERNAL: 'a link to another file'}


def open_hdf5(path: Path) -> h5py.File:
    """Open an HDF5 file for reading.

    Raises:
        ValueError: It is a pipe, a device or a folder.
        OSError: It cannot be opened.

    """
    if not stat.S_ISREG(path.stat().st_mode):
        msg = 'it is not a regular file'
        raise ValueError(msg)
    return h5py.File(path, 'r')


def has_member(group: h5py.Group, name: str) -> bool:
    """Return whether a group has a member of this name, without following a link."""
    return bool(group.id.links.exists(name.encode()))


def open_dataset(
    group: h5py.Group,
    name: str,
    *,
    dtypes: Collection[np.dtype[Any]] | str,
    rank: int | Collection[int],
    max_bytes: int | None = None,
) -> h5py.Dataset:
    """Return a dataset of a group after a check of its storage, type, rank and size.

    Args:
        group: The group or file.
        name: Name of the dataset in the group.
        dtypes: Accepted element types, or the accepted `kind` characters of NumPy.
        rank: Number of dimensions, or the accepted numbers.
        max_bytes: Greatest size of the whole dataset; None for one that is read in parts.

    Raises:
        ValueError: The dataset is missing, is no dataset, has data outside the file, another type or rank, or states
            more data than the file can hold. The message is the reason.

    """
    key = name.encode()
    if not has_member(group, name):
        msg = f'it contains no dataset {name!r}'
        raise ValueError(msg)
    kind = group.id.links.get_info(key).type
    if kind != h5py.h5l.TYPE_HARD:
        msg = f'{name!r} is {LINK_KINDS.get(kind, "a link of an unknown kind")}: links are not followed'
        raise ValueError(msg)
    found = h5py.h5o.open(group.id, key)
    if not isinstance(found, h5py.h5d.DatasetID):
        msg = f'{name!r} is a group or a type, not a dataset'
        raise ValueError(msg)  # noqa: TRY004 (the file is wrong, not the type of an argument)
    _check_storage(found, name)
    dataset = h5py.Dataset(found)
    is_accepted = dataset.dtype.kind in dtypes if isinstance(dtypes, str) else dataset.dtype in dtypes
    ranks = (rank,) if isinstance(rank, int) else tuple(rank)
    if not is_accepted or dataset.dtype.shape or dataset.ndim not in ranks:
        expected = 'numbers' if isinstance(dtypes, str) else ' or '.join(map(str, dtypes))
        dimensions = ' or '.join(map(str, ranks))
        msg = f'{name!r} is {dataset.dtype!s:.40} with {dataset.ndim} dimensions: expected {expected} with {dimensions}'
        raise ValueError(msg)
    _check_size(dataset, name, max_bytes)
    return dataset


def read_attributes(group: h5py.Group) -> dict[str, Any]:
    """Return the attributes of a group.

    Raises:
        ValueError: There are too many attributes, or one is too large.

    """
    count = h5py.h5a.get_num_attrs(group.id)
    if count > MAX_ATTRIBUTES:
        msg = f'it has {count} attributes, more than {MAX_ATTRIBUTES}'
        raise ValueError(msg)
    for index in range(count):
        attribute = h5py.h5a.open(group.id, index=index)
        size = math.prod(attribute.shape) * attribute.dtype.itemsize
        if size > MAX_ATTRIBUTE_BYTES:
            msg = f'the attribute {attribute.name!r} has {size} bytes, more than {MAX_ATTRIBUTE_BYTES}'
            raise ValueError(msg)
    return dict(group.attrs)


def _check_storage(dataset: h5py.h5d.DatasetID, name: str) -> None:
    properties = dataset.get_create_plist()
    if properties.get_layout() == h5py.h5d.VIRTUAL:
        msg = f'{name!r} is a virtual dataset: data of other files is not read'
        raise ValueError(msg)
    if properties.get_external_count():
        msg = f'{name!r} has external storage: data of other files is not read'
        raise ValueError(msg)
    for index in range(properties.get_nfilters()):
        code = properties.get_filter(index)[0]
        if code not in FILTERS:
            msg = f'{name!r} has the filter {code}: expected {sorted(FILTERS.values())}'
            raise ValueError(msg)


def _check_size(dataset: h5py.Dataset, name: str, max_bytes: int | None) -> None:
    size, itemsize = math.prod(dataset.shape) * dataset.dtype.itemsize, dataset.dtype.itemsize
    if max_bytes is not None and size > max_bytes:
        msg = f'{name!r} has {size} bytes, more than {max_bytes}'
        raise ValueError(msg)
    if dataset.chunks is not None and math.prod(dataset.chunks) * itemsize > MAX_CHUNK_BYTES:
        msg = f'{name!r} has chunks of {math.prod(dataset.chunks) * itemsize} bytes, more than {MAX_CHUNK_BYTES}'
        raise ValueError(msg)
    stored = dataset.id.get_storage_size()
    if size > stored * MAX_COMPRESSION:
        msg = f'{name!r} states {size} bytes, and the file stores {stored} for it: it is incomplete'
        raise ValueError(msg)
