# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Nearest image by stamp: the only lookup of an image that belongs to an instant.

The rule is the same for datasets, ground truth, recorded labels and the demo. An image matches an instant if their
stamps are at most the tolerance apart. Of several, the nearest one matches. Of two at the same distance, the earlier
one matches.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

GROUND_TRUTH_TOLERANCE_NS = 30_000_000
MAX_WAITING = 200


class Stamped(Protocol):
    """An image with a stamp in nanoseconds, or None if its message cannot be read."""

    @property
    def stamp_ns(self) -> int | None:
        """Instant of the image."""


T = TypeVar('T', bound=Stamped)


class NearestImage(Generic[T]):
    """Images of a stream, found by stamp. The requested instants must not decrease.

    Images come from an iterator, which is read as far as needed, or from `add`. At most two images of an iterator are
    kept, and at most 200 added ones.

    Attributes:
        outside: Number of images so far with stamps outside the requested span. They are ignored.
        unreadable: Number of images so far without a stamp. They are ignored.

    """

    def __init__(self, tolerance_ns: int, images: Iterable[T] = (), span_ns: tuple[int, int] | None = None) -> None:
        """Read nothing yet.

        Args:
            tolerance_ns: Largest distance between the stamp of an image and the requested instant.
            images: Images in the order of recording.
            span_ns: First and last instant that will be requested. An image with a stamp far after the last one would
                hide all images that follow it, so images outside the span and its tolerance are ignored.

        """
        self.outside = self.unreadable = 0
        self._tolerance_ns = tolerance_ns
        self._images = iter(images)
        self._span_ns = None if span_ns is None else (span_ns[0] - tolerance_ns, span_ns[1] + tolerance_ns)
        self._near: list[tuple[int, T]] = []

    def add(self, image: T) -> None:
        """Append an image that was received. The oldest image is dropped when there are too many."""
        stamp_ns = image.stamp_ns
        if stamp_ns is None:
            self.unreadable += 1
        elif self._span_ns is not None and not self._span_ns[0] <= stamp_ns <= self._span_ns[1]:
            self.outside += 1
        else:
            insort(self._near, (stamp_ns, image), key=_stamp)
            del self._near[:-MAX_WAITING]

    def at(self, stamp_ns: int) -> T | None:
        """Return the nearest image within the tolerance, or None."""
        while not self._near or self._near[-1][0] <= stamp_ns:
            image = next(self._images, None)
            if image is None:
                break
            self.add(image)
        while len(self._near) > 1 and self._near[1][0] <= stamp_ns:
            del self._near[0]
        best = min(self._near, key=lambda entry: abs(entry[0] - stamp_ns), default=None)
        return best[1] if best is not None and abs(best[0] - stamp_ns) <= self._tolerance_ns else None

    def last(self, stamp_ns: int) -> T | None:
        """Return the image that `at` returns, otherwise the newest earlier image of any age, or None."""
        image = self.at(stamp_ns)
        if image is None and self._near and self._near[0][0] <= stamp_ns:
            image = self._near[0][1]
        return image


def _stamp(entry: tuple[int, Stamped]) -> int:
    return entry[0]
