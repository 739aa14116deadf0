# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Perception node whose backend takes `SLOW_BACKEND_S` longer for every window."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.nodes.perception import node_factory
from audio_manifold_ros.nodes.perception.perception_node import main

if TYPE_CHECKING:
    import numpy as np

    from audio_manifold_ros.inference.backends.backend import Backend
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput


class SlowBackend:
    """Backend with an additional delay."""

    waveform_network = None

    def __init__(self, backend: Backend, seconds: float) -> None:
        self._backend, self._seconds = backend, seconds
        self.name, self.reason = 'slow', f'{backend.reason}, and {seconds} s more'

    def run(self, features: np.ndarray) -> NetworkOutput:
        time.sleep(self._seconds)
        return self._backend.run(features)


def open_slow_backend(*arguments: Any, **options: Any) -> Backend:
    return SlowBackend(open_backend(*arguments, **options), float(os.environ['SLOW_BACKEND_S']))


if __name__ == '__main__':
    node_factory.open_backend = open_slow_backend
    main()
