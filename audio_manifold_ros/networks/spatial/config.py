# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sizes of the network on spatial maps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.common.schema import from_plain, to_plain
from audio_manifold_ros.common.untrusted_text import shorten
from audio_manifold_ros.modalities.registry import DEPTH, MODALITIES, SEGMENTATION
from audio_manifold_ros.networks.modalities import check_modalities
from audio_manifold_ros.networks.vehicle_map import VehicleMapConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

# A configuration comes with a bundle. The limits bound the memory of its layers.
MAX_MAP_SIZE, MAX_CLASSES, MAX_IMAGE_SIZE, MAX_WIDTH = 512, 256, 1024, 4.0
MIN_TIME, MIN_LAGS = 8, 8
# Rows and columns of the map that joins sound and place in the image.
GRID_ROWS, GRID_COLUMNS = 16, 32
# Triangular functions of the row and column of a ray in the prior table, by which places are distinct for the network.
ROW_HATS, COLUMN_HATS = 24, 24
HEAD_SIZES = (32, 64)
LATENT_CELLS = (8, 16)
# Cells of predicted errors, the grid of the confidence.
ERROR_CELLS = 8


@dataclass(frozen=True)
class SpatialNetworkConfig:
    """Sizes of a network on the level, steered and echo maps of `features.spatial_spec`.

    Attributes:
        level: Shape (mel_band, frame) of the level map.
        steered: Shape (band, azimuth, frame) of the steered map.
        echo: Shape (azimuth, lag) of the echo map.
        image_columns: The first azimuths of the steered map, which are in the image, left to right.
        modalities: Modalities of the output.
        classes: Number of segmentation classes.
        image_size: Rows and columns of the images.
        width: Factor of all widths. 1 has 1.4 million parameters.
        head_size: Rows and columns of the maps of the direct heads.
        latent_cells: Rows and columns of the latents of manifolds. 0 for direct heads.
        code_dim: Dimension of the codes of the manifolds.
        vehicles: Map of the vehicles all round. None without it.

    Raises:
        NetworkError: A value is invalid. The message names it.

    """

    level: tuple[int, int] = (64, 20)
    steered: tuple[int, int, int] = (6, 64, 20)
    echo: tuple[int, int] = (16, 88)
    image_columns: int = 48
    modalities: tuple[str, ...] = (DEPTH, SEGMENTATION)
    classes: int = 19
    image_size: int = 128
    width: float = 1.0
    head_size: int = 32
    latent_cells: int = 0
    code_dim: int = 64
    vehicles: VehicleMapConfig | None = None

    def __post_init__(self) -> None:
        """Validate the values."""
        check_modalities(self.modalities)
        for name, sizes in (('level', self.level), ('steered', self.steered), ('echo', self.echo)):
            if not all(1 <= size <= MAX_MAP_SIZE for size in sizes):
                msg = f'{name} is {shorten(sizes)}: give sizes from 1 to {MAX_MAP_SIZE}.'
                raise NetworkError(msg)
        if self.level[1] != self.steered[2] or self.level[1] < MIN_TIME or self.echo[1] < MIN_LAGS:
            msg = (
                f'level {self.level}, steered {self.steered} and echo {self.echo}: give the same {MIN_TIME} frames or '
                f'more to both, and {MIN_LAGS} lags or more.'
            )
            raise NetworkError(msg)
        self._check(1 < self.image_columns <= self.steered[1], 'image_columns', f'2 to {self.steered[1]}')
        self._check(1 <= self.classes <= MAX_CLASSES, 'classes', f'1 to {MAX_CLASSES}')
        self._check(0 < self.width <= MAX_WIDTH, 'width', f'a number up to {MAX_WIDTH:g}')
        self._check(self.head_size in HEAD_SIZES, 'head_size', f'one of {HEAD_SIZES}')
        self._check(self.latent_cells in {0, *LATENT_CELLS}, 'latent_cells', f'0 or one of {LATENT_CELLS}')
        self._check(1 <= self.code_dim <= MAX_IMAGE_SIZE, 'code_dim', f'1 to {MAX_IMAGE_SIZE}')
        size = self.image_size
        is_multiple = self.head_size <= size <= MAX_IMAGE_SIZE and size % self.head_size == 0
        self._check(is_multiple, 'image_size', f'a multiple of {self.head_size} up to {MAX_IMAGE_SIZE}')

    @property
    def size(self) -> int:
        """Number of input values."""
        return math.prod(self.level) + math.prod(self.steered) + math.prod(self.echo)

    @property
    def is_quantised(self) -> bool:
        """True if the images come from the decoders of manifolds."""
        return self.latent_cells > 0

    @property
    def latent_channels(self) -> int:
        """Channels of the latents of all modalities."""
        return self.code_dim * len(self.modalities)

    @property
    def grid_channels(self) -> int:
        """Channels of the prior on the grid: row, column and height of the rays, and the raw images."""
        return ROW_HATS + COLUMN_HATS + 1 + sum(self.image_channels(modality) for modality in self.modalities)

    def channels(self, full: int) -> int:
        """Return a number of channels at the width of the network, a multiple of 8."""
        return max(8, 8 * round(full * self.width / 8))

    def image_place(self, modality: str) -> slice:
        """Return the channels of a modality in the raw images of all modalities."""
        before = self.modalities[: self.modalities.index(modality)]
        first = sum(self.image_channels(name) for name in before)
        return slice(first, first + self.image_channels(modality))

    def image_channels(self, modality: str) -> int:
        """Return the channels of the raw image of a modality."""
        entry = MODALITIES[modality]
        return self.classes if entry.is_categorical else entry.channels

    def to_dict(self) -> Mapping[str, object]:
        """Return the fields as plain values for JSON."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> SpatialNetworkConfig:
        """Build a configuration from plain values.

        Raises:
            NetworkError: A key is unknown, or a value is invalid.

        """
        return from_plain(cls, values, cls.__name__, NetworkError)

    def _check(self, is_valid: bool, name: str, expected: str) -> None:  # noqa: FBT001  # a condition
        if not is_valid:
            msg = f'{name} is {shorten(getattr(self, name))}: give {expected}.'
            raise NetworkError(msg)
