# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth and semantic-segmentation images from the sound of eight microphones."""

__version__ = '0.1.0'

__all__ = ['__version__']
