# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images of a calibration board, from a folder or a camera topic of a bag, and the board views in them."""

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
# The board moves slowly. These limits reduce the images of a bag and the number of views.
MIN_INTERVAL_NS, MAX_VIEWS = 250_000_000, 60


@dataclass(frozen=True)
class BoardPictures:
    """Board views of a set of images.

    Attributes:
        views: Different views of the board.
        width: Columns of the images.
        height: Rows of the images.
        pictures: Number of images.
        without_board: Number of images without the board, or with too few corners.
        damaged: Number of images that cannot be read.

    """

    views: tuple[BoardView, ...]
    width: int
    height: int
    pictures: int
    without_board: int
    damaged: int


def folder_pictures(folder: Path) -> Iterator[NamedPicture]:
    """Yield the images of a folder as grey images, sorted by name.

    Raises:
        CalibrationError: The folder has no images.

    """
    paths = sorted(path for path in folder.glob('*') if path.suffix.lower() in IMAGE_SUFFIXES)
    if not paths:
        msg = f'{folder}: no images found: give a folder with files of type {", ".join(IMAGE_SUFFIXES)}.'
        raise CalibrationError(msg)
    for path in paths:
        # The pixels of the sensor are meant: an orientation in the EXIF data must not turn them.
        grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
        yield path.name, None if grey is None else np.asarray(grey, dtype=np.uint8)


def bag_pictures(path: Path, camera: str) -> Iterator[NamedPicture]:
    """Yield four grey images per second of a bag.

    Raises:
        BagError: The bag is damaged, or the camera topic cannot be selected.

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
    """Detect the board in images of one camera.

    Args:
        pictures: Name and grey image. The image is None if it is damaged.
        board: Board to detect.
        on_view: Function that receives the number of views after every image.

    Raises:
        CalibrationError: The images differ in size, or none can be read.

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
                f'Image {name!r} has {grey.shape[1]} x {grey.shape[0]} pixels, and the others have '
                f'{size[0]} x {size[1]}: give images of one size.'
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
        msg = f'None of {count} images can be read: check the program that recorded them.'
        raise CalibrationError(msg)
    return BoardPictures(tuple(views), size[0], size[1], count, without_board, damaged)
