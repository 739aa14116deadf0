# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Streams of images with their stamps, from a topic of a bag or from a label file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.units import NS_PER_S

if TYPE_CHECKING:
    from audio_manifold_ros.bags.storage.bag_reader import BagReader
    from audio_manifold_ros.datasets.label_file import LabelFile

Decode = Callable[[Any], NDArray[Any]]


@dataclass(frozen=True)
class TimedImage:
    """An image that is decoded on demand.

    Attributes:
        stamp_ns: Instant of the image. None if the message cannot be read at all.
        image: Function that returns the image. It raises BagError if the image is damaged.

    """

    stamp_ns: int | None
    image: Callable[[], NDArray[Any]]


def topic_images(bag: BagReader, topic: str, decode: Decode) -> Iterator[TimedImage]:
    """Yield the images of a topic in the order of recording. An image without a stamp gets the time of recording."""
    for message in bag.messages([topic]):
        try:
            decoded = bag.decode(message)
            stamp_ns = int(decoded.header.stamp.sec) * NS_PER_S + int(decoded.header.stamp.nanosec) or message.time_ns
        except BagError as error:
            yield TimedImage(None, _raising(error))
            continue
        yield TimedImage(stamp_ns, _decoding(decode, decoded))


def label_file_images(track: LabelFile) -> Iterator[TimedImage]:
    """Yield the images of a label file. An image without a stamp gets the time of recording."""
    for number, (stamp_ns, time_ns) in enumerate(zip(track.stamp_ns.tolist(), track.time_ns.tolist(), strict=True)):
        yield TimedImage(stamp_ns or time_ns, _reading(track, number))


def _decoding(decode: Decode, message: Any) -> Callable[[], NDArray[Any]]:
    return lambda: decode(message)


def _reading(track: LabelFile, number: int) -> Callable[[], NDArray[Any]]:
    return lambda: track.image(number)


def _raising(error: BagError) -> Callable[[], NDArray[Any]]:
    def raise_error() -> NDArray[Any]:
        raise error

    return raise_error
