# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Import of folders of WAV and PNG files: their files, the times of the images, audio, images and the drive."""
