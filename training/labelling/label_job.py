# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labelling of a recording in resumable parts, which are joined to one label file at the end."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros import __version__
from audio_manifold_ros.common.errors import DatasetError, TrainingError
from audio_manifold_ros.common.image_resize import resize_nearest
from audio_manifold_ros.datasets.label_file import (
    LabelDescription,
    LabelFile,
    LabelSegment,
    write_label_file,
)
from audio_manifold_ros.modalities.registry import MODALITIES
from training.labelling.frame import FrameSource, RecordedFrame
from training.labelling.teacher import Teacher

KEY_VERSION = 1
PART_FRAMES = 128


@dataclass(frozen=True)
class LabelJob:
    """The labels to compute.

    Attributes:
        source: The camera images.
        teacher: The teacher.
        size: Rows and columns of the labels. Images are sampled at the nearest pixels.
        every: Label every n-th image, from the first.
        batch: Batch size of the teacher.

    """

    source: FrameSource
    teacher: Teacher
    size: tuple[int, int]
    every: int = 1
    batch: int = 8

    @property
    def count(self) -> int:
        """Maximum number of images to label."""
        return -(-self.source.count // self.every)

    @property
    def description(self) -> LabelDescription:
        """Description of the label file. Its key changes only with the inputs of the labels."""
        provenance: dict[str, object] = {
            'source': self.source.provenance,
            'teacher': self.teacher.provenance,
            'size': list(self.size),
            'every': self.every,
        }
        content = {'version': KEY_VERSION, 'modality': self.teacher.modality, **provenance}
        content['source'] = {name: value for name, value in self.source.provenance.items() if name != 'recording'}
        key = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        provenance['software'] = f'audio_manifold_ros {__version__}'
        return LabelDescription(self.teacher.modality, key, provenance)


def run_label_job(request: LabelJob, folder: Path, advance: Callable[[int], None]) -> Path:
    """Label a recording, unless the labels exist with the same key, and return the path of the label file.

    Args:
        request: The labels to compute.
        folder: Folder of the label file, and until it is complete of its parts, from which an interrupted run resumes.
        advance: Called with the number of images done since the last call.

    Raises:
        TrainingError: The teacher cannot label the images.
        BagError: The recording is damaged.
        DatasetError: The labels cannot be written.

    """
    description = request.description
    path = folder / MODALITIES[request.teacher.modality].label_file
    finished_count = _finished_frame_count(path, description.key)
    if finished_count is not None:
        advance(finished_count)
        return path
    parts = folder / f'.{path.stem}.{description.key[:16]}.parts'
    _label_parts(request, description, parts, advance)
    if not any(len(run.time_ns) for run in _read_segments(parts)):
        shutil.rmtree(parts)
        msg = (
            f'{description.provenance["teacher"]!r} has no label for any of {request.count} images: check that '
            'times or file names match.'
        )
        raise TrainingError(msg)
    write_label_file(path, description, _read_segments(parts))
    shutil.rmtree(parts)
    return path


def _label_parts(request: LabelJob, description: LabelDescription, parts: Path, advance: Callable[[int], None]) -> None:
    frames = islice(request.source.frames(), 0, None, request.every)
    for number in range(max(1, -(-request.count // PART_FRAMES))):
        part = parts / f'{number:06d}.h5'
        done = _finished_frame_count(part, description.key)
        if done is None:
            write_label_file(part, description, iter([_label(request, islice(frames, PART_FRAMES), advance)]))
        else:
            sum(1 for _ in islice(frames, done))
            advance(done)


def _label(request: LabelJob, frames: Iterator[RecordedFrame], advance: Callable[[int], None]) -> LabelSegment:
    dtype = MODALITIES[request.teacher.modality].stored_dtypes[0]
    times: list[tuple[int, int]] = []
    images: list[NDArray[Any]] = []
    processed = 0
    while batch := list(islice(frames, request.batch)):
        for frame, image in zip(batch, request.teacher.label(batch), strict=True):
            if image is not None:
                times.append((frame.time_ns, frame.stamp_ns))
                images.append(_stored(resize_nearest(image, *request.size), dtype))
        processed += len(batch)
        advance(len(batch))
    time_ns, stamp_ns = np.array(times, dtype=np.int64).reshape(-1, 2).T
    return LabelSegment(time_ns, stamp_ns, np.array(images, dtype=dtype).reshape(-1, *request.size), processed)


def _stored(image: NDArray[Any], dtype: type[np.generic]) -> NDArray[Any]:
    with np.errstate(over='ignore'):
        stored = image.astype(dtype)
    return np.where(np.isinf(stored), dtype(np.nan), stored) if dtype is np.float16 else stored


def _finished_frame_count(path: Path, key: str) -> int | None:
    """Return the number of processed images of a finished file of this key, or None without such a file."""
    try:
        with LabelFile(path) as labels:
            return labels.frames if labels.description.key == key else None
    except DatasetError:
        return None


def _read_segments(parts: Path) -> Iterator[LabelSegment]:
    for part in sorted(parts.glob('*.h5')):
        with LabelFile(part) as labels:
            yield labels.run()
