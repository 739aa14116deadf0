# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from tests.datasets.drive_examples import make_drive, rig

__all__ = ['make_drive', 'rig']
