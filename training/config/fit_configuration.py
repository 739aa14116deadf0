# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of a fit: optimiser, losses, augmentation, machine, and the budget that the systems of a table share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from audio_manifold_ros.common.schema_rules import Rule, above, at_least, between
from training.config.checked_settings import CheckedSettings

Count = Annotated[int, at_least(1)]
Positive = Annotated[float, above(0)]
NonNegative = Annotated[float, at_least(0)]
Schedule = Literal['constant', 'linear', 'cosine', 'one_cycle']
DepthLoss = Literal['l1', 'mse', 'log1p']
NormalLoss = Literal['cosine', 'l2']
ClassWeights = Literal['equal', 'omninet']
DROP_PROBABILITY = Rule('a probability from 0 to below 1', lambda value: 0 <= value < 1)


@dataclass(frozen=True)
class FitConfig(CheckedSettings):
    """Settings of the fit of one network.

    Attributes:
        batch_size: Windows per step, on each device.
        epochs: Passes over the training windows.
        steps: Steps of the optimiser, instead of `epochs`; null for `epochs`.
        minutes: Time limit instead; the schedule follows the clock. Null for no limit.
        learning_rate: Highest learning rate of Adam.
        schedule: `constant` (paper), `linear` (OmniNet) or `cosine` down to 0, or `one_cycle` with a warm-up.
        weight_decay: Weight decay, decoupled from the gradient.
        clip_norm: Norm to which longer gradients are shortened; null for no limit.
        patience: Number of validations without an improvement after which the fit stops; null for no limit.
        validate_every_steps: Steps between two validations.
        validation_windows: Maximum number of windows of a validation.

    """

    batch_size: Count = 32
    epochs: Count = 10
    steps: Count | None = None
    minutes: Positive | None = None
    learning_rate: Positive = 1e-4
    schedule: Schedule = 'constant'
    weight_decay: NonNegative = 0.0
    clip_norm: Positive | None = None
    patience: Count | None = None
    validate_every_steps: Count = 200
    validation_windows: Count = 1000


@dataclass(frozen=True)
class LossConfig(CheckedSettings):
    """Losses between predicted images and ground truth, of manifolds and of direct systems.

    Attributes:
        depth: Mean over all pixels of the absolute error (`l1`), of its square (`mse`), or of log(1 + error)
            (`log1p`, ECHO2DEPTH), in the unit of the depth representation.
        depth_weight: Weight of the depth loss. 10 gives the initial blank image a loss of about 1, like that of the
            cross-entropy.
        segmentation_weight: Weight of the cross-entropy.
        normals: Mean over the pixels with ground truth of 1 - the cosine of the angle (`cosine`), or of the distance of
            the unit vectors (`l2`).
        normals_weight: Weight of the loss of normals.
        class_weights: `equal`, or those of OmniNet: 2 minus the fraction of the class in the batch, and seven times
            that for car, train and motorcycle (Vasudevan et al. 2020).
        kl_weight: Weight per number of the divergence of a Gaussian bottleneck from the standard normal distribution.

    """

    depth: DepthLoss = 'l1'
    depth_weight: float = 10.0
    segmentation_weight: float = 1.0
    normals: NormalLoss = 'cosine'
    normals_weight: float = 1.0
    class_weights: ClassWeights = 'equal'
    kl_weight: float = 1e-3


@dataclass(frozen=True)
class CodebookConfig(CheckedSettings):
    """Initialisation and upkeep of a codebook.

    Attributes:
        commitment: Weight of the loss that keeps latents at their codes (van den Oord et al. 2017: 0.25).
        start_step: Step at which k-means fills the codebook. Latents pass unquantised until then.
        start_vectors: Number of latents for k-means, from the batches just before.
        restart_every_steps: Steps between two searches for dead codes. The last third of a fit has none.

    """

    commitment: float = 0.25
    start_step: int = 100
    start_vectors: int = 16_384
    restart_every_steps: int = 50


@dataclass(frozen=True)
class AugmentConfig(CheckedSettings):
    """Random changes to the features of each training window.

    Attributes:
        gain_db: Limit of the common gain of all microphones, which is uniform between plus and minus this value.
        masks: Number of masks over mel bands, and of masks over time (Park et al. 2019), the same on all microphones.
        mask_rows: Maximum height of a mask over mel bands.
        mask_columns: Maximum width of a mask over time.
        drop_microphones: Probability that a microphone is silent for a window. At least two microphones remain.
        mirror: Probability that left and right of a window and of its images are exchanged. For spatial features, with
            cameras that look along the x axis of the array and traffic on either side of the road.

    """

    gain_db: float = 0.0
    masks: int = 0
    mask_rows: int = 16
    mask_columns: int = 16
    drop_microphones: Annotated[float, DROP_PROBABILITY] = 0.0
    mirror: Annotated[float, between(0, 1)] = 0.0


@dataclass(frozen=True)
class MachineConfig(CheckedSettings):
    """Devices and precision, with the names of Lightning.

    Attributes:
        accelerator: `auto`, `cpu`, `gpu` …
        devices: `auto` or a number, as a string.
        nodes: Number of machines.
        strategy: `auto`, `ddp` …
        precision: `32-true`, `bf16-mixed`, `16-mixed` …, or `auto` for `bf16-mixed` where the device computes faster
            with it.
        threads: Threads of torch on the CPU; null for the default of torch.
        seed: Seed of weights, order and augmentation.

    """

    accelerator: str = 'auto'
    devices: str = 'auto'
    nodes: int = 1
    strategy: str = 'auto'
    precision: str = '32-true'
    threads: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class BudgetConfig(CheckedSettings):
    """The budget that every system of a table has. A null value leaves the experiment's own value.

    Attributes:
        train_drives: Number of drives to train on.
        validation_drives: Number of drives to validate on.
        test_drives: Number of drives to test on.
        steps: Steps of each fit of an audio transformation or a direct system.
        manifold_steps: Steps of each fit of a manifold.
        precision: See `MachineConfig`.
        width: Factor of the published widths of the networks (see `with_width`).

    """

    train_drives: Count | None = None
    validation_drives: Count | None = None
    test_drives: Count | None = None
    steps: int | None = None
    manifold_steps: int | None = None
    precision: str | None = None
    width: Positive | None = None
