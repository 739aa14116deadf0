# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parameter with the prefix of all frames of a vehicle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from audio_manifold_ros.nodes.common.parameters import parameter


@dataclass(frozen=True)
class FrameParameters:
    """Prefix of the frames, the same in all nodes of a vehicle."""

    PREFIX: ClassVar[str] = ''
    frame_prefix: str = parameter(
        '', 'Prefix of all frames, for example car_1/, so that several vehicles share one graph.', read_only=True
    )
