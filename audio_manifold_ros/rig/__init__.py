# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The rig: microphones, camera, extrinsics and depth calibration, read from YAML files."""
