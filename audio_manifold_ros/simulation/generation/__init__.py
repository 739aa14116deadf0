# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random generation of streets: layout, traffic, buildings, street furniture, pedestrians and weather."""
