# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Demonstration: simulated street or own audio through the node, images on the screen and in files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.demo.demo import Demo
    from audio_manifold_ros.demo.demo_client import DemoClient
    from audio_manifold_ros.demo.options import DemoOptions

__all__ = [
    'Demo',
    'DemoClient',
    'DemoOptions',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'demo': 'Demo',
        'demo_client': 'DemoClient',
        'options': 'DemoOptions',
    },
)
