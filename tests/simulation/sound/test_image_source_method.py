# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from audio_manifold_ros.simulation.sound.image_source_method import Wall


def test_walls_reflect_only_sources_on_the_same_side() -> None:
    wall = Wall(8.0, 0.0, 10.0, 1.0, 1.0)
    assert wall.reflects(-2.0, 3.0)
    assert not wall.reflects(12.0, 3.0)
