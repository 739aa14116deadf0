# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images by their instants, from a topic or from a file of labels, and the one nearest to an instant."""

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
    """An image that is decoded when it is wanted.

    Attributes:
        stamp_ns: Instant that it shows; None for a message that cannot be read at all.
        image: Returns it; raises BagError where it is damaged.

    """

    stamp_ns: int | None
    image: Callable[[], NDArray[Any]]


def topic_images(bag: BagReader, topic: str, decode: Decode) -> Iterator[TimedImage]:
    """Yield the images of a topic in the order of recording; without a stamp, the time of recording stands in."""
    for message in bag.messages([topic]):
        try:
            decoded = bag.decode(message)
            stamp_ns = int(decoded.header.stamp.sec) * NS_PER_S + int(decoded.header.stamp.nanosec) or message.time_ns
        except BagError as error:
            yield TimedImage(None, _raising(error))
            continue
        yield TimedImage(stamp_ns, _decoding(decode, decoded))


def label_file_images(track: LabelFile) -> Iterator[TimedImage]:
    """Yield the images of a file of labels."""
    for number, (stamp_ns, time_ns) in enumerate(zip(track.stamp_ns.tolist(), track.time_ns.tolist(), strict=True)):
        yield TimedImage(stamp_ns or time_ns, _reading(track, number))


class NearestImage:
    """Finds the image of a stream that is nearest to instants that do not go back.

    Attributes:
        outside: Images passed over so far because their stamps cannot be right, or nobody will ask for them.

    """

    def __init__(self, images: Iterator[TimedImage], tolerance_ns: int, span_ns: tuple[int, int]) -> None:
        """Take a stream.

        Args:
            images: In the order of recording.
            tolerance_ns: How far an image may be off.
            span_ns: The first and the last instant that will be asked for. One image stamped far behind it would hide
                all that follow.

        """
        self.outside = 0
        self._images = images
        self._tolerance_ns = tolerance_ns
        self._first_ns, self._last_ns = span_ns[0] - tolerance_ns, span_ns[1] + tolerance_ns
        self._before: TimedImage | None = None
        self._after = self._next()

    def at(self, stamp_ns: int) -> TimedImage | None:
        """Return the nearest image; None if none is near enough."""
        while self._after is not None and _stamp(self._after) <= stamp_ns:
            self._before, self._after = self._after, self._next()
        near = [image for image in (self._before, self._after) if image is not None]
        best = min(near, key=lambda image: abs(_stamp(image) - stamp_ns), default=None)
        return best if best is not None and abs(_stamp(best) - stamp_ns) <= self._tolerance_ns else None

    def _next(self) -> TimedImage | None:
        for image in self._images:
            if image.stamp_ns is None:
                continue
            if self._first_ns <= image.stamp_ns <= self._last_ns:
                return image
            self.outside += 1
        return None


def _stamp(image: TimedImage) -> int:
    return image.stamp_ns or 0


def _decoding(decode: Decode, message: Any) -> Callable[[], NDArray[Any]]:
    return lambda: decode(message)


def _reading(track: LabelFile, number: int) -> Callable[[], NDArray[Any]]:
    return lambda: track.image(number)


def _raising(error: BagError) -> Callable[[], NDArray[Any]]:
    def raise_error() -> NDArray[Any]:
        raise error

    return raise_error
