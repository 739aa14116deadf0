# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Systems from audio to image without a manifold, with a selection of microphones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.common.schema import from_plain, to_plain
from audio_manifold_ros.modalities.registry import categorical
from audio_manifold_ros.networks.echo2depth import Echo2Depth, Echo2DepthConfig
from audio_manifold_ros.networks.end_to_end import EndToEnd, EndToEndConfig
from audio_manifold_ros.networks.omninet import OmniNet, OmniNetConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

KINDS: dict[str, Callable[[Any], nn.Module]] = {'end_to_end': EndToEnd, 'echo2depth': Echo2Depth, 'omninet': OmniNet}


@dataclass(frozen=True)
class SingleStageConfig:
    """Configuration of one direct system.

    Attributes:
        end_to_end: The paper's two stages as one network.
        echo2depth: Baseline for depth.
        omninet: Baseline for depth and segmentation.
        microphones: Indices of the used channels of the array, from 0 in the order of the array; empty for all.

    Raises:
        NetworkError: Not exactly one system is given, or the number of microphones differs from its inputs.

    """

    end_to_end: EndToEndConfig | None = None
    echo2depth: Echo2DepthConfig | None = None
    omninet: OmniNetConfig | None = None
    microphones: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Check that exactly one system is given and that the microphones match its inputs."""
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            msg = f'A direct system has {given}: give exactly one of {list(KINDS)}.'
            raise NetworkError(msg)
        chosen = self.microphones
        if chosen and (len(set(chosen)) != len(chosen) or min(chosen) < 0 or len(chosen) != self.mics):
            msg = f'microphones is {chosen!r}: give {self.mics} channels from 0, each once, or none for all.'
            raise NetworkError(msg)

    @property
    def kind(self) -> str:
        """Name of the system."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def system(self) -> EndToEndConfig | Echo2DepthConfig | OmniNetConfig:
        """Configuration of the system."""
        system: EndToEndConfig | Echo2DepthConfig | OmniNetConfig = getattr(self, self.kind)
        return system

    @property
    def modalities(self) -> tuple[str, ...]:
        """Modalities of the output."""
        return self.system.modalities

    @property
    def mics(self) -> int:
        """Number of input microphones."""
        return self.system.mics

    def with_mics(self, count: int) -> SingleStageConfig:
        """Return the configuration of the same system with another number of input microphones."""
        system = self.system
        changed: object
        if isinstance(system, EndToEndConfig):
            changed = replace(system, at_net=replace(system.at_net, mics=count))
        else:
            changed = replace(system, mics=count)
        return replace(self, **{self.kind: changed})  # type: ignore[arg-type]

    def to_dict(self) -> Mapping[str, object]:
        """Return the fields as plain values for JSON."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> SingleStageConfig:
        """Build a configuration from plain values.

        Raises:
            NetworkError: A key is unknown, or a value is invalid.

        """
        return from_plain(cls, values, cls.__name__, NetworkError)


class SingleStageNetwork(nn.Module):
    """Direct system on a selection of the array's microphones.

    Attributes:
        advantages: (1, class, 1, 1), class biases that are added to the segmentation logits; 0 until they are tuned.

    """

    advantages: Tensor

    def __init__(self, config: SingleStageConfig) -> None:
        """Build the network with random weights."""
        super().__init__()
        self.config = config
        self.system = KINDS[config.kind](config.system)
        if not isinstance(config.system, Echo2DepthConfig) and categorical(config.modalities):
            self.register_buffer('advantages', torch.zeros(1, config.system.classes, 1, 1))

    def set_input_statistics(self, mean: Tensor, covariance: Tensor) -> None:
        """Set the statistics of the input features before training.

        Args:
            mean: (mic,) of all microphones of the array.
            covariance: (mic, mic).

        """
        if isinstance(self.system, EndToEnd):
            chosen = list(self.config.microphones) or list(range(len(mean)))
            self.system.set_input_statistics(mean[chosen], covariance[chosen][:, chosen])

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        """Map features of the array (batch, mic, height, width) to raw images.

        Returns:
            {modality: (batch, channel, row, column)}. Depth has one channel in the unit of `DepthRepresentation`, not
                clipped.
            Segmentation has the logits of the classes.

        """
        if self.config.microphones:
            # Slices are supported by every graph compiler, a list of indices is not.
            features = torch.cat([features[:, mic : mic + 1] for mic in self.config.microphones], dim=1)
        images: dict[str, Tensor] = self.system(features)
        for modality in categorical(images):
            images[modality] = images[modality] + self.advantages
        return images
