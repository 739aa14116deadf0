# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Export of trained networks as bundles, ONNX graphs and int8 graphs."""
