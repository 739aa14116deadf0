# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of the data of an experiment: drives, splits, windows and their cache."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.schema_rules import at_least, between
from audio_manifold_ros.features.kinds import AnyFeatureSpec
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.features.spec import FeatureSpec
from training.config.checked_settings import CheckedSettings

HASH_SPLIT = 'hash'
DriveLimit = Annotated[int, at_least(1)]


@dataclass(frozen=True)
class LeftOutConfig(CheckedSettings):
    """Microphones that the spatial features of training windows leave out, so that the networks tolerate dead ones.

    Attributes:
        share: Fraction of the windows of training drives.
        most: Largest number of microphones. At least four are used.

    """

    share: Annotated[float, between(0, 1)] = 0.0
    most: Annotated[int, at_least(1)] = 3


@dataclass(frozen=True)
class DataConfig(CheckedSettings):
    """The drives of an experiment, their division into splits and into windows.

    Attributes:
        drives: Folder of drive files.
        name: Name of the data set in results; null for the name of the folder.
        cache: Folder of the cache of features. It may be deleted at any time.
        split: `hash` divides the drives by a hash of their ids; else the path of a split file (YAML).
        validation: Fraction of the drives for validation, for `hash`.
        test: Fraction of the drives for the test, for `hash`.
        split_seed: Seed of the division, for `hash`.
        train_drives: Maximum number of drives to train on. A larger number contains the drives of a smaller one.
        validation_drives: Maximum number of drives to validate on.
        test_drives: Maximum number of drives to test on.
        missing_microphones: `skip` leaves out drives that lack the track of a microphone; `keep` keeps it as silence.
        frame_position: Position of the image in the window: 0.5 its centre (paper), 1 its newest sample.
        features: Definition of the features, mel or of the `kind: spatial`. The drives of a dataset have one array with
            mel features, and any arrays with spatial features.
        features_on: `cache` stores features; `device` stores audio and computes the features on the device of the
            networks. Spatial features are stored.
        left_out: Microphones that the spatial features of training windows leave out.
        shard_drives: Number of drives per file of the cache.
        workers: Number of processes that fill the cache.

    Raises:
        TrainingError: Spatial features are to be computed on the device, or mel features are to leave out microphones.

    """

    drives: str
    name: str | None = None
    cache: str = 'data/cache'
    split: str = HASH_SPLIT
    validation: float = 0.05
    test: float = 0.1
    split_seed: int = 0
    train_drives: DriveLimit | None = None
    validation_drives: DriveLimit | None = None
    test_drives: DriveLimit | None = None
    missing_microphones: Literal['skip', 'keep'] = 'skip'
    frame_position: Annotated[float, between(0, 1)] = 0.5
    features: AnyFeatureSpec = field(default_factory=FeatureSpec)
    features_on: Literal['cache', 'device'] = 'cache'
    left_out: LeftOutConfig = field(default_factory=LeftOutConfig)
    shard_drives: int = 100
    workers: int = 2

    def __post_init__(self) -> None:
        """Refuse settings that do not fit together."""
        super().__post_init__()
        is_spatial = isinstance(self.features, SpatialFeatureSpec)
        if self.left_out.share and not is_spatial:
            msg = (
                f'left_out.share is {self.left_out.share!r} with mel features: give 0, and augment.drop_microphones '
                'instead.'
            )
            raise TrainingError(msg)
        if is_spatial and self.features_on == 'device':
            msg = "features_on is 'device' with spatial features: give 'cache'."
            raise TrainingError(msg)

    @property
    def dataset(self) -> str:
        """Name of the data set in results."""
        return self.name or Path(self.drives).name

    def limit(self, split: str) -> int | None:
        """Return the maximum number of drives of a split, or None for all."""
        limits = {'train': self.train_drives, 'validation': self.validation_drives, 'test': self.test_drives}
        return limits[split]
