# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Topics and messages of each modality that the perception node publishes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from sensor_msgs.msg import CameraInfo, Image

from audio_manifold_ros.drawing.colormaps import colour_depth, colour_normals, palette
from audio_manifold_ros.modalities.registry import DEPTH, MODALITIES, NORMALS, SEGMENTATION
from audio_manifold_ros.nodes.common.messages import to_camera_info, to_image

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from std_msgs.msg import Header

    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.inference.bundle.prediction import Prediction

DISPARITY = 'disparity'


class MessageSink(Protocol):
    """Publishers by topic."""

    def publish_message(self, topic: str, message: Any) -> None:
        """Publish a message."""

    def publish_if_subscribed(self, topic: str, make: Callable[[], Any]) -> None:
        """Make and publish a message if the topic has subscribers."""


class ImageOutput(Protocol):
    """Topics of one modality.

    Attributes:
        topics: Message type of each topic.

    """

    topics: Mapping[str, type]

    def publish(self, sink: MessageSink, prediction: Prediction, header: Header) -> None:
        """Publish the messages of a prediction, which has the image of the modality."""


class DepthOutput:
    """Depth in metres, or disparity if the scale is unknown. Implements `ImageOutput`."""

    def __init__(self, manifest: Manifest) -> None:
        """Choose the topics of a bundle."""
        self._camera = manifest.camera
        self._is_metric = DEPTH in manifest.metric_modalities
        name = DEPTH if self._is_metric else DISPARITY
        self._image, self._colour, self._info = (f'~/{name}/{part}' for part in ('image', 'image_color', 'camera_info'))
        self.topics: Mapping[str, type] = {
            self._image: Image,
            self._colour: Image,
            self._info: CameraInfo,
        }

    def publish(self, sink: MessageSink, prediction: Prediction, header: Header) -> None:
        """Publish depth in metres, or disparity if the scale is unknown."""
        depth_m = prediction.depth_m
        if depth_m is None:
            return
        image = depth_m if self._is_metric else np.reciprocal(depth_m)
        sink.publish_message(self._image, to_image(image, MODALITIES[DEPTH].encoding, header))
        sink.publish_message(self._info, to_camera_info(self._camera, header, *depth_m.shape))
        sink.publish_if_subscribed(self._colour, lambda: to_image(colour_depth(depth_m), 'rgb8', header))


class LabelOutput:
    """Class ids, and their colours. Implements `ImageOutput`."""

    def __init__(self, manifest: Manifest) -> None:
        """Choose the topics of a bundle."""
        modality = MODALITIES[SEGMENTATION]
        self._palette = class_palette(manifest)
        self._encoding = modality.encoding
        self._image, self._colour = f'~/{modality.topic}', f'~/{modality.topic}_color'
        self.topics: Mapping[str, type] = {self._image: Image, self._colour: Image}

    def publish(self, sink: MessageSink, prediction: Prediction, header: Header) -> None:
        """Publish class ids."""
        labels = prediction.labels
        if labels is None:
            return
        sink.publish_message(self._image, to_image(labels, self._encoding, header))
        sink.publish_if_subscribed(self._colour, lambda: to_image(self._palette[labels], 'rgb8', header))


class NormalOutput:
    """Unit normals in the camera frame, and their colours. Implements `ImageOutput`."""

    def __init__(self, manifest: Manifest) -> None:
        """Choose the topics, which are the same for all bundles."""
        del manifest
        modality = MODALITIES[NORMALS]
        self._encoding = modality.encoding
        self._image, self._colour = f'~/{modality.topic}', f'~/{modality.topic}_color'
        self.topics: Mapping[str, type] = {self._image: Image, self._colour: Image}

    def publish(self, sink: MessageSink, prediction: Prediction, header: Header) -> None:
        """Publish normals."""
        normals = prediction.normals
        if normals is None:
            return
        sink.publish_message(self._image, to_image(normals, self._encoding, header))
        sink.publish_if_subscribed(self._colour, lambda: to_image(colour_normals(normals), 'rgb8', header))


def class_palette(manifest: Manifest) -> NDArray[np.uint8]:
    """Return the colours (256, 3) of the classes of a bundle."""
    return palette({entry.id: entry.colour for entry in manifest.classes})


# By modality, the topics for a bundle that predicts it.
IMAGE_OUTPUTS: Mapping[str, Callable[[Manifest], ImageOutput]] = {
    DEPTH: DepthOutput,
    SEGMENTATION: LabelOutput,
    NORMALS: NormalOutput,
}
