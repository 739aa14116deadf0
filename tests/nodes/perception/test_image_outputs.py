# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of a prediction with surface normals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.prediction import Prediction
from audio_manifold_ros.nodes.common.messages import from_image, to_header
from audio_manifold_ros.nodes.perception.image_outputs import NormalOutput

pytestmark = pytest.mark.ros


class Sink:
    """Published messages by topic."""

    def __init__(self, *, subscribed: bool) -> None:
        self.messages: dict[str, Any] = {}
        self._subscribed = subscribed

    def publish_message(self, topic: str, message: Any) -> None:
        self.messages[topic] = message

    def publish_if_subscribed(self, topic: str, make: Callable[[], Any]) -> None:
        if self._subscribed:
            self.messages[topic] = make()


@pytest.mark.parametrize('subscribed', [True, False])
def test_normals_are_published_as_vectors_and_as_colours_while_subscribed(subscribed: bool) -> None:  # noqa: FBT001
    normals = np.zeros((4, 6, 3), np.float32)
    normals[...] = (0.0, -1.0, 0.0)
    normals[0] = np.nan
    prediction = Prediction(
        normals=normals,
        confidence=None,
        features=None,
        first_sample=0,
        end_sample=1,
        stamp_ns=5,
        newest_stamp_ns=5,
        features_s=0.0,
        network_s=0.0,
    )
    output = NormalOutput(Bundle.load(resource_path('models/street')).manifest)
    sink = Sink(subscribed=subscribed)
    output.publish(sink, prediction, to_header(5, 'camera'))
    assert set(output.topics) == {'~/normals/image', '~/normals/image_color'}
    assert ('~/normals/image_color' in sink.messages) == subscribed
    message = sink.messages['~/normals/image']
    assert (message.encoding, message.step) == ('32FC3', 6 * 3 * 4)
    np.testing.assert_array_equal(from_image(message), normals)
    if subscribed:
        colours = from_image(sink.messages['~/normals/image_color'])
        assert colours[1, 1].tolist() == [127, 255, 127], 'up is green'
        assert not colours[0].any()
    output.publish(sink, replace(prediction, normals=None), to_header(5, 'camera'))
