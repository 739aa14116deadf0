# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Camera images of a bag."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.bags.decoding.image_messages import IMAGE_TYPES, decode_rgb
from audio_manifold_ros.bags.storage.bag_reader import BagMessage, BagReader
from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.units import NS_PER_S
from training.labelling.content_fingerprint import fingerprint
from training.labelling.frame import RecordedFrame

CAMERA_TOPICS = ('camera/image/compressed', 'camera/image')
BAG_FILES = ('.mcap', '.db3')


class BagFrames:
    """The camera images of one topic of a bag.

    Attributes:
        path: The bag.
        topic: Recorded name of the topic.

    """

    def __init__(self, path: Path, topic: str | None = None) -> None:
        """Find the camera topic of a bag.

        Args:
            path: The bag, a path for `BagReader`.
            topic: Name of the camera topic. None selects the topic of the recorder, or the only image topic.

        Raises:
            BagError: The bag is missing or damaged.
            TrainingError: The topic does not exist or is ambiguous.

        """
        self.path = path
        with BagReader(path) as bag:
            counts = {entry.name: entry.count for entry in bag.topics if entry.type in IMAGE_TYPES}
            self._span = (bag.start_ns, bag.end_ns)
        self.topic = find_topic(
            path, list(counts), CAMERA_TOPICS if topic is None else (topic,), named=topic is not None
        )
        self.count = counts[self.topic]
        self._fingerprint = fingerprint(_files(path), full_content=False)

    @property
    def provenance(self) -> dict[str, object]:
        """Name and content of the bag, and the topic."""
        return {
            'recording': self.path.absolute().name,
            'fingerprint': self._fingerprint,
            'start_ns': self._span[0],
            'end_ns': self._span[1],
            'topic': self.topic,
        }

    def frames(self) -> Iterator[RecordedFrame]:
        """Yield the images in the order of time. Of several with one time, the first.

        Raises:
            BagError: The bag is damaged.

        """
        last_ns: int | None = None
        with BagReader(self.path) as bag:
            for message in bag.messages([self.topic]):
                if message.type in IMAGE_TYPES and message.time_ns != last_ns:
                    last_ns = message.time_ns
                    yield _frame(bag, message)


def find_topic(path: Path, topics: list[str], candidates: tuple[str, ...], *, named: bool) -> str:
    """Return the image topic. Names are compared without their leading slash.

    Args:
        path: The bag, for messages.
        topics: The bag's image topics.
        candidates: Names to search for, in order of preference.
        named: The user gave the name, so no other topic is allowed.

    Raises:
        TrainingError: It does not exist or is ambiguous.

    """
    by_name = {topic.strip('/'): topic for topic in topics}
    for name in candidates:
        if name.strip('/') in by_name:
            return by_name[name.strip('/')]
    if len(topics) == 1 and not named:
        return topics[0]
    msg = f'{path}: no image topic {" or ".join(map(repr, candidates))}: name one of {sorted(topics)}.'
    raise TrainingError(msg)


def stamp_ns(message: Any) -> int:
    """Return the header stamp of a decoded message in ns."""
    return int(message.header.stamp.sec) * NS_PER_S + int(message.header.stamp.nanosec)


def _frame(bag: BagReader, message: BagMessage) -> RecordedFrame:
    decoded = bag.decode(message)

    def picture() -> NDArray[np.uint8]:
        return decode_rgb(decoded)

    image_stamp_ns = stamp_ns(decoded)
    return RecordedFrame(message.time_ns, image_stamp_ns, (str(image_stamp_ns), str(message.time_ns)), picture)


def _files(path: Path) -> list[Path]:
    if path.is_file() and path.suffix in BAG_FILES:
        return [path]
    folder = path.parent if path.is_file() else path
    return sorted(file for file in folder.iterdir() if file.suffix in BAG_FILES)
