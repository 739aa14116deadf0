# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Synchronised audio and small grey images of one bag."""

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
from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.common.errors import BagError, CalibrationError
from audio_manifold_ros.common.pcm16 import int16_to_float
from audio_manifold_ros.common.units import NS_PER_S

MAX_COLUMNS = 320
MIN_PICTURES = 30

Region = tuple[int, int, int, int]
ProgressCallback = Callable[[float], None]


@dataclass(frozen=True)
class AudioVideoClip:
    """Audio and images of a bag.

    Attributes:
        samples: float32 (channel, sample), full scale ±1, zeros where audio is missing.
        sample_rate_hz: Sample rate.
        pictures: Grey uint8 (picture, row, column), reduced in size.
        times_s: Time of each image in seconds since sample 0, from the stamps of audio and images (picture,).
        size_px: Columns and rows of the camera.
        scale: Camera pixels per pixel of `pictures`.
        corner: Column and row of the upper left corner of the region, in camera pixels.
        damaged: Number of images that cannot be read.

    """

    samples: Samples
    sample_rate_hz: int
    pictures: NDArray[np.uint8]
    times_s: FloatArray
    size_px: tuple[int, int]
    scale: float
    corner: tuple[int, int]
    damaged: int


def load_clip(path: Path, audio: str, camera: str, region: Region | None, advance: ProgressCallback) -> AudioVideoClip:
    """Load audio and images of a bag.

    Args:
        path: Bag.
        audio: Audio topic. An empty string selects the only one.
        camera: Camera topic. An empty string selects the only one.
        region: Column and row of the upper left corner, columns and rows, in camera pixels. None selects the image.
        advance: Function that receives the seconds of recording that were read. Each second counts twice.

    Raises:
        BagError: The bag is damaged, or a topic cannot be selected.
        CalibrationError: There are too few images, or the region exceeds them.

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
        msg = (
            f'{path}: {len(pictures)} images on {camera!r} and {len(pieces)} s of audio are too few: record at least '
            f'{MIN_PICTURES} images together with the audio.'
        )
        raise CalibrationError(msg)
    start = pieces[0][1]
    samples = np.zeros((track.channels, pieces[-1][1] + pieces[-1][0].shape[1] - start), dtype=np.float32)
    for piece, at in pieces:
        samples[:, at - start : at - start + piece.shape[1]] = int16_to_float(piece)
    places = np.array([track.timeline.sample_at(stamp_ns) for stamp_ns in stamps_ns])
    corner = (0, 0) if region is None else region[:2]
    times_s = (places - start) / first.sample_rate_hz
    scale = (size_px[0] if region is None else region[2]) / pictures[0].shape[1]
    return AudioVideoClip(samples, first.sample_rate_hz, np.stack(pictures), times_s, size_px, scale, corner, damaged)


def camera_topic(bag: BagReader, name: str) -> str:
    """Return the camera topic: the one with the given name, or the only image topic without depth or labels.

    Raises:
        BagError: There is no such topic, or there are several.

    """
    topics = [topic.name for topic in bag.topics if topic.type in IMAGE_TYPES and topic.count]
    named = [topic for topic in topics if topic.lstrip('/') == name.lstrip('/')]
    likely = named if name else [topic for topic in topics if topic.lstrip('/') not in (*DEPTH, *LABELS)]
    if len(likely) != 1:
        msg = f'{bag.path}: the image topics are {sorted(topics)}: name the camera topic with --camera.'
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
            advance((stamp_ns - stamps_ns[-1]) / NS_PER_S)
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
            f'--region {column} {row} {columns} {rows} exceeds the images of {picture.shape[1]} columns and '
            f'{picture.shape[0]} rows: give a smaller region.'
        )
        raise CalibrationError(msg)
    return picture[row : row + rows, column : column + columns]
