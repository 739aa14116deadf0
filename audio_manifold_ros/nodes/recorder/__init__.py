# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The recorder node: audio, camera and ground truth into a bag."""
