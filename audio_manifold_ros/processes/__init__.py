# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Child processes: groups, isolation of ROS environments and memory use."""
