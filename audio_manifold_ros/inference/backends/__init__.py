# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Inference backends: ONNX Runtime and PyTorch."""
