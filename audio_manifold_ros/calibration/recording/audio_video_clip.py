# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bag as a person would watch it: raw sound of all channels, and small grey pictures with their instants in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.bags.conversion.audio_track import AudioTrack
from audio_manifold_ros.bags.decoding.dataset_topics import DEPTH, LABELS, find_topics
from audio_manifold_ros.bags.decoding.image_messages import IMAGE_TYPES, decode_rgb
from audio_manifold_ros.bags.decoding.image_stream import TimedImage, topic_images
from audio_manifold_ros.bags.decoding.recorded_audio import RecordedAudio
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.common.errors import BagError, CalibrationError

FULL_SCALE = 32768.0
MAX_COLUMNS = 320
MIN_PICTURES = 30

Region = tuple[int, int, int, int]
ProgressCallback = Callable[[float], None]


@dataclass(frozen=True)
class AudioVideoClip:
    """What a bag holds.

    Attributes:
        samples: f32 (channel, sample), zeros where audio is missing.
        sample_rate_hz: Rate.
        pictures: Grey uint8 (picture, row, column), made smaller.
        times_s: Instant of each picture, seconds since sample 0 by the stamps of both (picture,).
        size_px: Columns and rows of the camera.
        scale: Pixels of the camera for one of these.
        corner: Column and row of the region that was taken, in pixels of the camera.
        damaged: Pictures that could not be read.

    """

    samples: NDArray[np.float32]
    sample_rate_hz: int
    pictures: NDArray[np.uint8]
    times_s: NDArray[np.float64]
    size_px: tuple[int, int]
    scale: float
    corner: tuple[int, int]
    damaged: int


def load_clip(path: Path, audio: str, camera: str, region: Region | None, advance: ProgressCallback) -> AudioVideoClip:
    """Read a bag.

    Args:
        path: Of the bag.
        audio: Topic of the audio; '' finds it.
        camera: Topic of the camera; '' is the only one.
        region: Column and row of the upper left corner, columns and rows, in pixels of the camera; None takes all.
        advance: Told how many seconds of the recording are done; each is done twice.

    Raises:
        BagError: The bag is damaged, or a topic cannot be told.
        CalibrationError: There are too few pictures, or the region lies outside of them.

    """
    with BagReader(path) as bag:
        topics = find_topics(str(path), bag.topics, audio=audio)
        camera = camera_topic(bag, camera)
        chunks = RecordedAudio(bag, topics).chunks()
        first = next(chunks)
        track = AudioTrack(first.sample_rate_hz)
        pieces = []
        for piece, at in track.pieces(chain([first], chunks)):
            pieces.append((piece, at))
            advance(piece.shape[1] / first.sample_rate_hz)
        stamps_ns, pictures, damaged, size_px = _pictures(bag, camera, region, advance)
    if not pieces or len(pictures) < MIN_PICTURES:
        msg = f'{path}: {len(pictures)} pictures on {camera!r} and {len(pieces)} s of sound are too few: record both.'
        raise CalibrationError(msg)
    start = pieces[0][1]
    samples = np.zeros((track.channels, pieces[-1][1] + pieces[-1][0].shape[1] - start), dtype=np.float32)
    for piece, at in pieces:
        samples[:, at - start : at - start + piece.shape[1]] = piece / np.float32(FULL_SCALE)
    places = np.array([track.timeline.sample_at(stamp_ns) for stamp_ns in stamps_ns])
    corner = (0, 0) if region is None else region[:2]
    times_s = (places - start) / first.sample_rate_hz
    scale = (size_px[0] if region is None else region[2]) / pictures[0].shape[1]
    return AudioVideoClip(samples, first.sample_rate_hz, np.stack(pictures), times_s, size_px, scale, corner, damaged)


def camera_topic(bag: BagReader, name: str) -> str:
    """Return the topic of the camera: the one that is named, else the only one that is no depth and no labels.

    Raises:
        BagError: There is none, or several.

    """
    topics = [topic.name for topic in bag.topics if topic.type in IMAGE_TYPES and topic.count]
    named = [topic for topic in topics if topic.lstrip('/') == name.lstrip('/')]
    likely = named if name else [topic for topic in topics if topic.lstrip('/') not in (*DEPTH, *LABELS)]
    if len(likely) != 1:
        msg = f'{bag.path}: has images on {sorted(topics)}: name the one of the camera with --camera.'
        raise BagError(msg)
    return likely[0]


def _pictures(
    bag: BagReader, camera: str, region: Region | None, advance: ProgressCallback
) -> tuple[list[int], list[NDArray[np.uint8]], int, tuple[int, int]]:
    stamps_ns: list[int] = []
    kept: list[NDArray[np.uint8]] = []
    damaged, size_px = 0, (0, 0)
    for image in topic_images(bag, camera, decode_rgb):
        stamp_ns, picture = image.stamp_ns, _decoded(image)
        if picture is None or stamp_ns is None or (stamps_ns and stamp_ns <= stamps_ns[-1]):
            damaged += 1
            continue
        size_px = picture.shape[1], picture.shape[0]
        cropped = picture if region is None else _crop(picture, region)
        scale = max(cropped.shape[1] / MAX_COLUMNS, 1.0)
        grey = np.asarray(cv2.cvtColor(cropped, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        size = (round(cropped.shape[1] / scale), max(round(cropped.shape[0] / scale), 1))
        kept.append(np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.uint8))
        if stamps_ns:
            advance((stamp_ns - stamps_ns[-1]) / 1e9)
        stamps_ns.append(stamp_ns)
    return stamps_ns, kept, damaged, size_px


def _decoded(image: TimedImage) -> NDArray[np.uint8] | None:
    try:
        return np.asarray(image.image(), dtype=np.uint8)
    except BagError:
        return None


def _crop(picture: NDArray[np.uint8], region: Region) -> NDArray[np.uint8]:
    column, row, columns, rows = region
    if row + rows > picture.shape[0] or column + columns > picture.shape[1]:
        msg = (
            f'--region {column} {row} {columns} {rows}: the pictures have {picture.shape[1]} columns and '
            f'{picture.shape[0]} rows.'
        )
        raise CalibrationError(msg)
    return picture[row : row + rows, column : column + columns]
