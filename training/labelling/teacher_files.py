# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The paper's teachers, run elsewhere: Monodepth2's disparity and DeepLabV3's labels as files, one per image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.class_ids import CLASS_NAMES, UNLABELLED
from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.datasets.label_file import FILES_KIND, STEREO_SCALE_M
from training.labelling.content_fingerprint import fingerprint
from training.labelling.frame import RecordedFrame

# Of scaled disparity (Godard et al. 2019).
DISPARITY_RANGE = (0.01, 10.0)


class TeacherFiles:
    """A folder with `NAME_disp.npy` or `NAME_mask.png` for each image.

    A disparity is float (row, column), axes of length 1 before them allowed. NAME is the picture's name or its last
    number, or for a bag the image's stamp in nanoseconds.

    Attributes:
        modality: Either `depth` or `segmentation`.

    """

    def __init__(self, folder: Path, modality: str) -> None:
        """Look into a folder.

        Raises:
            TrainingError: It holds no such files.

        """
        self.modality = modality
        self._ending, self._read = READERS[modality]
        self._files = {file.name: file for file in sorted(folder.glob(f'*{self._ending}'))}
        if not self._files:
            msg = f'{str(folder)!r} holds no *{self._ending}: give the folder that the teacher of {modality} wrote.'
            raise TrainingError(msg)
        self._fingerprint = fingerprint(self._files.values(), full_content=False)

    @property
    def provenance(self) -> dict[str, object]:
        """The files, and what their numbers are taken for."""
        scale = {'depth_m': f'{STEREO_SCALE_M} / scaled disparity'} if self.modality == 'depth' else {}
        return {'kind': FILES_KIND, 'ending': self._ending, 'fingerprint': self._fingerprint, **scale}

    def label(self, frames: Sequence[RecordedFrame]) -> list[NDArray[Any] | None]:
        """Return what the files say, None where there is none.

        Raises:
            TrainingError: A file is not what the teacher writes.

        """
        found = [
            [self._files[f'{name}{self._ending}'] for name in frame.names if f'{name}{self._ending}' in self._files]
            for frame in frames
        ]
        return [self._read(files[0]) if files else None for files in found]


def disparity_to_depth_m(where: str, disparity: NDArray[Any]) -> NDArray[np.float32]:
    """Return depth in metres of scaled disparity: float (row, column), axes of length 1 before them allowed.

    Raises:
        TrainingError: It is something else; `where` says in the message where it comes from.

    """
    low, high = DISPARITY_RANGE
    image = disparity.reshape(disparity.shape[-2:]) if set(disparity.shape[:-2]) == {1} else disparity
    if image.ndim != 2 or image.dtype.kind != 'f' or not image.size:
        msg = f'{where}: {image.dtype} {image.shape}: give scaled disparity as float (row, column).'
        raise TrainingError(msg)
    if not (np.all(np.isfinite(image)) and low * 0.99 <= image.min() and image.max() <= high * 1.01):
        msg = f'{where}: {image.min()} to {image.max()}: scaled disparity lies between {low} and {high}.'
        raise TrainingError(msg)
    depth_m: NDArray[np.float32] = np.divide(np.float32(STEREO_SCALE_M), image, dtype=np.float32)
    return depth_m


def class_ids(where: str, ids: NDArray[Any] | None) -> NDArray[np.uint8]:
    """Return a decoded picture of class ids (row, column); None stands for one that could not be decoded.

    Raises:
        TrainingError: It is something else; `where` says in the message where it comes from.

    """
    if ids is None or ids.ndim != 2 or ids.dtype != np.uint8:
        found = 'no picture' if ids is None else f'{ids.dtype} {ids.shape}'
        msg = f'{where}: {found}: give a grey PNG of 8 bits whose values are class ids.'
        raise TrainingError(msg)
    unknown = sorted(set(np.unique(ids).tolist()) - {*range(len(CLASS_NAMES)), UNLABELLED})
    if unknown:
        msg = f'{where} holds the ids {unknown}: give Cityscapes train ids, 0 to 18, and 255 unlabelled.'
        raise TrainingError(msg)
    return np.asarray(ids)


def _read_disparity(path: Path) -> NDArray[np.float32]:
    try:
        with path.open('rb') as file:
            disparity = np.load(file, allow_pickle=False)
    except Exception as error:  # noqa: BLE001 - the bytes are foreign: numpy raises whatever a zip or a header leads to
        msg = f'{str(path)!r} is no array of numbers ({error or type(error).__name__}): write it with numpy.save.'
        raise TrainingError(msg) from None
    if not isinstance(disparity, np.ndarray):
        msg = f'{str(path)!r} is an archive, no array of numbers: write it with numpy.save.'
        raise TrainingError(msg)
    return disparity_to_depth_m(repr(str(path)), disparity)


def _read_mask(path: Path) -> NDArray[np.uint8]:
    import cv2

    try:
        ids = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    except cv2.error:  # a header that promises more pixels than OpenCV takes
        ids = None
    return class_ids(repr(str(path)), ids)


# modality: (how the names end, what reads a file)
READERS: Mapping[str, tuple[str, Callable[[Path], NDArray[Any]]]] = {
    'depth': ('_disp.npy', _read_disparity),
    'segmentation': ('_mask.png', _read_mask),
}
