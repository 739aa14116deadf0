# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ground truth of a bag: the recorded depth and label images nearest to an instant. Memory use is constant."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.bags.decoding.image_messages import decode_labels
from audio_manifold_ros.bags.decoding.image_stream import Decode, TimedImage, topic_images
from audio_manifold_ros.bags.decoding.nearest_image import GROUND_TRUTH_TOLERANCE_NS, NearestImage
from audio_manifold_ros.bags.decoding.rig_depth import RigDepth
from audio_manifold_ros.bags.statistics.fitness import GroundTruthContent
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.drive_attributes import METRES
from audio_manifold_ros.modalities.modality_images import ModalityImages, to_modality_images
from audio_manifold_ros.modalities.registry import DEPTH, SEGMENTATION

if TYPE_CHECKING:
    from types import TracebackType

    from audio_manifold_ros.bags.decoding.dataset_topics import DatasetTopics


@dataclass(frozen=True)
class GroundTruthReport:
    """Use of one topic with ground truth. The field names are the keys in `metrics.json`.

    Attributes:
        topic: Name of the topic.
        used: Number of predictions that have a ground truth image.
        refused: Number of images that cannot be read.
        outside: Number of images with a stamp outside the recording. They are ignored.
        apart_ms: Percentiles of the distance between the stamps of image and prediction. None without an image.

    """

    topic: str
    used: int
    refused: int
    outside: int
    apart_ms: dict[str, float] | None


class GroundTruthTopic:
    """Images of one topic, found by stamp. The requested instants must not decrease."""

    def __init__(self, bag: BagReader, topic: str, decode: Decode, tolerance_ns: int, span_ns: tuple[int, int]) -> None:
        """Read nothing yet.

        Args:
            bag: A reader of its own. This class iterates over it.
            topic: Name of the topic.
            decode: Decoder of its messages.
            tolerance_ns: Largest distance between image and requested instant.
            span_ns: First and last instant of the recording.

        """
        self._topic = topic
        self._images: NearestImage[TimedImage] = NearestImage(tolerance_ns, topic_images(bag, topic, decode), span_ns)
        self._last: tuple[TimedImage, NDArray[Any] | None] | None = None
        self._offsets_ns: list[int] = []
        self._damaged = 0

    def at(self, time_ns: int) -> NDArray[Any] | None:
        """Return the image nearest to an instant. Return None if there is none, or if it cannot be decoded."""
        nearest = self._images.at(time_ns)
        if nearest is None or nearest.stamp_ns is None:
            return None
        image = self._decoded(nearest)
        if image is not None:
            self._offsets_ns.append(nearest.stamp_ns - time_ns)
        return image

    def last(self, time_ns: int) -> tuple[NDArray[Any] | None, float]:
        """Return the image to show at an instant, and its age in seconds.

        The image nearest to the instant has the age 0. Otherwise the newest earlier image is shown. Without one, the
        age is `inf`.
        """
        nearest, shown = self._images.at(time_ns), self._images.last(time_ns)
        if shown is None or shown.stamp_ns is None:
            return None, math.inf
        image = self._decoded(shown)
        age_s = 0.0 if shown is nearest else (time_ns - shown.stamp_ns) / NS_PER_S
        return image, math.inf if image is None else age_s

    def report(self) -> GroundTruthReport:
        """Return the counts so far."""
        return GroundTruthReport(
            self._topic,
            len(self._offsets_ns),
            self._images.unreadable + self._damaged,
            self._images.outside,
            _percentiles_ms(self._offsets_ns),
        )

    def _decoded(self, timed: TimedImage) -> NDArray[Any] | None:
        """Decode an image once, even if it is the nearest one to several instants."""
        if self._last is None or self._last[0] is not timed:
            try:
                self._last = (timed, timed.image())
            except BagError:
                self._damaged += 1
                self._last = (timed, None)
        return self._last[1]


class BagGroundTruth:
    """Depth and labels of the ground truth topics of a bag. Use it as a context manager: it opens the bag again."""

    def __init__(
        self,
        bag: BagReader,
        topics: DatasetTopics,
        span_ns: tuple[int, int],
        rig_depth: RigDepth,
        offset_s: float = 0.0,
        tolerance_ns: int = GROUND_TRUTH_TOLERANCE_NS,
    ) -> None:
        """Read nothing yet.

        Args:
            bag: The bag. Only its path is used.
            topics: Topics of the bag.
            span_ns: First and last instant of the recording on the audio clock. Images outside are ignored.
            rig_depth: Depth calibration of the rig. Depth in another unit than metres is not used as ground truth.
            offset_s: `audio_time_offset_s` of the rig: added to an audio stamp to get the camera stamp.
            tolerance_ns: Largest distance between image and prediction.

        """
        names = {DEPTH: topics.depth if rig_depth.unit == METRES else '', SEGMENTATION: topics.labels}
        decoders: dict[str, Decode] = {DEPTH: rig_depth.decode, SEGMENTATION: decode_labels}
        self._offset_ns = round(offset_s * NS_PER_S)
        camera_span_ns = span_ns[0] + self._offset_ns, span_ns[1] + self._offset_ns
        self._readers: list[BagReader] = []
        self._content = GroundTruthContent()
        self._topics: dict[str, GroundTruthTopic] = {}
        for head, topic in names.items():
            if topic:
                self._readers.append(BagReader(bag.path))
                self._topics[head] = GroundTruthTopic(
                    self._readers[-1], topic, decoders[head], tolerance_ns, camera_span_ns
                )

    def __enter__(self) -> BagGroundTruth:  # noqa: PYI034 - typing.Self needs Python 3.11
        """Return the ground truth."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the bag."""
        for reader in self._readers:
            reader.close()

    def at(self, stamp_ns: int) -> ModalityImages | None:
        """Return the images nearest to an instant of the audio clock. Return None if there is none."""
        images = {head: topic.at(stamp_ns + self._offset_ns) for head, topic in self._topics.items()}
        if all(image is None for image in images.values()):
            return None
        found = to_modality_images(images)
        if found.depth_m is not None:
            self._content.add_depth(found.depth_m)
        if found.labels is not None:
            self._content.add_labels(found.labels)
        return found

    def shown(self, stamp_ns: int) -> tuple[ModalityImages, dict[str, float]]:
        """Return the images to show at an instant of the audio clock, and the age in seconds of each by head.

        An image is shown until the next one. Its age is 0 at its own instant, and `inf` before the first image.
        """
        found = {head: topic.last(stamp_ns + self._offset_ns) for head, topic in self._topics.items()}
        images = {head: image for head, (image, _) in found.items()}
        ages_s = {head: age_s for head, (_, age_s) in found.items()}
        return to_modality_images(images), ages_s

    def obstacles(self) -> tuple[str, ...]:
        """Return why the images so far cannot be used as ground truth. Empty if they can."""
        names = {head: topic.report().topic for head, topic in self._topics.items()}
        return self._content.obstacles(names.get(DEPTH, ''), names.get(SEGMENTATION, ''))

    def report(self) -> dict[str, GroundTruthReport]:
        """Return the counts of each head."""
        return {head: topic.report() for head, topic in self._topics.items()}


def _percentiles_ms(offsets_ns: list[int]) -> dict[str, float] | None:
    if not offsets_ns:
        return None
    distances_ms = np.abs(np.array(offsets_ns)) / 1e6
    return {f'p{p}': round(float(np.percentile(distances_ms, p)), 3) for p in (50, 95)}
