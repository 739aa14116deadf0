# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Systems that go from sound to image without a manifold, and which microphones they hear."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.networks.configuration import read_strict
from audio_manifold_ros.networks.echo2depth import Echo2Depth, Echo2DepthConfig
from audio_manifold_ros.networks.end_to_end import EndToEnd, EndToEndConfig
from audio_manifold_ros.networks.omninet import OmniNet, OmniNetConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

KINDS: dict[str, Callable[[Any], nn.Module]] = {'end_to_end': EndToEnd, 'echo2depth': Echo2Depth, 'omninet': OmniNet}


@dataclass(frozen=True)
class SingleStageConfig:
    """One direct system.

    Attributes:
        end_to_end: The paper's two stages as one.
        echo2depth: The baseline for depth.
        omninet: The baseline for depth and segmentation.
        microphones: Which of the array's channels it hears, from 0, in its order; empty means all.

    Raises:
        NetworkError: It is not exactly one system, or it hears another number of microphones than it has inputs.

    """

    end_to_end: EndToEndConfig | None = None
    echo2depth: Echo2DepthConfig | None = None
    omninet: OmniNetConfig | None = None
    microphones: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse no system, two systems, and microphones that do not fit."""
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            msg = f'A direct system with {given}: give exactly one of {list(KINDS)}.'
            raise NetworkError(msg)
        chosen = self.microphones
        if chosen and (len(set(chosen)) != len(chosen) or min(chosen) < 0 or len(chosen) != self.mics):
            msg = f'microphones is {chosen!r}: give {self.mics} channels from 0, each once, or none for all.'
            raise NetworkError(msg)

    @property
    def kind(self) -> str:
        """Which of the systems."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def system(self) -> EndToEndConfig | Echo2DepthConfig | OmniNetConfig:
        """Its configuration."""
        return getattr(self, self.kind)  # type: ignore[no-any-return]

    @property
    def modalities(self) -> tuple[str, ...]:
        """What it draws."""
        return self.system.modalities

    @property
    def mics(self) -> int:
        """How many microphones it hears."""
        return self.system.mics

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> SingleStageConfig:
        """Build a configuration from plain values.

        Raises:
            NetworkError: A key is unknown, or a value makes no sense.

        """
        return read_strict(cls, values)


class SingleStageNetwork(nn.Module):
    """A direct system that picks its microphones out of the array's.

    Attributes:
        advantages: (1, class, 1, 1), added to the logits of a segmentation; 0 until a training has chosen them.

    """

    advantages: Tensor

    def __init__(self, config: SingleStageConfig) -> None:
        """Build the network with random weights."""
        super().__init__()
        self.config = config
        self.system = KINDS[config.kind](config.system)
        if not isinstance(config.system, Echo2DepthConfig) and 'segmentation' in config.modalities:
            self.register_buffer('advantages', torch.zeros(1, config.system.classes, 1, 1))

    def set_input_statistics(self, mean: Tensor, covariance: Tensor) -> None:
        """Tell the network, before training, what the training windows are like.

        Args:
            mean: (mic,) of all of the array's microphones.
            covariance: (mic, mic).

        """
        if isinstance(self.system, EndToEnd):
            chosen = list(self.config.microphones) or list(range(len(mean)))
            self.system.set_input_statistics(mean[chosen], covariance[chosen][:, chosen])

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        """Map the array's features (batch, mic, height, width) to raw images {modality: (batch, channel, row, column)}.

        Depth has one channel in the unit of `DepthRepresentation`, not clipped; segmentation has the classes' logits.
        """
        if self.config.microphones:
            # Slices, because every compiler of graphs takes them, and not every one a list of indices.
            features = torch.cat([features[:, mic : mic + 1] for mic in self.config.microphones], dim=1)
        images: dict[str, Tensor] = self.system(features)
        if 'segmentation' in images:
            images['segmentation'] = images['segmentation'] + self.advantages
        return images
