# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Child processes: process groups and isolation of their ROS environment."""
