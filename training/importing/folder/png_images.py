# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth and class images of an imported folder: 16-bit PNG of depth or disparity, 8-bit PNG of class ids."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import TrainingError, reraise_file_errors
from audio_manifold_ros.common.png_palette import PNG_SIGNATURE, decode_class_image
from audio_manifold_ros.datasets.drive_attributes import METRES, RELATIVE
from audio_manifold_ros.modalities.registry import DEPTH
from training.labelling.teacher_files import class_ids

# 33 bytes are the signature and the IHDR chunk.
PNG_HEADER_BYTES = 33
MAX_PIXELS = 1 << 26
MAX_FILE_BYTES = 1 << 28
MM, DISPARITY = 'mm', 'disparity'
# Relative depth is image width / (16 × disparity in pixels), limited to the range of the teachers of OAP.
RELATIVE_DIVISOR = 16.0
RELATIVE_RANGE = (0.1, 100.0)


@dataclass(frozen=True)
class DepthRule:
    """Meaning of the values of the depth images. The value 0 is invalid.

    Attributes:
        kind: `mm`, or `disparity`.
        steps: Values per millimetre or per pixel of disparity. 256 for the disparity of KITTI.
        offset: Value of disparity 0. 1 for Cityscapes.
        focal_baseline: Focal length in pixels times baseline in metres, for disparity. 0 gives relative depth.

    """

    kind: str = MM
    steps: float = 1.0
    offset: float = 0.0
    focal_baseline: float = 0.0

    @property
    def unit(self) -> str:
        """Unit of the depth in the drive."""
        return METRES if self.kind == MM or self.focal_baseline else RELATIVE

    def depth(self, values: NDArray[np.uint16]) -> NDArray[np.float32]:
        """Return depth float32 (row, column) in `unit`, NaN invalid."""
        steps = (values.astype(np.float32) - np.float32(self.offset)) / np.float32(self.steps)
        steps = np.where((values > 0) & (steps > 0), steps, np.float32(np.nan))
        if self.kind == MM:
            return np.asarray(steps / np.float32(1000), dtype=np.float32)
        if self.focal_baseline:
            return np.asarray(np.float32(self.focal_baseline) / steps, dtype=np.float32)
        relative = np.float32(values.shape[1] / RELATIVE_DIVISOR) / steps
        return np.asarray(np.clip(relative, *RELATIVE_RANGE), dtype=np.float32)


@final
class PngLabels:
    """Images of one modality by base name. Implements `ImportedLabels`."""

    def __init__(self, files: Mapping[str, Path], modality: str, rule: DepthRule) -> None:
        """Open no file.

        Args:
            files: PNG file by base name.
            modality: `depth` or `segmentation`.
            rule: Meaning of depth values.

        """
        self._files, self._modality, self._rule = files, modality, rule
        self.depth_unit = rule.unit
        self.columns: tuple[int, int] | None = None
        values: dict[str, object] = {'values': asdict(rule)} if modality == DEPTH else {'values': 'class ids'}
        self.provenance: Mapping[str, object] = {'kind': 'png', **values}

    def image(self, stamp_ns: int, names: Sequence[str]) -> NDArray[Any] | None:  # noqa: ARG002
        """Return the image of the first name, or None without a file.

        Raises:
            TrainingError: The file is not an image of this modality.

        """
        path = self._files.get(names[0])
        if path is None:
            return None
        values = read_png(path)
        if self._modality != DEPTH:
            return class_ids(repr(str(path)), values)
        if values.ndim != 2 or values.dtype != np.uint16:
            msg = f'{str(path)!r}: {values.dtype} {values.shape}: give a 16-bit grey PNG of {self._rule.kind}.'
            raise TrainingError(msg)
        return self._rule.depth(values)

    def close(self) -> None:
        """Do nothing: no file is open."""


def read_png(path: Path) -> NDArray[Any]:
    """Return the stored values of a PNG file, indices if it has a palette. Its size is checked before it is decoded.

    Raises:
        TrainingError: The file cannot be read, is too large, or is not a PNG image.

    """
    with reraise_file_errors(TrainingError, 'read', path, 'Copy it again.'):
        is_regular, file_bytes = path.is_file(), path.stat().st_size
        if not is_regular or file_bytes > MAX_FILE_BYTES:
            reason = f'larger than {MAX_FILE_BYTES} bytes' if is_regular else 'not a regular file'
            msg = f'{str(path)!r} is {reason}: give a PNG image.'
            raise TrainingError(msg)
        data = path.read_bytes()
    if len(data) < PNG_HEADER_BYTES or not data.startswith(PNG_SIGNATURE):
        msg = f'{str(path)!r} is not a PNG image: it begins with {data[:8]!r}. Copy it again, or convert it to PNG.'
        raise TrainingError(msg)
    width, height = struct.unpack('>II', data[16:24])
    if width * height > MAX_PIXELS:
        msg = f'{str(path)!r} states {width} × {height} pixels: at most {MAX_PIXELS} are read. Make it smaller.'
        raise TrainingError(msg)
    image = decode_class_image(data)
    if image is None:
        msg = f'{str(path)!r} cannot be decoded as PNG: the file is damaged. Copy it again.'
        raise TrainingError(msg)
    return image
