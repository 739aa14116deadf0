# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Configuration of an experiment: data, networks, fits, machine and budget, read from YAML."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.schema import from_plain, to_plain
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.modalities.registry import MODALITIES
from audio_manifold_ros.networks.at_net import AtNetConfig
from audio_manifold_ros.networks.depth_representation import DepthRepresentation
from audio_manifold_ros.networks.end_to_end import check_heads
from audio_manifold_ros.networks.perception_network import PerceptionConfig
from audio_manifold_ros.networks.single_stage import SingleStageConfig
from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig
from audio_manifold_ros.networks.vq_vae import VqVaeConfig
from training.config.data_configuration import DataConfig
from training.config.fit_configuration import (
    AugmentConfig,
    BudgetConfig,
    CodebookConfig,
    FitConfig,
    LossConfig,
    MachineConfig,
)
from training.config.joint_configuration import JointConfig
from training.config.network_widths import with_width
from training.config.yaml_inheritance import read_layers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Channels of the image of each modality.
CHANNELS = {name: modality.channels for name, modality in MODALITIES.items()}
BINAURAL_CHANNEL_COUNT = 2
# In the starting folders of a joint fit, the seed of the run.
SEED = '{seed}'
FITS = ('manifold_fit', 'transform_fit', 'direct_fit', 'joint_fit')


@dataclass(frozen=True)
class TrainingConfig:
    """Configuration of an experiment: data, manifolds, audio transformations, systems without a manifold.

    Attributes:
        name: Name of the experiment, and of the system in tables.
        data: Drives, splits and windows.
        output: Folder for checkpoints, logs and results; by default `runs/DATASET/NAME`.
        manifolds: The VQ-VAE of each modality.
        at_nets: One network with a head per modality, or one network per modality.
        direct: Systems that predict images without a manifold.
        spatial: Network on spatial maps in place of AT-nets, for a joint fit. With latents, it has manifolds.
        ears: Channels of systems with two microphones, in place of those in their files, because the array of another
            data set has other channels at left and right. Empty keeps those of the files.
        depth: Representation of depth images.
        losses: Losses between predicted images and ground truth.
        manifold_fit: Fit of the VQ-VAEs.
        codebook: Initialisation of their codebooks.
        transform_fit: Fit of the AT-nets.
        direct_fit: Fit of the direct systems.
        joint: Fit of manifolds and AT-nets at once with losses on the images, in place of their own fits. Null for
            separate fits.
        joint_fit: Steps and optimiser of the joint fit.
        augment: Random changes to the training windows of audio networks.
        machine: Devices and precision.
        budget: Settings that all systems of a table share. They replace the settings of the experiment.

    Raises:
        TrainingError: There is nothing to fit, two networks predict the same modality, or the image of a manifold has
            another number of channels than its modality.
        NetworkError: Heads and manifolds do not fit together, or the ears are invalid.

    """

    name: str
    data: DataConfig
    output: str = ''
    manifolds: dict[str, VqVaeConfig] = field(default_factory=dict)
    at_nets: tuple[AtNetConfig, ...] = ()
    direct: tuple[SingleStageConfig, ...] = ()
    spatial: SpatialNetworkConfig | None = None
    ears: tuple[int, ...] = ()
    depth: DepthRepresentation = field(default_factory=DepthRepresentation)
    losses: LossConfig = field(default_factory=LossConfig)
    manifold_fit: FitConfig = field(default_factory=FitConfig)
    codebook: CodebookConfig = field(default_factory=CodebookConfig)
    transform_fit: FitConfig = field(default_factory=FitConfig)
    direct_fit: FitConfig = field(default_factory=FitConfig)
    joint: JointConfig | None = None
    joint_fit: FitConfig = field(default_factory=FitConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    machine: MachineConfig = field(default_factory=MachineConfig)
    budget: BudgetConfig = field(default_factory=BudgetConfig)

    def __post_init__(self) -> None:
        """Set the output folder and the ears, and refuse an experiment that cannot be fitted."""
        if not self.output:
            object.__setattr__(self, 'output', f'runs/{self.data.dataset}/{self.name}')
        predicted = Counter(self._predicted_modalities)
        if not predicted and not self.manifolds:
            msg = f'The experiment {self.name!r} has nothing to fit: give manifolds and at_nets, or direct.'
            raise TrainingError(msg)
        duplicates = sorted(modality for modality, count in predicted.items() if count > 1)
        if duplicates:
            msg = (
                f'The experiment {self.name!r} predicts {duplicates} twice: give one at_net or direct system for each.'
            )
            raise TrainingError(msg)
        for modality, manifold in self.manifolds.items():
            if manifold.channels != CHANNELS.get(modality):
                msg = f'manifolds.{modality} has {manifold.channels} channels: channels are {CHANNELS}.'
                raise TrainingError(msg)
        if self.at_nets:
            check_heads(self.at_nets, self.manifolds)
        self._check_joint()
        if self.ears:
            direct = tuple(
                replace(system, microphones=self.ears) if len(system.microphones) == BINAURAL_CHANNEL_COUNT else system
                for system in self.direct
            )
            object.__setattr__(self, 'direct', direct)

    def _check_joint(self) -> None:
        """Refuse a joint fit of networks that it cannot fit.

        Raises:
            TrainingError: Mel features are to be mirrored, a frozen modality has no manifold or no starting weights,
                the trunk of a start is not used, depth is not logarithmic, there are direct systems, or a manifold is
                Gaussian.

        """
        if self.augment.mirror and not isinstance(self.data.features, SpatialFeatureSpec):
            msg = f'augment.mirror is {self.augment.mirror!r} with mel features: give 0, or spatial features.'
            raise TrainingError(msg)
        if self.joint is None:
            if self.spatial is not None:
                msg = f'The experiment {self.name!r} has a network on spatial maps: give `joint`, which fits it.'
                raise TrainingError(msg)
            return
        unknown = sorted(set(self.joint.frozen) - set(self.manifolds))
        if unknown or (self.joint.frozen and not self.joint.start):
            msg = (
                f'joint.frozen is {self.joint.frozen!r}: give modalities of {sorted(self.manifolds)}, and `start` '
                'with their weights.'
            )
            raise TrainingError(msg)
        if self.joint.start_trunk and (self.joint.start or self.spatial is None):
            msg = (
                f'joint.start_trunk is {self.joint.start_trunk!r}: give it without `start`, in an experiment with '
                '`spatial`.'
            )
            raise TrainingError(msg)
        if self.direct or self.depth.kind != 'log':
            msg = (
                f'A joint fit has {len(self.direct)} direct systems and depth of the kind {self.depth.kind!r}: '
                "give none, and the kind 'log'."
            )
            raise TrainingError(msg)
        gaussian = [name for name, manifold in self.manifolds.items() if manifold.bottleneck == 'gaussian']
        if gaussian:
            msg = f'A joint fit does not sample the Gaussian manifolds of {gaussian}: choose another bottleneck.'
            raise TrainingError(msg)
        # Building the sizes checks them.
        _ = self.perception

    @classmethod
    def from_yaml(cls, path: Path | str, over: Sequence[Path | str] = ()) -> TrainingConfig:
        """Read an experiment and apply its budget.

        Args:
            path: The file. Its key `base` names a file that it changes.
            over: Files that change some settings, for example the data set or the budget.

        Raises:
            TrainingError: A file cannot be read, or has unknown or missing keys or a wrong value.

        """
        return with_budget(from_plain(cls, read_layers(path, over), str(path), TrainingError))

    @property
    def modalities(self) -> tuple[str, ...]:
        """All modalities of the experiment, sorted."""
        return tuple(sorted({*self._predicted_modalities, *self.manifolds}))

    @property
    def perception(self) -> PerceptionConfig:
        """Sizes of the networks of a joint fit.

        Raises:
            NetworkError: They do not fit together.

        """
        return PerceptionConfig(self.at_nets, dict(self.manifolds), self.depth, spatial=self.spatial)

    @property
    def _predicted_modalities(self) -> list[str]:
        transformed = [modality for network in self.at_nets for modality in network.modalities]
        spatial = [] if self.spatial is None else list(self.spatial.modalities)
        return [*transformed, *spatial, *(modality for system in self.direct for modality in system.modalities)]

    def manifold(self, modality: str) -> VqVaeConfig:
        """Return the VQ-VAE of a modality.

        Raises:
            TrainingError: The experiment has no manifold of the modality.

        """
        if modality not in self.manifolds:
            msg = f'No manifold {modality!r} in the experiment {self.name!r}: it has {sorted(self.manifolds)}.'
            raise TrainingError(msg)
        return self.manifolds[modality]

    def manifold_folder(self, modality: str) -> Path:
        """Return the folder of the fit of a manifold."""
        return Path(self.output) / f'manifold_{modality}'

    def transform_folder(self, modalities: tuple[str, ...]) -> Path:
        """Return the folder of the fit of an AT-net."""
        return Path(self.output) / f'transform_{"_".join(modalities)}'

    def direct_folder(self, system: SingleStageConfig) -> Path:
        """Return the folder of the fit of a direct system."""
        return Path(self.output) / f'{system.kind}_{"_".join(system.modalities)}'

    @property
    def manifold_folders(self) -> tuple[Path, ...]:
        """Folders of the separate fits of all manifolds."""
        return () if self.joint is not None else tuple(map(self.manifold_folder, self.manifolds))

    @property
    def main_fit(self) -> FitConfig:
        """Settings of the fit of the networks with audio input."""
        if self.joint is not None:
            return self.joint_fit
        return self.transform_fit if self.at_nets else self.direct_fit

    @property
    def joint_folder(self) -> Path:
        """Folder of the joint fit."""
        return Path(self.output) / 'joint'

    @property
    def audio_network_folders(self) -> tuple[Path, ...]:
        """Folders of the fits of all audio networks."""
        if self.joint is not None:
            return (self.joint_folder,)
        transforms = (self.transform_folder(network.modalities) for network in self.at_nets)
        return (*transforms, *map(self.direct_folder, self.direct))

    def with_microphones(self, count: int, source: str) -> TrainingConfig:
        """Return the experiment with networks for a number of microphones.

        Direct systems with a selection of microphones keep their number of inputs.

        Args:
            count: Number of microphones of the array.
            source: Drive that has this array, for the message of an error.

        Raises:
            TrainingError: A direct system selects a microphone that does not exist.

        """
        for system in self.direct:
            if max(system.microphones, default=0) >= count:
                msg = (
                    f'The {system.kind} network uses the microphones {system.microphones}, counted from 0, but '
                    f'{source!r} has {count}: give others (`microphones` of the system, or `ears`).'
                )
                raise TrainingError(msg)
        return replace(
            self,
            at_nets=tuple(replace(network, mics=count) for network in self.at_nets),
            direct=tuple(system if system.microphones else system.with_mics(count) for system in self.direct),
        )

    def seeded(self, seed: int) -> TrainingConfig:
        """Return the experiment with another seed and its own output folder.

        `{seed}` in the starting folders of a joint fit becomes the seed.
        """
        machine = replace(self.machine, seed=seed)
        joint = self.joint
        if joint is not None:
            folders = {name: getattr(joint, name).replace(SEED, str(seed)) for name in ('start', 'start_trunk')}
            joint = replace(joint, **folders)
        return replace(self, output=f'{self.output}/seed{seed}', machine=machine, joint=joint)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values for JSON."""
        return to_plain(self)


def with_budget(config: TrainingConfig) -> TrainingConfig:
    """Return an experiment with the settings of its budget in data, networks, fits and machine."""
    budget = config.budget
    if budget.width is not None:
        config = with_width(config, budget.width)
    limits = {f'{split}_drives': getattr(budget, f'{split}_drives') for split in ('train', 'validation', 'test')}
    steps = dict(zip(FITS, (budget.manifold_steps, budget.steps, budget.steps, budget.steps), strict=True))
    fits = {name: replace(getattr(config, name), steps=count, minutes=None) for name, count in steps.items() if count}
    return replace(
        config,
        data=replace(config.data, **_without_none(limits)),
        machine=replace(config.machine, **_without_none({'precision': budget.precision})),
        **fits,
    )


def _without_none(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
