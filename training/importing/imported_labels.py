# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labels of the images of an imported drive: files of `training.labelling.label` or of other teachers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, final

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.datasets.drive_attributes import METRES, RELATIVE
from audio_manifold_ros.datasets.label_file import STEREO_SCALE_M, LabelFile, label_depth_unit
from audio_manifold_ros.modalities.registry import DEPTH, MODALITIES
from training.labelling.frame import RecordedFrame
from training.labelling.teacher_files import READERS, TeacherFiles


class ImportedLabels(Protocol):
    """Labels of one modality of a drive.

    Attributes:
        depth_unit: Unit of the depth that `image` returns. It has no meaning for classes.
        columns: First column of the picture that the images show, and one past the last. None means all.
        provenance: Origin of the labels as plain values. Labels that may differ have different provenance.

    """

    depth_unit: str
    columns: tuple[int, int] | None
    provenance: Mapping[str, object]

    def image(self, stamp_ns: int, names: Sequence[str]) -> NDArray[Any] | None:
        """Return depth as float (row, column), NaN invalid, or class ids as uint8, or None without labels.

        Args:
            stamp_ns: Time of the image.
            names: Possible base names of its label files, the most likely first.

        Raises:
            TrainingError: The label is damaged.
            DatasetError: The label is damaged.

        """

    def close(self) -> None:
        """Close open files."""


class FoundLabels(Protocol):
    """Labels of one drive by modality."""

    @property
    def found(self) -> Mapping[str, ImportedLabels]:
        """The labels of each modality that exists."""


@final
class Hdf5Labels:
    """Labels from a file of `audio-manifold train label`. Implements `ImportedLabels`."""

    def __init__(self, path: Path) -> None:
        """Open a label file.

        Raises:
            DatasetError: It is damaged.

        """
        self._file = LabelFile(path)
        self._numbers = {stamp_ns: number for number, stamp_ns in enumerate(self._file.stamp_ns.tolist())}
        provenance = self._file.description.provenance
        columns = provenance.get('source', {}).get('columns')
        self.columns = None if columns is None else (int(columns[0]), int(columns[1]))
        depth_unit_info = label_depth_unit(self._file.description)
        self.depth_unit = depth_unit_info.unit
        self._divisor = depth_unit_info.divisor if self._file.description.modality == DEPTH else 1.0
        self.provenance: Mapping[str, object] = {'key': self._file.description.key, **provenance}

    def image(self, stamp_ns: int, names: Sequence[str]) -> NDArray[Any] | None:  # noqa: ARG002
        """Return the image of exactly this time."""
        number = self._numbers.get(stamp_ns)
        if number is None:
            return None
        image = self._file.image(number)
        return image if self._divisor == 1.0 else image / np.float32(self._divisor)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@final
class ImageFileLabels:
    """Labels from a folder of `NAME_disp.npy` or `NAME_mask.png`. Implements `ImportedLabels`."""

    def __init__(self, folder: Path, modality: str, columns: tuple[int, int] | None, prefixes: Sequence[str]) -> None:
        """List the files of a folder.

        Args:
            folder: Folder of the files.
            modality: `depth` or `segmentation`.
            columns: Column range of the picture that the files show. None means all.
            prefixes: Possible prefixes of a name.

        Raises:
            TrainingError: It contains no such files.

        """
        self._teacher = TeacherFiles(folder, modality)
        self._scale = STEREO_SCALE_M if modality == DEPTH else None
        self._prefixes = tuple(prefixes)
        self.columns = columns
        self.depth_unit = RELATIVE
        self.provenance: Mapping[str, object] = {**self._teacher.provenance, 'columns': columns and list(columns)}
        if self._scale is not None:
            self.provenance = {**self.provenance, 'depth_m': 'none: relative depth, 1 / scaled disparity'}

    def image(self, stamp_ns: int, names: Sequence[str]) -> NDArray[Any] | None:
        """Return the content of the first file whose name matches."""
        file_names = tuple(f'{prefix}{name}' for name in names for prefix in self._prefixes)
        (image,) = self._teacher.label([RecordedFrame(stamp_ns, stamp_ns, file_names, _refuse_picture)])
        return image if image is None or self._scale is None else image / np.float32(self._scale)

    def close(self) -> None:
        """Do nothing: no file is open."""


@final
class LabelFolders:
    """Depth and class labels of one drive. Use it as a context manager.

    Attributes:
        found: The labels of each modality that exists.

    """

    def __init__(
        self,
        folders: dict[str, Path],
        columns: tuple[int, int] | None = None,
        prefixes: Sequence[str] = ('',),
    ) -> None:
        """Open the labels in the folder of each modality. An HDF5 label file takes precedence over single files.

        Args:
            folders: Folder by modality. It may be absent.
            columns: Column range of the picture that single files show. None means all. An HDF5 label file contains
                its own range.
            prefixes: Possible prefixes of the names of single files.

        Raises:
            TrainingError: No folder contains labels.
            DatasetError: A label file is damaged.

        """
        self.found: dict[str, ImportedLabels] = {}
        with ExitStack() as opened:
            for modality, folder in folders.items():
                label_file = folder / MODALITIES[modality].label_file
                if label_file.exists():
                    self.found[modality] = Hdf5Labels(label_file)
                elif any(folder.glob(f'*{READERS[modality][0]}')):
                    self.found[modality] = ImageFileLabels(folder, modality, columns, prefixes)
                if modality in self.found:
                    opened.callback(self.found[modality].close)
            self._open = opened.pop_all()
        if not self.found:
            searched_folders = ', '.join(f'{modality} in {str(folder)!r}' for modality, folder in folders.items())
            msg = (
                f'No labels found: searched for {searched_folders}. Label the pictures first '
                '(audio-manifold train label), or give the folders of NAME_disp.npy and NAME_mask.png.'
            )
            raise TrainingError(msg)

    @property
    def depth_unit(self) -> str:
        """Unit of the depth, or metres without depth."""
        return self.found[DEPTH].depth_unit if DEPTH in self.found else METRES

    @property
    def provenance(self) -> dict[str, Mapping[str, object]]:
        """Provenance of the labels by modality."""
        return {modality: labels.provenance for modality, labels in self.found.items()}

    def __enter__(self) -> LabelFolders:
        """Return this object."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all files."""
        self._open.close()


def _refuse_picture() -> NDArray[np.uint8]:
    msg = 'Label files are found by name: their pictures cannot be decoded.'
    raise TrainingError(msg)
