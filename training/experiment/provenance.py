# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Provenance of scores: the windows, networks and calibration that they were computed from, and a check of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import TrainingError, reraise_file_errors
from audio_manifold_ros.common.files import sha256_of
from training.data.cache import windows_sha256
from training.fitting.checkpoints import BEST

if TYPE_CHECKING:
    from training.config.experiment_configuration import TrainingConfig
    from training.data.cache import WindowCache

PROVENANCE = 'provenance'


def describe_provenance(
    config: TrainingConfig, cache: WindowCache, split: str, calibration: Mapping[str, object]
) -> dict[str, object]:
    """Return the provenance of an experiment's scores on a split, as plain values.

    Args:
        config: The experiment.
        cache: All windows.
        split: Split of the scores.
        calibration: Calibration of its networks (see `CalibratedNetwork.calibration`).

    Raises:
        TrainingError: A network has not been fitted.

    """
    folders = (*config.manifold_folders, *config.audio_network_folders)
    networks = {}
    for path in (folder / BEST for folder in folders):
        with reraise_file_errors(TrainingError, 'read', path, 'Fit the network first.'):
            networks[path.parent.name] = sha256_of(path)
    return {
        'split': split,
        'windows_sha256': windows_sha256(cache),
        'networks': networks,
        'calibration': dict(calibration),
    }


def check_provenance(scores: Mapping[str, object], expected: Mapping[str, object], where: str) -> None:
    """Refuse scores of another split, of other windows, of other networks or of networks with another calibration.

    Args:
        scores: Scores with their provenance.
        expected: Expected provenance.
        where: Name of the scores in messages.

    Raises:
        TrainingError: The provenance differs or is missing.

    """
    stored = scores.get(PROVENANCE)
    found = stored if isinstance(stored, Mapping) else {}
    different_keys = [key for key in expected if found.get(key) != expected[key]]
    if different_keys:
        shown = ', '.join(f'{key}: {found.get(key)!r:.60}' for key in different_keys)
        msg = (
            f'{where}: the scores are not those of the {expected["split"]} split and the current networks ({shown}): '
            f'compute them again with audio-manifold train evaluate --split {expected["split"]}.'
        )
        raise TrainingError(msg)
