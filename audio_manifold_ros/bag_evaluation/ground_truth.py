# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the camera saw at an instant, out of a bag, in a few images' memory."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.bags.decoding.image_messages import decode_labels
from audio_manifold_ros.bags.decoding.image_stream import Decode
from audio_manifold_ros.bags.decoding.rig_depth import RigDepth
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.drive_attributes import METRES
from audio_manifold_ros.evaluation.metrics.depth_and_labels import DepthAndLabels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from audio_manifold_ros.bags.decoding.dataset_topics import DatasetTopics

TOLERANCE_S = 0.03


class GroundTruthTopic:
    """The images of one topic, found by stamp; asked for in order of time.

    Attributes:
        offsets_ns: Of each image that was found, its stamp minus the instant that was asked for.
        unreadable: Images that could not be read.
        outside: Images that were passed over, stamped outside the recording.

    """

    def __init__(
        self,
        bag: BagReader,
        topic: str,
        decode: Decode,
        tolerance_ns: int,
        span_ns: tuple[int, int],
    ) -> None:
        """Read nothing yet."""
        self._bag = bag
        self._decode = decode
        self._tolerance_ns = tolerance_ns
        self._span_ns = span_ns
        self._messages: Iterator[Any] | None = bag.messages((topic,))
        self._near: deque[tuple[int, Any]] = deque()
        self._last: tuple[int, NDArray[Any] | None] = (-1, None)
        self.offsets_ns: list[int] = []
        self.unreadable = self.outside = 0

    def at(self, time_ns: int) -> NDArray[Any] | None:
        """Return the image nearest to an instant, None if none is near enough or it cannot be read."""
        while self._messages is not None and (not self._near or self._near[-1][0] < time_ns):
            self._add_message(next(self._messages, None), time_ns)
        while len(self._near) > 1 and self._near[1][0] <= time_ns:
            self._near.popleft()
        best = min(self._near, key=lambda entry: abs(entry[0] - time_ns), default=None)
        if best is None or abs(best[0] - time_ns) > self._tolerance_ns:
            return None
        image = self._image(*best)
        if image is not None:
            self.offsets_ns.append(best[0] - time_ns)
        return image

    def _add_message(self, message: Any, time_ns: int) -> None:
        if message is None:
            self._messages = None
            return
        try:
            decoded = self._bag.decode(message)
            stamp_ns = int(decoded.header.stamp.sec) * NS_PER_S + int(decoded.header.stamp.nanosec)
        except BagError:
            self.unreadable += 1
            return
        # Some drivers leave the stamp empty: what is left is when the bag received it.
        stamp_ns = stamp_ns or message.time_ns
        if not self._span_ns[0] <= stamp_ns <= self._span_ns[1]:
            # One image of the future would hide all that follow.
            self.outside += 1
        elif stamp_ns >= time_ns - self._tolerance_ns:
            self._near.append((stamp_ns, decoded))

    def _image(self, stamp_ns: int, message: Any) -> NDArray[Any] | None:
        if self._last[0] != stamp_ns:
            try:
                self._last = (stamp_ns, self._decode(message))
            except BagError:
                self.unreadable += 1
                self._last = (stamp_ns, None)
        return self._last[1]


class BagGroundTruth:
    """True depth and labels of a bag. A context: it has the bag open a second time."""

    def __init__(
        self,
        bag: BagReader,
        topics: DatasetTopics,
        span_ns: tuple[int, int],
        rig_depth: RigDepth,
        offset_s: float = 0.0,
        tolerance_s: float = TOLERANCE_S,
    ) -> None:
        """Read nothing yet.

        Args:
            bag: Tells the path.
            topics: Of the bag.
            span_ns: What the recording spans by the clock of the audio; images stamped outside are passed over.
            rig_depth: What the rig's depth is worth; in another unit than metres it is no truth, and left out.
            offset_s: The rig's `audio_time_offset_s`, added to a stamp of audio to reach the camera's clock.
            tolerance_s: An image this far from an instant is its truth.

        """
        self._names = {'depth': topics.depth if rig_depth.unit == METRES else '', 'segmentation': topics.labels}
        decoders: dict[str, Decode] = {'depth': rig_depth.decode, 'segmentation': decode_labels}
        self._offset_ns = round(offset_s * NS_PER_S)
        self._readers: list[BagReader] = []
        self._tracks: dict[str, GroundTruthTopic] = {}
        camera_span_ns = span_ns[0] + self._offset_ns, span_ns[1] + self._offset_ns
        for head, topic in self._names.items():
            if topic:
                self._readers.append(BagReader(bag.path))
                tolerance_ns = round(tolerance_s * NS_PER_S)
                self._tracks[head] = GroundTruthTopic(
                    self._readers[-1], topic, decoders[head], tolerance_ns, camera_span_ns
                )

    def __enter__(self) -> BagGroundTruth:  # noqa: PYI034 - typing.Self needs Python 3.11
        """Enter."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the bag."""
        for reader in self._readers:
            reader.close()

    def at(self, stamp_ns: int) -> DepthAndLabels | None:
        """Return what the camera saw at an instant of the audio's clock, None if nothing near enough."""
        images = {head: track.at(stamp_ns + self._offset_ns) for head, track in self._tracks.items()}
        if all(image is None for image in images.values()):
            return None
        return DepthAndLabels(images.get('depth'), images.get('segmentation'))

    def report(self) -> dict[str, Any]:
        """Return topics, images that could not be read, and how far truth and prediction are apart, plain."""
        return {
            head: {
                'topic': self._names[head],
                'used': len(track.offsets_ns),
                'refused': track.unreadable,
                'outside': track.outside,
                'apart_ms': _percentiles_ms(track.offsets_ns),
            }
            for head, track in self._tracks.items()
        }


def _percentiles_ms(offsets_ns: list[int]) -> dict[str, float] | None:
    if not offsets_ns:
        return None
    distances_ms = np.abs(np.array(offsets_ns)) / 1e6
    return {f'p{p}': round(float(np.percentile(distances_ms, p)), 3) for p in (50, 95)}
