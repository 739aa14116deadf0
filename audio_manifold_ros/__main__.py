# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Entry point of `python -m audio_manifold_ros`, the same program as `audio-manifold`."""

from __future__ import annotations

import sys

from audio_manifold_ros.cli.dispatch import main

if __name__ == '__main__':
    sys.exit(main())
