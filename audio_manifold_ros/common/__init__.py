# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Foundation shared by every package: units, constants, errors, file helpers and array types."""
