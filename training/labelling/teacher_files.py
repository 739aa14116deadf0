# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labels of the paper's teachers as files, one per image: disparity of Monodepth2 and classes of DeepLabV3."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.class_ids import CLASS_NAMES, UNLABELLED
from audio_manifold_ros.common.errors import TrainingError, reraise_file_errors
from audio_manifold_ros.common.npy_file import read_npy
from audio_manifold_ros.common.png_palette import decode_class_image
from audio_manifold_ros.datasets.label_file import FILES_KIND, STEREO_SCALE_M
from audio_manifold_ros.modalities.registry import DEPTH, SEGMENTATION
from training.labelling.content_fingerprint import fingerprint
from training.labelling.frame import RecordedFrame

# Range of scaled disparity (Godard et al. 2019).
DISPARITY_RANGE = (0.01, 10.0)
# 16 million pixels in double precision.
MAX_DISPARITY_BYTES = 1 << 27
MAX_MASK_BYTES = 1 << 28


class TeacherFiles:
    """A folder with `NAME_disp.npy` or `NAME_mask.png` for each image.

    A disparity is float (row, column), with optional leading axes of length 1. NAME is the name of the picture or its
    last number, or for a bag the stamp of the image in nanoseconds.

    Attributes:
        modality: `depth` or `segmentation`.

    """

    def __init__(self, folder: Path, modality: str) -> None:
        """List the files of a folder.

        Raises:
            TrainingError: It contains no such files.

        """
        self.modality = modality
        self._ending, self._read = READERS[modality]
        self._files = {file.name: file for file in sorted(folder.glob(f'*{self._ending}'))}
        if not self._files:
            msg = f'{str(folder)!r} contains no *{self._ending}: give the output folder of the {modality} teacher.'
            raise TrainingError(msg)
        self._fingerprint = fingerprint(self._files.values(), full_content=False)

    @property
    def provenance(self) -> dict[str, object]:
        """Identity of the files, and the conversion of their values."""
        scale = {'depth_m': f'{STEREO_SCALE_M} / scaled disparity'} if self.modality == DEPTH else {}
        return {'kind': FILES_KIND, 'ending': self._ending, 'fingerprint': self._fingerprint, **scale}

    def label(self, frames: Sequence[RecordedFrame]) -> list[NDArray[Any] | None]:
        """Return the content of the files, or None without a file.

        Raises:
            TrainingError: A file has another content.

        """
        found = [
            [self._files[f'{name}{self._ending}'] for name in frame.names if f'{name}{self._ending}' in self._files]
            for frame in frames
        ]
        return [self._read(files[0]) if files else None for files in found]


def disparity_to_depth_m(where: str, disparity: NDArray[Any]) -> NDArray[np.float32]:
    """Return depth in metres from scaled disparity: float (row, column), with optional leading axes of length 1.

    Raises:
        TrainingError: It is not a scaled disparity. `where` names its source in the message.

    """
    low, high = DISPARITY_RANGE
    image = disparity.reshape(disparity.shape[-2:]) if set(disparity.shape[:-2]) == {1} else disparity
    if image.ndim != 2 or image.dtype.kind != 'f' or not image.size:
        msg = f'{where}: {image.dtype} {image.shape}: give scaled disparity as float (row, column).'
        raise TrainingError(msg)
    if not (np.all(np.isfinite(image)) and low * 0.99 <= image.min() and image.max() <= high * 1.01):
        msg = f'{where}: {image.min()} to {image.max()}: scaled disparity must be between {low} and {high}.'
        raise TrainingError(msg)
    depth_m: NDArray[np.float32] = np.divide(np.float32(STEREO_SCALE_M), image, dtype=np.float32)
    return depth_m


def class_ids(where: str, ids: NDArray[Any] | None) -> NDArray[np.uint8]:
    """Return a decoded picture of class ids (row, column).

    Raises:
        TrainingError: The picture could not be decoded (None), or does not contain class ids. `where` names its source
            in the message.

    """
    if ids is None or ids.ndim != 2 or ids.dtype != np.uint8:
        found = 'not a picture' if ids is None else f'{ids.dtype} {ids.shape}'
        msg = f'{where}: {found}: give an 8-bit PNG of class ids, grey or with a palette.'
        raise TrainingError(msg)
    unknown = sorted(set(np.unique(ids).tolist()) - {*range(len(CLASS_NAMES)), UNLABELLED})
    if unknown:
        msg = f'{where} contains the ids {unknown}: give Cityscapes train ids, 0 to 18, and 255 unlabelled.'
        raise TrainingError(msg)
    return np.asarray(ids)


def _read_disparity(path: Path) -> NDArray[np.float32]:
    try:
        with path.open('rb') as file:
            is_archive = file.read(2) == b'PK'
            file.seek(0)
            disparity = None if is_archive else read_npy(file, MAX_DISPARITY_BYTES)
    except Exception as error:  # noqa: BLE001 - foreign bytes: header parsing can raise any exception
        msg = f'{str(path)!r} is not an array of numbers ({error or type(error).__name__}): write it with numpy.save.'
        raise TrainingError(msg) from None
    if disparity is None:
        msg = f'{str(path)!r} is an archive, not an array of numbers: write it with numpy.save.'
        raise TrainingError(msg)
    return disparity_to_depth_m(repr(str(path)), disparity)


def _read_mask(path: Path) -> NDArray[np.uint8]:
    with reraise_file_errors(TrainingError, 'read', path, 'Write it again.'):
        is_readable = path.is_file() and path.stat().st_size <= MAX_MASK_BYTES
        ids = decode_class_image(path.read_bytes()) if is_readable else None
    return class_ids(repr(str(path)), ids)


# modality: (end of the file name, reader of a file)
READERS: Mapping[str, tuple[str, Callable[[Path], NDArray[Any]]]] = {
    DEPTH: ('_disp.npy', _read_disparity),
    SEGMENTATION: ('_mask.png', _read_mask),
}
