# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Modalities of the networks' output."""

from __future__ import annotations

from audio_manifold_ros.common.errors import NetworkError

MODALITIES = ('depth', 'segmentation')


def check_modalities(modalities: tuple[str, ...]) -> None:
    """Check that at least one modality is given, all are known, and none repeats.

    Raises:
        NetworkError: The modalities are invalid.

    """
    if not modalities or len(set(modalities)) != len(modalities):
        msg = f'modalities is {modalities!r}: give each once, at least one of {MODALITIES}.'
        raise NetworkError(msg)
    unknown = sorted(set(modalities) - set(MODALITIES))
    if unknown:
        msg = f'modalities contains {unknown}: give any of {MODALITIES}.'
        raise NetworkError(msg)
