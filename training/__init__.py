# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Training: datasets, fits, experiments, tables and export. Runs from a checkout with `audio-manifold train`."""
