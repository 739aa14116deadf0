# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images of a dataset: each reference image with the nearest depth and labels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.bags.decoding.image_messages import decode_labels, decode_rgb
from audio_manifold_ros.bags.decoding.image_stream import (
    Decode,
    TimedImage,
    label_file_images,
    topic_images,
)
from audio_manifold_ros.bags.decoding.nearest_image import NearestImage
from audio_manifold_ros.bags.decoding.rig_depth import RigDepth
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.common.class_ids import SKY
from audio_manifold_ros.common.depth_range import valid_depth
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.image_resize import resize_nearest
from audio_manifold_ros.datasets.drive_attributes import METRES
from audio_manifold_ros.datasets.label_file import LabelFile, label_depth_unit, label_folder
from audio_manifold_ros.modalities.registry import DEPTH, MODALITIES, SEGMENTATION

if TYPE_CHECKING:
    from audio_manifold_ros.bags.decoding.dataset_topics import DatasetTopics

LABELS = 'labels'
KINDS = (DEPTH, LABELS)
LABEL_FILES = {DEPTH: MODALITIES[DEPTH].label_file, LABELS: MODALITIES[SEGMENTATION].label_file}


@dataclass(frozen=True)
class ImageSet:
    """One reference image with its depth and labels.

    Attributes:
        stamp_ns: Stamp of the reference image. None if its message is damaged.
        images: Depth and labels, not decoded yet. None if no image is within the tolerance. Empty outside the audio.
        offsets_ns: Stamp minus reference stamp, of images from another stream than the reference.

    """

    stamp_ns: int | None
    images: dict[str, TimedImage | None]
    offsets_ns: dict[str, int] = field(default_factory=dict)


@final
class CameraImages:
    """Synchronised image streams of a bag and its label files. Use it as a context manager.

    Attributes:
        depth_unit: Unit of the depth: `m`, or `relative` if its scale is unknown.
        names: Source of depth, labels and reference: a topic, or the name of a label file.
        outside: Number of ignored images of other streams than the reference, because of stamps outside the audio.

    """

    def __init__(self, bag: Path, topics: DatasetTopics, tolerance_ns: int, rig_depth: RigDepth) -> None:
        """Open the streams: topics of the bag, and label files if there is no topic.

        Args:
            bag: Path of the bag.
            topics: Topics to use.
            tolerance_ns: Largest distance of depth and labels from the reference.
            rig_depth: Decoder of depth topics. Label files state the unit of their depth themselves.

        Raises:
            BagError: The bag has neither depth nor labels.
            DatasetError: A label file is damaged.

        """
        self._bag = bag
        self._tolerance_ns = tolerance_ns
        self._rig_depth = rig_depth
        self.outside: dict[str, int] = {}
        self._exit_stack = ExitStack()
        self.names = {kind: name for kind, name in ((DEPTH, topics.depth), (LABELS, topics.labels)) if name}
        self._tracks: dict[str, LabelFile] = {}
        for kind, file in LABEL_FILES.items():
            path = label_folder(bag) / file
            if kind not in self.names and path.exists():
                self._tracks[kind] = self._exit_stack.enter_context(LabelFile(path))
                self.names[kind] = file
        if not self.names:
            msg = (
                f'{bag}: has neither depth nor labels: give their topics, or label its camera images first '
                '(audio-manifold train label).'
            )
            raise BagError(msg)
        self._label_depth_unit = label_depth_unit(self._tracks[DEPTH].description) if DEPTH in self._tracks else None
        self.depth_unit = (
            rig_depth.unit
            if topics.depth
            else METRES
            if self._label_depth_unit is None
            else self._label_depth_unit.unit
        )
        self.names['reference'] = topics.reference or self.names.get(DEPTH) or self.names[LABELS]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Available kinds of images, of depth and labels."""
        return tuple(kind for kind in KINDS if kind in self.names)

    def image_sets(self, span_ns: tuple[int, int]) -> Iterator[ImageSet]:
        """Yield every reference image in the order of recording, with its depth and labels.

        Args:
            span_ns: First and last instant of the audio on the camera clock. Images with stamps outside have no audio.
                They are ignored, because one wrong stamp would make the search skip all images that follow.

        Raises:
            BagError: A file is damaged.

        """
        reference = self.names['reference']
        reference_kind = next((kind for kind in self.kinds if self.names[kind] == reference), '')
        others = {
            kind: NearestImage(self._tolerance_ns, self._stream(kind), span_ns)
            for kind in self.kinds
            if kind != reference_kind
        }
        for image in self._stream(reference_kind):
            if image.stamp_ns is None or not span_ns[0] <= image.stamp_ns <= span_ns[1]:
                yield ImageSet(image.stamp_ns, {})
                continue
            found = {kind: nearest.at(image.stamp_ns) for kind, nearest in others.items()}
            offsets_ns = {
                kind: other.stamp_ns - image.stamp_ns
                for kind, other in found.items()
                if other is not None and other.stamp_ns is not None
            }
            yield ImageSet(image.stamp_ns, {**({reference_kind: image} if reference_kind else {}), **found}, offsets_ns)
        self.outside = {kind: nearest.outside for kind, nearest in others.items() if nearest.outside}

    def decode_set(self, image_set: ImageSet, rows: int, columns: int) -> dict[str, NDArray[Any]]:
        """Return the images of a set as a dataset stores them, (row, column): float16 in `depth_unit`, uint8 class ids.

        Depth in metres that a teacher estimated is set to NaN where the labels are sky.

        Raises:
            BagError: A message is damaged or of another type.
            DatasetError: A label file is damaged.

        """
        images = {
            kind: resize_nearest(image.image(), rows, columns)
            for kind, image in image_set.images.items()
            if image is not None
        }
        if DEPTH in images:
            found = (
                images[DEPTH]
                if self._label_depth_unit is None
                else images[DEPTH] / np.float32(self._label_depth_unit.divisor)
            )
            depth = valid_depth(found, is_metric=self.depth_unit == METRES).astype(np.float16)
            has_no_depth_in_sky = (
                self._label_depth_unit is not None and self._label_depth_unit.unit == METRES and LABELS in images
            )
            images[DEPTH] = np.where(images[LABELS] == SKY, np.float16(np.nan), depth) if has_no_depth_in_sky else depth
        return images

    def __enter__(self) -> CameraImages:
        """Return the streams."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all files."""
        self._exit_stack.close()

    def _stream(self, kind: str) -> Iterator[TimedImage]:
        """Return the images of a kind. The empty kind is a reference that is neither depth nor labels."""
        if kind in self._tracks:
            return label_file_images(self._tracks[kind])
        topic = self.names[kind or 'reference']
        # Each stream has its own reader, because the streams are not read in parallel.
        bag = self._exit_stack.enter_context(BagReader(self._bag))
        decoders: dict[str, Decode] = {DEPTH: self._rig_depth.decode, LABELS: decode_labels}
        return topic_images(bag, topic, decoders.get(kind, decode_rgb))
