# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""QoS profiles of the topics."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

# The depths are of one second. A process is easily kept from running for some tenths of a second: by the scheduler of
# a loaded machine, by garbage collection, or by a callback that draws or writes. What arrives meanwhile waits in the
# history of the subscriber. Beyond its depth the oldest messages are lost, although the topic is reliable. Measured
# with one Python subscriber to eight topics of 64 kB images at 30 per second that pauses for 0.5 s every 2 s: a depth
# of 5 loses 18 to 20 %, a depth of 30 loses 0.4 %, and 0.0 % with 30 at the publisher too. 30 images of 128 × 128
# pixels in 32 bits take 2 MB per topic. A subscriber that is slower than the images on average loses them at any
# depth.
IMAGE_QOS = QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=30, reliability=ReliabilityPolicy.RELIABLE)
# 200 blocks are 1 s at 48 kHz in blocks of 256 samples.
AUDIO_QOS = QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=200, reliability=ReliabilityPolicy.RELIABLE)
# Other packages publish audio with the sensor-data profile. This profile matches them, and reliable publishers as well.
BEST_EFFORT_AUDIO_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=200, reliability=ReliabilityPolicy.BEST_EFFORT
)
LATCHED_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
