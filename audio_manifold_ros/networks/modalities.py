# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Check of the modalities of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.modalities.registry import MODALITIES

if TYPE_CHECKING:
    from collections.abc import Iterable


def check_modalities(modalities: tuple[str, ...], known: Iterable[str] = MODALITIES) -> None:
    """Check that at least one modality is given, all are known, and none repeats.

    Args:
        modalities: Modalities of a network.
        known: Modalities that the network can predict.

    Raises:
        NetworkError: The modalities are invalid.

    """
    allowed = tuple(known)
    if not modalities or len(set(modalities)) != len(modalities):
        msg = f'modalities is {modalities!r}: give each once, at least one of {allowed}.'
        raise NetworkError(msg)
    unknown = sorted(set(modalities) - set(allowed))
    if unknown:
        msg = f'modalities contains {unknown}: give any of {allowed}.'
        raise NetworkError(msg)
