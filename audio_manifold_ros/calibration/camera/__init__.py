# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Camera intrinsics, rotation, and audio-video synchronisation."""
