# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stream of the windows of many drives with their images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from audio_manifold_ros.camera_prior.camera_view import CameraView
from audio_manifold_ros.common.errors import DatasetError
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.windows import cut_windows
from audio_manifold_ros.features.array_geometry import array_centre_m
from audio_manifold_ros.features.batch_features import rig_geometry
from audio_manifold_ros.modalities.modality_images import ModalityImages, image_fields

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from audio_manifold_ros.features.array_geometry import ArrayGeometry
    from audio_manifold_ros.features.kinds import AnyFeatureSpec
    from audio_manifold_ros.modalities.vehicle_observation import VehicleObservation


@dataclass(frozen=True, kw_only=True)
class WindowItem(ModalityImages):
    """One window of audio with its ground truth. Depth is in the `depth_unit` of the dataset.

    Attributes:
        audio: float32 (mic, sample), full scale ±1. A missing microphone is zero.
        drive_id: Id of its drive.
        image_index: Index of the image in its drive.
        stamp_ns: Time of the image on the clock of the recording.
        missing_microphones: Indices of the microphones that were not recorded, in the order of the array.
        geometry: Geometry of the array for spatial features. None for mel features.
        view: View of the camera, with spatial features. None for mel features.
        vehicles: Vehicles in traffic around the centre of the array. None if the drive does not state them.

    """

    audio: NDArray[np.float32]
    drive_id: str
    image_index: int
    stamp_ns: int
    missing_microphones: tuple[int, ...] = ()
    geometry: ArrayGeometry | None = None
    view: CameraView | None = None
    vehicles: tuple[VehicleObservation, ...] | None = None


class WindowDataset:
    """The windows of a list of drive files, in order. Each file is opened once per iteration.

    Attributes:
        dropped: Number of images without a window by reason, after an iteration.
        geometry_sha256: Hash of the common microphone array, after the first drive. Empty with spatial features, for
            which the arrays may differ.
        depth_unit: Common unit of depth (`m` or `relative`), after the first drive with depth.

    """

    def __init__(
        self, paths: Sequence[Path], spec: AnyFeatureSpec, *, frame_position: float = 0.5, verify: bool = True
    ) -> None:
        """Configure the dataset.

        Args:
            paths: The drive files.
            spec: Feature specification with the length and rate of the windows.
            frame_position: Position of the image in the window, 0 to 1.
            verify: Compare the checksum of each file before it is read. A changed byte is then an error.

        """
        self.paths = tuple(paths)
        self.dropped: Counter[str] = Counter()
        self.geometry_sha256: str | None = None
        self.depth_unit: str | None = None
        self._spec = spec
        self._frame_position = frame_position
        self._verify = verify

    def __iter__(self) -> Iterator[WindowItem]:
        """Yield every window.

        Raises:
            DatasetError: A file cannot be read, or differs from the first in array or depth unit.

        """
        self.dropped = Counter()
        for path in self.paths:
            with DriveReader(path, verify=self._verify) as drive:
                geometry = rig_geometry(drive.rig, self._spec)
                view = None
                if geometry is None:
                    self._check_geometry(drive)
                else:
                    view = CameraView.from_rig(drive.rig.camera_model(), drive.rig.transforms())
                self._check_depth_unit(drive)
                centre_m = array_centre_m(drive.array, drive.rig.transforms()).tolist()
                cut = cut_windows(drive, self._spec, self._frame_position)
                self.dropped.update(cut.dropped)
                for window in cut.windows:
                    yield WindowItem(
                        **image_fields(drive.images(window.image).by_modality()),
                        audio=drive.samples(window.first_sample, self._spec.window_samples),
                        drive_id=drive.drive_id,
                        image_index=window.image,
                        stamp_ns=int(drive.image_stamps_ns[window.image]),
                        missing_microphones=drive.missing_microphones,
                        geometry=geometry,
                        view=view,
                        vehicles=_vehicles_from(drive, window.image, centre_m),
                    )

    def _check_geometry(self, drive: DriveReader) -> None:
        drive_value = drive.array.geometry_sha256()
        if self.geometry_sha256 is None:
            self.geometry_sha256 = drive_value
        if drive_value != self.geometry_sha256:
            msg = (
                f'{drive.path}: array {drive.array.array_id!r} ({drive_value[:12]}…) differs from that of '
                f'{self.paths[0]} ({self.geometry_sha256[:12]}…): a dataset must have one array.'
            )
            raise DatasetError(msg)

    def _check_depth_unit(self, drive: DriveReader) -> None:
        drive_value = drive.attributes.depth_unit if drive.has_depth else self.depth_unit
        if self.depth_unit is None:
            self.depth_unit = drive_value
        if drive_value != self.depth_unit:
            msg = (
                f'{drive.path}: depth in {drive_value!r}, but {self.depth_unit!r} in earlier drives: a dataset must '
                'have one unit. Label all drives with one teacher.'
            )
            raise DatasetError(msg)


def _vehicles_from(drive: DriveReader, image: int, centre_m: Sequence[float]) -> tuple[VehicleObservation, ...] | None:
    if not drive.has_vehicles:
        return None
    return tuple(vehicle.seen_from(centre_m[0], centre_m[1]) for vehicle in drive.vehicles(image))


def find_drives(folder: Path | str) -> dict[str, Path]:
    """Return the finished drive files below a folder by drive id (the file's stem), sorted.

    Raises:
        DatasetError: There is no drive, or two share a name.

    """
    paths = sorted(path for path in Path(folder).rglob('*.h5') if not path.name.startswith('.'))
    if not paths:
        msg = f'{str(folder)!r} contains no drive file (*.h5): write some with `audio-manifold train simulate`.'
        raise DatasetError(msg)
    repeated = [stem for stem, count in Counter(path.stem for path in paths).items() if count > 1]
    if repeated:
        msg = f'{str(folder)!r} contains several drives named {repeated[:5]}: a drive id must be unique.'
        raise DatasetError(msg)
    return {path.stem: path for path in paths}
