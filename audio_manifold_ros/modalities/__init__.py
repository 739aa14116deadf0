# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Modalities of the images that the networks predict: the registry, and the images of one instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.modalities.modality_images import ModalityImages
    from audio_manifold_ros.modalities.registry import MODALITIES, HeadlineMetric, Modality

__all__ = [
    'MODALITIES',
    'HeadlineMetric',
    'Modality',
    'ModalityImages',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'modality_images': 'ModalityImages',
        'registry': 'MODALITIES HeadlineMetric Modality',
    },
)
