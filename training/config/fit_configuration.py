# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How networks are fitted: optimiser, losses, augmentation, machine, and the budget that a table's systems share."""

from __future__ import annotations

import math
from dataclasses import dataclass

from audio_manifold_ros.common.errors import TrainingError

SCHEDULES = ('constant', 'linear', 'one_cycle')
DEPTH_LOSSES = ('l1', 'mse', 'log1p')
CLASS_WEIGHTS = ('equal', 'omninet')


@dataclass(frozen=True)
class FitConfig:
    """How one network is fitted.

    Attributes:
        batch_size: Windows per step, on each device.
        epochs: Rounds over the training windows.
        steps: Steps of the optimiser instead; null for `epochs`.
        minutes: Stop after this time instead, the schedule following the clock; null for no limit.
        learning_rate: Of Adam, at its highest.
        schedule: `constant` (paper), `linear` down to 0 (OmniNet), or `one_cycle`.
        weight_decay: Decoupled from the gradient.
        clip_norm: Longer gradients are shortened to this norm; null leaves them.
        patience: Stop after so many validations without a better one; null for never.
        validate_every_steps: Steps between two looks at the validation windows.
        validation_windows: Windows of such a look, at most.

    """

    batch_size: int = 32
    epochs: int = 10
    steps: int | None = None
    minutes: float | None = None
    learning_rate: float = 1e-4
    schedule: str = 'constant'
    weight_decay: float = 0.0
    clip_norm: float | None = None
    patience: int | None = None
    validate_every_steps: int = 200
    validation_windows: int = 1000

    def __post_init__(self) -> None:
        """Refuse schedules that do not exist, fits without an end, and steps that lead nowhere or uphill."""
        if self.schedule not in SCHEDULES:
            msg = f'schedule is {self.schedule!r}: give one of {SCHEDULES}.'
            raise TrainingError(msg)
        for key in ('batch_size', 'epochs', 'steps', 'patience', 'validate_every_steps', 'validation_windows'):
            value = getattr(self, key)
            if value is not None and value < 1:
                msg = f'{key} is {value!r}: give a number from 1.'
                raise TrainingError(msg)
        for key in ('minutes', 'learning_rate', 'clip_norm'):
            value = getattr(self, key)
            # Written so that NaN is refused, too.
            if value is not None and not 0 < value < math.inf:
                msg = f'{key} is {value!r}: give a number above 0.'
                raise TrainingError(msg)
        if not 0 <= self.weight_decay < math.inf:
            msg = f'weight_decay is {self.weight_decay!r}: give a number from 0.'
            raise TrainingError(msg)


@dataclass(frozen=True)
class LossConfig:
    """How images are compared with the truth, by manifolds and by direct systems.

    Attributes:
        depth: Mean over all pixels of the absolute error (`l1`), of its square (`mse`), or of log(1 + error)
            (`log1p`, ECHO2DEPTH), in the unit of the depth representation.
        depth_weight: Of that loss. 10 brings the first, blank image to about 1, as cross-entropy has it.
        segmentation_weight: Of the cross-entropy.
        class_weights: `equal`, or those of OmniNet: 2 less the class's share of the batch, and seven times that for
            car, train and motorcycle (Vasudevan et al. 2020).
        kl_weight: Of the divergence of a gaussian bottleneck from the standard normal distribution, per number.

    """

    depth: str = 'l1'
    depth_weight: float = 10.0
    segmentation_weight: float = 1.0
    class_weights: str = 'equal'
    kl_weight: float = 1e-3

    def __post_init__(self) -> None:
        """Refuse losses that do not exist."""
        for key, choices in (('depth', DEPTH_LOSSES), ('class_weights', CLASS_WEIGHTS)):
            if getattr(self, key) not in choices:
                msg = f'losses.{key} is {getattr(self, key)!r}: give one of {choices}.'
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
    """Changes to the features of each training window.

    Attributes:
        gain_db: Common gain of all microphones, uniform between its negative and itself.
        masks: Masks over mel bands, and as many over time (Park et al. 2019), the same on all microphones.
        mask_rows: Greatest height of a mask over mel bands.
        mask_columns: Greatest width of a mask over time.
        drop_microphones: Chance of each microphone to fall silent for a window; at least two go on hearing.

    """

    gain_db: float = 0.0
    masks: int = 0
    mask_rows: int = 16
    mask_columns: int = 16
    drop_microphones: float = 0.0

    def __post_init__(self) -> None:
        """Refuse chances that are none."""
        if not 0 <= self.drop_microphones < 1:
            msg = f'drop_microphones is {self.drop_microphones!r}: give a chance from 0 to below 1.'
            raise TrainingError(msg)


@dataclass(frozen=True)
class MachineConfig:
    """What to compute on, in Lightning's words.

    Attributes:
        accelerator: `auto`, `cpu`, `gpu` …
        devices: `auto` or a number, as a text.
        nodes: Machines that work together.
        strategy: `auto`, `ddp` …
        precision: `32-true`, `bf16-mixed`, `16-mixed` …
        threads: Of torch on the CPU; null leaves it to torch.
        seed: Of weights, order and augmentation.

    """

    accelerator: str = 'auto'
    devices: str = 'auto'
    nodes: int = 1
    strategy: str = 'auto'
    precision: str = '32-true'
    threads: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class BudgetConfig:
    """What every system of a table gets. What is null leaves the experiment's own values as they are.

    Attributes:
        train_drives: Drives to learn from.
        validation_drives: Drives to choose on.
        test_drives: Drives to report on.
        steps: Of each fit that hears: audio transformations and direct systems.
        manifold_steps: Of each manifold, which hears nothing.
        precision: See `MachineConfig`.

    """

    train_drives: int | None = None
    validation_drives: int | None = None
    test_drives: int | None = None
    steps: int | None = None
    manifold_steps: int | None = None
    precision: str | None = None
