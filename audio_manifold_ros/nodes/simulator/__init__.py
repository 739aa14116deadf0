# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated drive: audio, images and ground truth of a simulated street."""
