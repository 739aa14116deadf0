# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Network on spatial maps: level, steered response and echoes, for any array."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig
    from audio_manifold_ros.networks.spatial.spatial_network import SpatialNetwork

__all__ = ['SpatialNetwork', 'SpatialNetworkConfig']

__getattr__, __dir__ = lazy_exports(__name__, {'config': 'SpatialNetworkConfig', 'spatial_network': 'SpatialNetwork'})
