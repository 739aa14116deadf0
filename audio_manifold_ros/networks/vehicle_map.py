# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Map of the vehicles all round: classes, azimuths and distances, its target and its decoding, without torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.common.schema import from_plain, to_plain
from audio_manifold_ros.common.untrusted_text import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

# Name of the output tensor.
VEHICLES = 'vehicles'
# A configuration comes with a bundle. The limits bound the memory of its layers.
MAX_CLASSES, MAX_BINS, MAX_CHANNELS = 32, 720, 1024
# The head has convolutions over five azimuths.
MIN_AZIMUTHS = 5


@dataclass(frozen=True)
class VehicleMapConfig:
    """Bins of the map, and the width of the head that predicts it.

    Attributes:
        classes: Names of the classes, in the order of the heat map.
        azimuths: Bins of the circle. Bin i is centred at -pi + 2 pi (i + 0.5) / `azimuths`, positive to the left.
        distances: Logarithmic bins of distance from `near_m` to `far_m`.
        near_m: Smallest distance.
        far_m: Largest distance.
        channels: Channels of the convolutions over the circle.

    Raises:
        NetworkError: A value is invalid. The message names it.

    """

    classes: tuple[str, ...] = ('car', 'truck', 'bus', 'train', 'motorcycle')
    azimuths: int = 72
    distances: int = 16
    near_m: float = 3.0
    far_m: float = 50.0
    channels: int = 64

    def __post_init__(self) -> None:
        """Validate the values."""
        if not 1 <= len(set(self.classes)) == len(self.classes) <= MAX_CLASSES:
            msg = f'classes is {shorten(self.classes)}: give 1 to {MAX_CLASSES} different names.'
            raise NetworkError(msg)
        bins_fit = MIN_AZIMUTHS <= self.azimuths <= MAX_BINS and 2 <= self.distances <= MAX_BINS
        if not bins_fit or not 1 <= self.channels <= MAX_CHANNELS:
            msg = (
                f'{shorten(self)}: give azimuths from {MIN_AZIMUTHS} and distances from 2 to {MAX_BINS}, and '
                f'channels up to {MAX_CHANNELS}.'
            )
            raise NetworkError(msg)
        if not 0 < self.near_m < self.far_m < math.inf:
            msg = f'near_m is {self.near_m!r} and far_m {self.far_m!r}: give 0 < near_m < far_m.'
            raise NetworkError(msg)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (class, azimuth, distance) of the heat map."""
        return len(self.classes), self.azimuths, self.distances

    @property
    def azimuths_rad(self) -> NDArray[np.float64]:
        """Centres of the azimuth bins (azimuth,)."""
        return -np.pi + 2 * np.pi * (np.arange(self.azimuths) + 0.5) / self.azimuths

    @property
    def distances_m(self) -> NDArray[np.float64]:
        """Centres of the distance bins (distance,)."""
        fractions = (np.arange(self.distances) + 0.5) / self.distances
        centres: NDArray[np.float64] = self.near_m * (self.far_m / self.near_m) ** fractions
        return centres

    def to_dict(self) -> Mapping[str, object]:
        """Return the fields as plain values for JSON."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> VehicleMapConfig:
        """Build a configuration from plain values.

        Raises:
            NetworkError: A key is unknown, or a value is invalid.

        """
        return from_plain(cls, values, cls.__name__, NetworkError)


@dataclass(frozen=True)
class VehiclePosition:
    """A vehicle, found or true.

    Attributes:
        category: Name of its class.
        azimuth_rad: Azimuth from the centre of the array, positive to the left.
        distance_m: Horizontal distance from the centre of the array.
        probability: Probability, 1 for the truth.
        is_moving: False for a true vehicle that stands, which scores ignore.

    """

    category: str
    azimuth_rad: float
    distance_m: float
    probability: float = 1.0
    is_moving: bool = True


def heat_map(
    vehicles: Sequence[VehiclePosition], config: VehicleMapConfig, spread: tuple[float, float] = (1.0, 0.7)
) -> NDArray[np.float32]:
    """Return the target (class, azimuth, distance): a Gaussian of height 1 at the bin of each vehicle.

    Args:
        vehicles: True vehicles. Those beyond `far_m` or of other classes are left out; nearer ones than `near_m` are
            in the first bin.
        config: Sizes of the head.
        spread: Standard deviations in bins of azimuth and of distance.

    """
    target = np.zeros(config.shape, dtype=np.float32)
    rows, columns = np.arange(config.azimuths)[:, None], np.arange(config.distances)
    scale = config.distances / math.log(config.far_m / config.near_m)
    for vehicle in vehicles:
        if vehicle.category not in config.classes or not vehicle.distance_m < config.far_m:
            continue
        azimuth = math.floor((vehicle.azimuth_rad + math.pi) / (2 * math.pi) * config.azimuths) % config.azimuths
        distance = math.floor(scale * math.log(max(vehicle.distance_m, config.near_m) / config.near_m))
        offset = np.abs(rows - azimuth)
        offset = np.minimum(offset, config.azimuths - offset)
        squares = (offset / spread[0]) ** 2 + ((columns - min(distance, config.distances - 1)) / spread[1]) ** 2
        place = target[config.classes.index(vehicle.category)]
        np.maximum(place, np.exp(-squares / 2), out=place)
    return target


def decode_vehicles(
    probabilities: NDArray[np.floating], config: VehicleMapConfig, min_probability: float = 0.1, count: int = 32
) -> list[VehiclePosition]:
    """Return the vehicles of a heat map, the most probable first.

    A vehicle is a bin that is not below its neighbours. Its place is the mean of the bins around it, weighted with
    their probabilities.

    Args:
        probabilities: (class, azimuth, distance), 0 to 1.
        config: Sizes of the head.
        min_probability: Smallest probability of a vehicle.
        count: Largest number of vehicles.

    """
    azimuth_rad, log_m = config.azimuths_rad, np.log(config.distances_m)
    around = np.pad(np.pad(probabilities, ((0, 0), (1, 1), (0, 0)), mode='wrap'), ((0, 0), (0, 0), (1, 1)))
    rows, columns = probabilities.shape[1:]
    shifts = [around[:, i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
    windows = np.stack(shifts, axis=-1).reshape(*probabilities.shape, 3, 3)
    is_peak = (probabilities >= windows.max(axis=(3, 4))) & (probabilities >= min_probability)
    peaks = sorted(map(tuple, np.argwhere(is_peak).tolist()), key=lambda peak: -probabilities[peak])
    vehicles = []
    step = 2 * np.pi / config.azimuths
    log_step = log_m[1] - log_m[0]
    for category, row, column in peaks[:count]:
        weights = windows[category, row, column]
        total = weights.sum()
        turn = (weights.sum(axis=1) @ np.array([-1.0, 0.0, 1.0])) / total
        shift = (weights.sum(axis=0) @ np.array([-1.0, 0.0, 1.0])) / total
        azimuth = float(np.mod(azimuth_rad[row] + turn * step + np.pi, 2 * np.pi) - np.pi)
        distance = float(np.exp(log_m[column] + shift * log_step))
        probability = float(probabilities[category, row, column])
        vehicles.append(VehiclePosition(config.classes[category], azimuth, distance, probability))
    return vehicles
