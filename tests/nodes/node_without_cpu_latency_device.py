# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Perception node on a system without the device file of the CPU latency request."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from audio_manifold_ros.nodes.perception import perception_node, processor_sleep
from audio_manifold_ros.processes.cpu_latency import CpuLatencyRequest

processor_sleep.CpuLatencyRequest = partial(  # type: ignore[assignment,misc]
    CpuLatencyRequest, Path('/missing/cpu_dma_latency')
)
sys.exit(perception_node.main())
