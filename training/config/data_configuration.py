# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which drives an experiment learns from, how they are divided and cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.features.spec import FeatureSpec

HASH_SPLIT = 'hash'
MISSING_MICROPHONES = ('skip', 'keep')
FEATURES_ON = ('cache', 'device')


@dataclass(frozen=True)
class DataConfig:
    """Which drives, how they are divided and cut.

    Attributes:
        drives: Folder of drive files.
        name: What results call the data set; null for the name of the folder.
        cache: Folder for features computed once; it may be deleted at any time.
        split: `hash` divides the drives by a hash of their ids; else the path of a split file (YAML).
        validation: Share of the drives to choose on, for `hash`.
        test: Share of the drives to report on, for `hash`.
        split_seed: Another seed, another division, for `hash`.
        train_drives: Learn from so many drives at most; a larger number contains the smaller.
        validation_drives: Choose on so many at most.
        test_drives: Report on so many at most.
        missing_microphones: `skip` drives in which a microphone's track is missing, or `keep` it silent.
        frame_position: Where in the window the image lies: 0.5 its centre (paper), 1 its newest sample.
        features: Definition of the features.
        features_on: `cache` keeps features; `device` keeps audio, and computes features where the networks are.
        shard_drives: Drives per file of the cache.
        workers: Processes that fill the cache.

    """

    drives: str
    name: str | None = None
    cache: str = 'data/cache'
    split: str = HASH_SPLIT
    validation: float = 0.05
    test: float = 0.1
    split_seed: int = 0
    train_drives: int | None = None
    validation_drives: int | None = None
    test_drives: int | None = None
    missing_microphones: str = 'skip'
    frame_position: float = 0.5
    features: FeatureSpec = field(default_factory=FeatureSpec)
    features_on: str = 'cache'
    shard_drives: int = 100
    workers: int = 2

    def __post_init__(self) -> None:
        """Refuse images outside their windows, and words that mean nothing."""
        if not 0 <= self.frame_position <= 1:
            msg = f'frame_position is {self.frame_position!r}: give a number from 0 to 1, the newest sample.'
            raise TrainingError(msg)
        for key, choices in (('missing_microphones', MISSING_MICROPHONES), ('features_on', FEATURES_ON)):
            if getattr(self, key) not in choices:
                msg = f'{key} is {getattr(self, key)!r}: give one of {choices}.'
                raise TrainingError(msg)
        for key in ('train_drives', 'validation_drives', 'test_drives'):
            limit = getattr(self, key)
            if limit is not None and limit < 1:
                msg = f'{key} is {limit!r}: give a number from 1, or null for all.'
                raise TrainingError(msg)

    @property
    def dataset(self) -> str:
        """What results call the data set."""
        return self.name or Path(self.drives).name

    def limit(self, split: str) -> int | None:
        """Return how many drives of a split are used at most."""
        limits = {'train': self.train_drives, 'validation': self.validation_drives, 'test': self.test_drives}
        return limits[split]
