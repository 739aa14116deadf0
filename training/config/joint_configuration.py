# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of a joint fit: all networks from features to images at once, with losses on the images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from audio_manifold_ros.common.schema_rules import at_least, between
from training.config.checked_settings import CheckedSettings

NonNegative = Annotated[float, at_least(0)]


@dataclass(frozen=True)
class JointConfig(CheckedSettings):
    """A joint fit in place of the separate fits of manifolds and audio networks.

    Attributes:
        start: Folder of a bundle, or output folder of a run, with the starting weights. Its networks have the sizes of
            the experiment. `{seed}` is the seed of the run. Empty for random weights.
        start_trunk: Such a folder, from which networks on spatial maps only take the trunk, the prior, and the heads of
            errors and vehicles. The heads or manifolds of images have random weights. Empty for random weights.
        frozen: Modalities whose codebook and decoder keep their starting weights.
        relative_depth: Weight of the mean of |depth error| / ground truth, over pixels with ground truth.
        log_depth: Weight of the mean absolute error of the natural logarithm of depth.
        classes: Weight of the cross-entropy of the classes.
        normals: Weight of 1 - the cosine of the angle of surface normals.
        class_weights: `equal`, or `inverse_sqrt` of the frequency of the class in the training windows.
        errors: Weight of the loss of predicted errors, which do not teach the rest of the networks.
        vehicles: Weight of the focal loss per vehicle of `spatial.vehicles`.
        vehicles_teach_trunk: True if that loss also changes the layers that it shares with the images.
        commitment: Weight of the loss that keeps latents at their codes.
        average: Decay per step of the moving average of the weights, which is validated and exported.

    """

    start: str = ''
    start_trunk: str = ''
    frozen: tuple[str, ...] = ()
    relative_depth: NonNegative = 1.0
    log_depth: NonNegative = 0.5
    classes: NonNegative = 0.5
    normals: NonNegative = 0.5
    class_weights: Literal['equal', 'inverse_sqrt'] = 'inverse_sqrt'
    errors: NonNegative = 0.1
    vehicles: NonNegative = 0.05
    vehicles_teach_trunk: bool = True
    commitment: NonNegative = 0.1
    average: Annotated[float, between(0, 1)] = 0.999
