# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ground truth in the size of the labels, read from the drive files."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import final

import numpy as np

from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.modalities.modality_images import ModalityImages
from audio_manifold_ros.rig.camera import CameraModel
from training.data.window_dataset import find_drives


@final
class FullResolutionGroundTruth:
    """Images of drives by drive and instant, one drive open at a time. Use it as a context manager."""

    def __init__(self, folder: Path | str) -> None:
        """List the drives below a folder.

        Raises:
            DatasetError: There is no drive, or the first cannot be read.

        """
        self._drives = find_drives(folder)
        first, path = next(iter(self._drives.items()))
        self._verified = {first}
        self._open = DriveReader(path, verify=True)
        self._open_id = first
        self._camera: CameraModel | None = None

    def images(self, drive_id: str, stamp_ns: int) -> ModalityImages | None:
        """Return the images of an instant in the size of the labels, or None for a drive without them.

        Raises:
            DatasetError: The drive cannot be read.

        """
        drive = self._opened(drive_id)
        if not drive.has_native:
            return None
        image = int(np.flatnonzero(drive.image_stamps_ns == stamp_ns)[0])
        return drive.native_images(image)

    def camera(self, drive_id: str) -> CameraModel:
        """Return the camera of a drive.

        Raises:
            DatasetError: The drive cannot be read.
            RigError: Its camera is invalid.

        """
        drive = self._opened(drive_id)
        if self._camera is None:
            self._camera = drive.rig.camera_model()
        return self._camera

    def _opened(self, drive_id: str) -> DriveReader:
        if drive_id != self._open_id:
            self._open.close()
            is_new = drive_id not in self._verified
            self._open, self._open_id = DriveReader(self._drives[drive_id], verify=is_new), drive_id
            self._verified.add(drive_id)
            self._camera = None
        return self._open

    def __enter__(self) -> FullResolutionGroundTruth:
        """Return this object."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the open drive."""
        self._open.close()
