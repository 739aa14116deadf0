# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Splits by drive, never by frame, so that no place occurs in two splits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from audio_manifold_ros.common.errors import DatasetError

FIRST_DEMO_SEED = 900_000
HASH_SPAN = float(1 << 64)


def check_training_seed(seed: int) -> None:
    """Refuse seeds of simulated streets that are reserved for demonstrations.

    No model is trained or selected on these streets.

    Raises:
        DatasetError: The seed is negative or reserved.

    """
    if not 0 <= seed < FIRST_DEMO_SEED:
        msg = f'Street seed {seed!r}: use 0 to {FIRST_DEMO_SEED - 1}. Others are reserved for demonstrations.'
        raise DatasetError(msg)


@dataclass(frozen=True)
class Splits:
    """Drive ids of the training, validation and test split, each in order."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]


def split_drives(drive_ids: Iterable[str], *, validation: float = 0.05, test: float = 0.1, seed: int = 0) -> Splits:
    """Assign drives to splits by a hash of their ids. The split of a drive does not depend on the other drives.

    Args:
        drive_ids: The ids, in any order.
        validation: Fraction for validation.
        test: Fraction for test.
        seed: Seed of the hash.

    Raises:
        DatasetError: An id repeats, or the fractions are invalid.

    """
    if validation < 0 or test < 0 or validation + test > 1:
        msg = f'Fractions validation {validation!r} and test {test!r}: give numbers from 0 whose sum is at most 1.'
        raise DatasetError(msg)
    ids = sorted(drive_ids)
    repeated = sorted({a for a, b in pairwise(ids) if a == b})
    if repeated:
        msg = f'Drives {repeated[:5]} are given more than once: give each drive once.'
        raise DatasetError(msg)
    hash_positions = {drive_id: _hash_position(drive_id, seed) for drive_id in ids}
    return Splits(
        train=tuple(i for i in ids if hash_positions[i] >= test + validation),
        validation=tuple(i for i in ids if test <= hash_positions[i] < test + validation),
        test=tuple(i for i in ids if hash_positions[i] < test),
    )


def _hash_position(drive_id: str, seed: int) -> float:
    digest = hashlib.sha256(f'{seed}:{drive_id}'.encode()).digest()
    return int.from_bytes(digest[:8], 'big') / HASH_SPAN
