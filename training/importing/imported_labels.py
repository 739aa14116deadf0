# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What teachers said about the images of a drive: tracks of `training.labelling.label`, or files of teachers run elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, final

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.datasets.drive_attributes import METRES, RELATIVE
from audio_manifold_ros.datasets.label_file import MODALITIES, STEREO_SCALE_M, LabelFile, label_depth_unit
from training.labelling.frame import RecordedFrame
from training.labelling.teacher_files import READERS, TeacherFiles

DEPTH, SEGMENTATION = 'depth', 'segmentation'


class ImportedLabels(Protocol):
    """One modality of a drive.

    Attributes:
        depth_unit: Unit of the depth that `image` returns; of no meaning for classes.
        columns: First column of the picture that the images show, and one past the last; None for all.
        provenance: Who said it, as plain values; two truths that may disagree differ in it.

    """

    depth_unit: str
    columns: tuple[int, int] | None
    provenance: dict[str, Any]

    def image(self, stamp_ns: int, names: Sequence[str]) -> NDArray[Any] | None:
        """Return float (row, column) depth, NaN invalid, or uint8 class ids; None where nothing is known.

        Args:
            stamp_ns: The instant.
            names: What files about it may be called, the likeliest first.

        Raises:
            TrainingError: What is there is damaged.
            DatasetError: What is there is damaged.

        """

    def close(self) -> None:
        """Close what is open."""


@final
class Hdf5Labels:
    """A track that `python -m training.labelling.label` wrote; satisfies `ImportedLabels`."""

    def __init__(self, path: Path) -> None:
        """Open a track.

        Raises:
            DatasetError: It is damaged.

        """
        self._track = LabelFile(path)
        self._numbers = {stamp_ns: number for number, stamp_ns in enumerate(self._track.stamp_ns.tolist())}
        provenance_items = self._track.description.provenance
        columns = provenance_items.get('source', {}).get('columns')
        self.columns = None if columns is None else (int(columns[0]), int(columns[1]))
        depth_unit_info = label_depth_unit(self._track.description)
        self.depth_unit = depth_unit_info.unit
        self._divisor = depth_unit_info.divisor if self._track.description.modality == DEPTH else 1.0
        self.provenance = {'key': self._track.description.key, **provenance_items}

    def image(self, stamp_ns: int, names: Sequence[str]) -> NDArray[Any] | None:  # noqa: ARG002
        """Return the image of that very instant."""
        number = self._numbers.get(stamp_ns)
        if number is None:
            return None
        image = self._track.image(number)
        return image if self._divisor == 1.0 else image / np.float32(self._divisor)

    def close(self) -> None:
        """Close the track."""
        self._track.close()


@final
class ImageFileLabels:
    """A folder of `NAME_disp.npy` or `NAME_mask.png`; satisfies `ImportedLabels`."""

    def __init__(self, folder: Path, modality: str, columns: tuple[int, int] | None, prefixes: Sequence[str]) -> None:
        """Look into a folder.

        Args:
            folder: Where the files lie.
            modality: `depth` or `segmentation`.
            columns: What the files show of the picture; None for all.
            prefixes: What may stand before a name.

        Raises:
            TrainingError: It holds no such files.

        """
        self._teacher = TeacherFiles(folder, modality)
        self._scale = STEREO_SCALE_M if modality == DEPTH else None
        self._prefixes = tuple(prefixes)
        self.columns = columns
        self.depth_unit = RELATIVE
        self.provenance = {**self._teacher.provenance, 'columns': columns and list(columns)}
        if self._scale is not None:
            self.provenance = {**self.provenance, 'depth_m': 'none: relative depth, 1 / scaled disparity'}

    def image(self, stamp_ns: int, names: Sequence[str]) -> NDArray[Any] | None:
        """Return the file of the first name that has one."""
        called = tuple(f'{prefix}{name}' for name in names for prefix in self._prefixes)
        (image,) = self._teacher.label([RecordedFrame(stamp_ns, stamp_ns, called, _refuse_picture)])
        return image if image is None or self._scale is None else image / np.float32(self._scale)

    def close(self) -> None:
        """Nothing is open."""


@final
class LabelFolders:
    """Depth and classes of one drive, as far as there are. Use it as a context manager.

    Attributes:
        found: The truth of each modality.

    """

    def __init__(
        self,
        folders: dict[str, Path],
        columns: tuple[int, int] | None = None,
        prefixes: Sequence[str] = ('',),
    ) -> None:
        """Open what lies in the folder of each modality: a track before files.

        Args:
            folders: By modality; a folder that does not exist holds nothing.
            columns: What files of teachers show of the picture; None for all. Tracks say it themselves.
            prefixes: What may stand before the names of files.

        Raises:
            TrainingError: No folder holds anything.
            DatasetError: A track is damaged.

        """
        self.found: dict[str, ImportedLabels] = {}
        with ExitStack() as opened:
            for modality, folder in folders.items():
                track = folder / MODALITIES[modality][0]
                if track.exists():
                    self.found[modality] = Hdf5Labels(track)
                elif any(folder.glob(f'*{READERS[modality][0]}')):
                    self.found[modality] = ImageFileLabels(folder, modality, columns, prefixes)
                if modality in self.found:
                    opened.callback(self.found[modality].close)
            self._open = opened.pop_all()
        if not self.found:
            searched_folders = ', '.join(f'{modality} in {str(folder)!r}' for modality, folder in folders.items())
            msg = (
                f'No truth: looked for {searched_folders}. Label the pictures first (python -m training.labelling.label), or name the '
                'folders where teachers wrote NAME_disp.npy and NAME_mask.png.'
            )
            raise TrainingError(msg)

    @property
    def depth_unit(self) -> str:
        """Unit of the depth; metres where there is none."""
        return self.found[DEPTH].depth_unit if DEPTH in self.found else METRES

    @property
    def provenance(self) -> dict[str, Any]:
        """Who said it, by modality."""
        return {modality: truth.provenance for modality, truth in self.found.items()}

    def __enter__(self) -> LabelFolders:
        """Return the folders."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all tracks."""
        self._open.close()


def _refuse_picture() -> NDArray[np.uint8]:
    msg = 'A folder of files was asked for a picture: it knows images by their names only.'
    raise TrainingError(msg)
