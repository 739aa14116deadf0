# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Everything that a training run can be told, as frozen dataclasses read from YAML with strict keys."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from audio_manifold_ros.features.errors import FeatureError
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.networks.at_net import AtNetConfig
from audio_manifold_ros.networks.configuration import read_strict
from audio_manifold_ros.networks.depth_representation import DepthRepresentation
from audio_manifold_ros.networks.errors import NetworkError
from audio_manifold_ros.networks.vq_vae import VqVaeConfig
from training.errors import TrainingError

SCHEDULES = ('constant', 'one_cycle')


@dataclass(frozen=True)
class DataConfig:
    """Which drives, how they are divided and cut.

    Attributes:
        drives: Folder of drive files.
        cache: Folder for features computed once; it may be deleted at any time.
        validation: Share of the drives to choose on.
        test: Share of the drives to report on.
        split_seed: Another seed, another division.
        frame_position: Where in the window the image lies: 0.5 its centre (paper), 1 its newest sample.
        features: Definition of the features.
        shard_drives: Drives per file of the cache.
        workers: Processes that fill the cache.

    """

    drives: str
    cache: str = 'data/cache'
    validation: float = 0.05
    test: float = 0.1
    split_seed: int = 0
    frame_position: float = 0.5
    features: FeatureSpec = field(default_factory=FeatureSpec)
    shard_drives: int = 100
    workers: int = 2

    def __post_init__(self) -> None:
        """Refuse images outside their windows."""
        if not 0 <= self.frame_position <= 1:
            msg = f'frame_position is {self.frame_position!r}: give a number from 0 to 1, the newest sample.'
            raise TrainingError(msg)


@dataclass(frozen=True)
class FitConfig:
    """How one network is fitted.

    Attributes:
        batch_size: Windows per step, on each device.
        epochs: Rounds over the training windows.
        minutes: Stop after this time instead, the schedule following the clock; null for no limit.
        learning_rate: Of Adam, at its highest.
        schedule: `constant` (paper) or `one_cycle`.
        weight_decay: Decoupled from the gradient.
        validate_every_steps: Steps between two looks at the validation windows.
        validation_windows: Windows of such a look, at most.

    """

    batch_size: int = 32
    epochs: int = 10
    minutes: float | None = None
    learning_rate: float = 1e-4
    schedule: str = 'constant'
    weight_decay: float = 0.0
    validate_every_steps: int = 200
    validation_windows: int = 1000

    def __post_init__(self) -> None:
        """Refuse schedules that do not exist."""
        if self.schedule not in SCHEDULES:
            msg = f'schedule is {self.schedule!r}: give one of {SCHEDULES}.'
            raise TrainingError(msg)


@dataclass(frozen=True)
class CodebookConfig:
    """How the codebook comes to life.

    Attributes:
        commitment: Weight of the loss that keeps latents at their codes (van den Oord et al. 2017: 0.25).
        start_step: Step at which k-means fills the codebook; latents pass unquantised until then.
        start_vectors: Latents that k-means gets, of the batches just before.
        restart_every_steps: Steps between two searches for dead codes; none in the last third of a fit.

    """

    commitment: float = 0.25
    start_step: int = 100
    start_vectors: int = 16_384
    restart_every_steps: int = 50


@dataclass(frozen=True)
class AugmentConfig:
    """Changes to the features of each training window, the same on all microphones.

    Attributes:
        gain_db: Common gain, uniform between its negative and itself.
        masks: Masks over mel bands, and as many over time (Park et al. 2019).
        mask_rows: Greatest height of a mask over mel bands.
        mask_columns: Greatest width of a mask over time.

    """

    gain_db: float = 0.0
    masks: int = 0
    mask_rows: int = 16
    mask_columns: int = 16


@dataclass(frozen=True)
class MachineConfig:
    """What to compute on, in Lightning's words.

    Attributes:
        accelerator: `auto`, `cpu`, `gpu` …
        devices: `auto` or a number, as a text.
        precision: `32-true`, `bf16-mixed`, `16-mixed` …
        threads: Of torch on the CPU; null leaves it to torch.
        seed: Of weights, order and augmentation.

    """

    accelerator: str = 'auto'
    devices: str = 'auto'
    precision: str = '32-true'
    threads: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class TrainingConfig:
    """A whole experiment: data, manifolds, audio transformation.

    Attributes:
        name: Names the experiment.
        output: Folder for checkpoints, logs and results.
        data: Which drives.
        manifolds: The VQ-VAE of each modality.
        at_nets: One network with a head per modality, or one network per modality.
        depth: What the depth images' numbers mean.
        manifold_fit: How the VQ-VAEs are fitted.
        codebook: How their codebooks come to life.
        transform_fit: How the AT-nets are fitted.
        augment: Changes to their training windows.
        machine: What to compute on.

    """

    name: str
    output: str
    data: DataConfig
    manifolds: dict[str, VqVaeConfig]
    at_nets: tuple[AtNetConfig, ...]
    depth: DepthRepresentation = field(default_factory=DepthRepresentation)
    manifold_fit: FitConfig = field(default_factory=FitConfig)
    codebook: CodebookConfig = field(default_factory=CodebookConfig)
    transform_fit: FitConfig = field(default_factory=FitConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    machine: MachineConfig = field(default_factory=MachineConfig)

    @classmethod
    def from_yaml(cls, path: Path | str) -> TrainingConfig:
        """Read an experiment.

        Raises:
            TrainingError: The file cannot be read, has unknown or missing keys, or a value makes no sense.

        """
        try:
            values = yaml.safe_load(Path(path).read_text(encoding='utf-8'))
            return read_strict(cls, values, 'experiment')
        except (OSError, yaml.YAMLError, NetworkError, FeatureError, TrainingError) as error:
            msg = f'{path}: {error}'
            raise TrainingError(msg) from None

    def manifold(self, modality: str) -> VqVaeConfig:
        """Return the VQ-VAE of a modality.

        Raises:
            TrainingError: The experiment has none.

        """
        if modality not in self.manifolds:
            msg = f'No manifold {modality!r} in the experiment {self.name!r}: it has {sorted(self.manifolds)}.'
            raise TrainingError(msg)
        return self.manifolds[modality]

    def manifold_folder(self, modality: str) -> Path:
        """Return where the fit of a modality's manifold lies."""
        return Path(self.output) / f'manifold_{modality}'

    def transform_folder(self, modalities: tuple[str, ...]) -> Path:
        """Return where the fit of an AT-net lies."""
        return Path(self.output) / f'transform_{"_".join(modalities)}'

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return asdict(self)
