# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What scores are of: which windows, which networks. Scores of anything else are never taken for a run's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.inference.tensorrt.engine_cache import file_sha256
from training.data.dataset_fingerprint import windows_sha256
from training.fitting.fit_common import BEST

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from training.config.experiment_configuration import TrainingConfig
    from training.data.cache import WindowCache

PROVENANCE = 'provenance'


def provenance(config: TrainingConfig, cache: WindowCache, split: str) -> dict[str, Any]:
    """Return what an experiment's scores on a split are of, as plain values.

    Raises:
        TrainingError: A network has not been fitted.

    """
    folders = (*config.manifold_folders, *config.audio_network_folders)
    networks = {folder.name: _sha256(folder / BEST) for folder in folders}
    return {'split': split, 'windows_sha256': windows_sha256(cache), 'networks': networks}


def check_provenance(scores: Mapping[str, Any], expected: Mapping[str, Any], where: str) -> None:
    """Refuse scores of something else.

    Args:
        scores: With their provenance.
        expected: What they should be of.
        where: Names them in messages.

    Raises:
        TrainingError: They are of another split, other windows or other networks, or do not say.

    """
    found = scores.get(PROVENANCE) or {}
    different_keys = [key for key in expected if found.get(key) != expected[key]]
    if different_keys:
        shown = ', '.join(f'{key}: {found.get(key)!r:.60}' for key in different_keys)
        msg = (
            f'{where} holds scores of something else ({shown}) than the {expected["split"]} split and the networks here: '
            f'make them again with python -m training.experiment.evaluate --split {expected["split"]}.'
        )
        raise TrainingError(msg)


def _sha256(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        msg = f'Cannot read the checkpoint {str(path)!r}: {error.strerror or error}. Fit the network first.'
        raise TrainingError(msg) from None
