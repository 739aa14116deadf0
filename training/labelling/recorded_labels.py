# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth or class labels from a topic of the bag itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from numpy.typing import NDArray

from audio_manifold_ros.bags.decoding.bag_rig import read_run_metadata
from audio_manifold_ros.bags.decoding.image_messages import IMAGE_TYPES, decode_labels
from audio_manifold_ros.bags.decoding.image_stream import TimedImage
from audio_manifold_ros.bags.decoding.nearest_image import NearestImage
from audio_manifold_ros.bags.decoding.recorded_audio import MAX_LATENESS_NS, NUM_FIRST_MESSAGES
from audio_manifold_ros.bags.decoding.rig_depth import RigDepth
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.modalities.registry import DEPTH
from training.labelling.bag_frames import find_topic, stamp_ns
from training.labelling.frame import RecordedFrame

TOLERANCE_NS = 50_000_000
_Entry = tuple[int, int, Callable[[], NDArray[Any]]]


class RecordedLabels:
    """Labels from a topic of the bag of the camera images: for each image the nearest stamp within 50 ms.

    The `depth.yaml` of the rig in the bag defines unit and range of depth.

    Attributes:
        modality: Name of the modality.
        topic: Recorded name of the topic.

    """

    def __init__(self, path: Path, modality: str, topic: str) -> None:
        """Find the topic in a bag.

        Raises:
            BagError: The bag or its rig metadata is missing or damaged.
            RigError: The `depth.yaml` of the rig is invalid.
            TrainingError: The topic does not exist.

        """
        self.modality = modality
        self._path = path
        with BagReader(path) as bag:
            topics = [entry.name for entry in bag.topics if entry.type in IMAGE_TYPES]
            metadata = read_run_metadata(bag) if modality == DEPTH else None
        rig = None if metadata is None else metadata.rig
        self._depth_file = None if rig is None else rig.depth_file()
        rig_depth = RigDepth(self._depth_file)
        self._unit = rig_depth.unit
        self._decode: Callable[[Any], NDArray[Any]] = rig_depth.decode if modality == DEPTH else decode_labels
        self.topic = find_topic(path, topics, (topic,), named=True)
        self._typical_latency_ns: float | None = None
        self._images: NearestImage[TimedImage] | None = None
        self._requested_ns: int | None = None

    @property
    def provenance(self) -> dict[str, object]:
        """Topic, tolerance, and the depth definition of the rig."""
        depth_provenance = (
            {} if self._depth_file is None else {'depth_unit': self._unit, 'depth_file': asdict(self._depth_file)}
        )
        return {'kind': 'recorded', 'topic': self.topic, 'tolerance_ms': TOLERANCE_NS / 1e6, **depth_provenance}

    def label(self, frames: Sequence[RecordedFrame]) -> list[NDArray[Any] | None]:
        """Return the recorded label nearest to each image, or None without one in tolerance. Images must be in order.

        Raises:
            BagError: The bag is damaged, or the topic has another content.

        """
        return [self._nearest(frame.stamp_ns, frame.time_ns - frame.stamp_ns) for frame in frames]

    def _nearest(self, requested_ns: int, latency_ns: int) -> NDArray[Any] | None:
        # A single wrong stamp, of an image or of the topic, would skip all later labels.
        if self._is_stamp_outlier(latency_ns):
            return None
        if self._images is None or self._requested_ns is None or requested_ns < self._requested_ns:
            self._images = NearestImage(TOLERANCE_NS, self._images_with_valid_stamps())
        self._requested_ns = requested_ns
        nearest = self._images.at(requested_ns)
        return None if nearest is None else nearest.image()

    def _images_with_valid_stamps(self) -> Iterator[TimedImage]:
        return (
            TimedImage(stamp, decode)
            for stamp, time_ns, decode in self._messages()
            if not self._is_stamp_outlier(time_ns - stamp)
        )

    def _is_stamp_outlier(self, latency_ns: int) -> bool:
        """Return whether the latency of a message differs so much from the typical one that its stamp must be wrong."""
        if self._typical_latency_ns is None:
            first = [time_ns - stamp for stamp, time_ns, _ in islice(self._messages(), NUM_FIRST_MESSAGES)]
            self._typical_latency_ns = median(first) if first else 0.0
        return abs(latency_ns - self._typical_latency_ns) > MAX_LATENESS_NS

    def _messages(self) -> Iterator[_Entry]:
        decode = self._decode
        with BagReader(self._path) as bag:
            for message in bag.messages([self.topic]):
                decoded = bag.decode(message)
                yield stamp_ns(decoded), message.time_ns, lambda decoded=decoded: decode(decoded)  # type: ignore[misc]
