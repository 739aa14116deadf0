# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drive files: one HDF5 file per drive with audio, images, labels and attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.datasets.drive_attributes import DriveAttributes
    from audio_manifold_ros.datasets.drive_reader import DriveReader
    from audio_manifold_ros.datasets.drive_writer import DriveWriter
    from audio_manifold_ros.datasets.label_file import LabelFile
    from audio_manifold_ros.datasets.rig_files import RigFiles
    from audio_manifold_ros.datasets.splits import Splits, split_drives
    from audio_manifold_ros.datasets.windows import DriveWindows, Window, cut_windows

__all__ = [
    'DriveAttributes',
    'DriveReader',
    'DriveWindows',
    'DriveWriter',
    'LabelFile',
    'RigFiles',
    'Splits',
    'Window',
    'cut_windows',
    'split_drives',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'drive_attributes': 'DriveAttributes',
        'drive_reader': 'DriveReader',
        'drive_writer': 'DriveWriter',
        'label_file': 'LabelFile',
        'rig_files': 'RigFiles',
        'splits': 'Splits split_drives',
        'windows': 'DriveWindows Window cut_windows',
    },
)
