# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bundle trained on disparity publishes disparity instead of depth, because its scale is unknown."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sensor_msgs.msg import Image

from audio_manifold_ros.nodes.common.messages import from_image
from tests.nodes.peer import ACTIVATE, CONFIGURE, NodeProcess, Peer

pytestmark = pytest.mark.ros


@pytest.fixture
def relative_bundle(small_bundle: Path, tmp_path: Path) -> Path:
    """Return the small bundle, with a manifest of relative depth."""
    folder = shutil.copytree(small_bundle, tmp_path / 'relative')
    manifest = json.loads((folder / 'manifest.json').read_text())
    manifest['depth']['unit'] = 'relative'
    (folder / 'manifest.json').write_text(json.dumps(manifest))
    return folder


def test_disparity_is_published_instead_of_depth(
    peer: Peer, start_node: Callable[..., NodeProcess], relative_bundle: Path, wav: Path
) -> None:
    node = start_node(bundle=relative_bundle, source__kind='file', source__file=wav)
    disparities = peer.subscribe(Image, '/perception/disparity/image')
    assert peer.change(CONFIGURE, ACTIVATE), node.output
    peer.wait(lambda: len(disparities) > 2, 30, 'disparity')
    topics = {name for name, _ in peer.node.get_topic_names_and_types()}
    assert {'/perception/disparity/image', '/perception/disparity/camera_info'} <= topics
    assert not {'/perception/depth/image', '/perception/depth/image_color', '/perception/points'} & topics
    image = from_image(disparities[-1])
    finite = image[np.isfinite(image)]
    # The depth of the network is between 1 and 80 of its units.
    assert 1 / 80 <= finite.min() < finite.max() <= 1
    assert node.end() == 0, node.output
