# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Campaign on a GPU machine: tests, benches, simulation and training within minutes, results in one small folder."""
