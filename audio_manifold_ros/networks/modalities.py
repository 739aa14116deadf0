# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the networks turn sound into."""

from __future__ import annotations

from audio_manifold_ros.common.errors import NetworkError

MODALITIES = ('depth', 'segmentation')


def check_modalities(modalities: tuple[str, ...]) -> None:
    """Refuse modalities that there are not, none at all, and one twice.

    Raises:
        NetworkError: They are such.

    """
    if not modalities or len(set(modalities)) != len(modalities):
        msg = f'modalities is {modalities!r}: give each once, at least one of {MODALITIES}.'
        raise NetworkError(msg)
    unknown = sorted(set(modalities) - set(MODALITIES))
    if unknown:
        msg = f'modalities has {unknown}: the modalities are {MODALITIES}.'
        raise NetworkError(msg)
