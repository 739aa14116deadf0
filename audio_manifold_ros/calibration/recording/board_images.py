# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of a board, from a folder or from the camera topic of a bag, and the views of the board in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.bags.decoding.image_messages import decode_rgb
from audio_manifold_ros.bags.decoding.image_stream import topic_images
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.calibration.camera.camera_intrinsics import is_new_view
from audio_manifold_ros.calibration.camera.charuco_board import BoardView, CharucoBoard
from audio_manifold_ros.calibration.recording.audio_video_clip import camera_topic
from audio_manifold_ros.common.array_types import RgbImage
from audio_manifold_ros.common.errors import BagError, CalibrationError

NamedPicture = tuple[str, RgbImage | None]

IMAGE_SUFFIXES = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff')
# A board is carried slowly: so often a bag is looked at, and so many views are enough.
MIN_INTERVAL_NS, MAX_VIEWS = 250_000_000, 60


@dataclass(frozen=True)
class BoardPictures:
    """What was found.

    Attributes:
        views: Different ones.
        width: Columns of the pictures.
        height: Their rows.
        pictures: How many were looked at.
        without_board: How many show no board, or too little of it.
        damaged: How many could not be read.

    """

    views: tuple[BoardView, ...]
    width: int
    height: int
    pictures: int
    without_board: int
    damaged: int


def folder_pictures(folder: Path) -> Iterator[NamedPicture]:
    """Yield the pictures of a folder, grey, in the order of their names.

    Raises:
        CalibrationError: There are none.

    """
    paths = sorted(path for path in folder.glob('*') if path.suffix.lower() in IMAGE_SUFFIXES)
    if not paths:
        msg = f'{folder}: has no pictures: give a folder with files of {", ".join(IMAGE_SUFFIXES)}.'
        raise CalibrationError(msg)
    for path in paths:
        grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        yield path.name, None if grey is None else np.asarray(grey, dtype=np.uint8)


def bag_pictures(path: Path, camera: str) -> Iterator[NamedPicture]:
    """Yield four pictures of every second of a bag, grey.

    Raises:
        BagError: The bag is damaged, or the camera cannot be told.

    """
    with BagReader(path) as bag:
        last_ns: int | None = None
        for image in topic_images(bag, camera_topic(bag, camera), decode_rgb):
            if last_ns is not None and image.stamp_ns is not None and abs(image.stamp_ns - last_ns) < MIN_INTERVAL_NS:
                continue
            last_ns = image.stamp_ns if image.stamp_ns is not None else last_ns
            yield str(image.stamp_ns), _grey(image.image)


def _grey(decode: Callable[[], NDArray[np.uint8]]) -> RgbImage | None:
    try:
        return np.asarray(cv2.cvtColor(decode(), cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    except BagError:
        return None


def detect_board_views(
    pictures: Iterable[NamedPicture], board: CharucoBoard, on_view: Callable[[int], None]
) -> BoardPictures:
    """Find a board in pictures of one camera.

    Args:
        pictures: Names, and grey pictures or None for damaged ones.
        board: The board.
        on_view: Told after every picture how many views there are.

    Raises:
        CalibrationError: The pictures differ in size, or there are none.

    """
    views: list[BoardView] = []
    size: tuple[int, int] | None = None
    count = without_board = damaged = 0
    for name, grey in pictures:
        count += 1
        if grey is None:
            damaged += 1
            continue
        size = size or (grey.shape[1], grey.shape[0])
        if (grey.shape[1], grey.shape[0]) != size:
            msg = (
                f'Picture {name!r} has {grey.shape[1]} x {grey.shape[0]} pixels, others {size[0]} x {size[1]}: give '
                'pictures of one size.'
            )
            raise CalibrationError(msg)
        view = board.detect(name, grey)
        without_board += view is None
        if view is not None and is_new_view(view, views, size[0]):
            views.append(view)
        on_view(len(views))
        if len(views) == MAX_VIEWS:
            break
    if size is None:
        msg = f'None of {count} pictures can be read: look at what recorded them.'
        raise CalibrationError(msg)
    return BoardPictures(tuple(views), size[0], size[1], count, without_board, damaged)
