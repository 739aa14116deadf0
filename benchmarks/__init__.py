# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmarks: measurements with baselines and targets. Run them with `audio-manifold bench`."""
