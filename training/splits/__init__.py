# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Splits of a dataset, and the measurement of train/test leakage."""
