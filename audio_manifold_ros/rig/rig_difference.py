# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Differences between two microphone arrays: between rigs, and between a rig and the array of a bundle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray

if TYPE_CHECKING:
    from audio_manifold_ros.rig.rig import MicrophoneArray

# Below the accuracy of a tape measure and of an eye.
TOLERANCE_M = 1e-3
TOLERANCE_DEG = 0.1


@dataclass(frozen=True)
class GeometryDifference:
    """Differences of a second geometry from a first, with microphones compared in the order of the model's channels.

    Attributes:
        missing: Number of microphones that the second lacks.
        extra: Number of microphones that only the second has.
        moved_m: Distance of each pair's positions.
        turned_deg: Angle between each pair's facings.

    """

    missing: int
    extra: int
    moved_m: tuple[float, ...]
    turned_deg: tuple[float, ...]

    @property
    def max_moved_m(self) -> float:
        """Largest distance; 0 without a pair."""
        return max(self.moved_m, default=0.0)

    @property
    def max_turned_deg(self) -> float:
        """Largest angle; 0 without a pair."""
        return max(self.turned_deg, default=0.0)

    @property
    def is_significant(self) -> bool:
        """True if a difference exceeds the tolerances."""
        return bool(
            self.missing or self.extra or self.max_moved_m >= TOLERANCE_M or self.max_turned_deg >= TOLERANCE_DEG
        )

    def describe(self) -> str:
        """Return the differences as a part of a sentence."""
        parts = []
        for count, word in ((self.missing, 'missing'), (self.extra, 'too many')):
            if count:
                parts.append(f'{count} microphone{"s are" if count > 1 else " is"} {word}')
        if self.max_moved_m >= TOLERANCE_M:
            parts.append(f'a microphone is up to {self.max_moved_m * 100:.1f} cm away from its place')
        if self.max_turned_deg >= TOLERANCE_DEG:
            parts.append(f'a facing is turned by up to {self.max_turned_deg:.1f}°')
        return ', '.join(parts)


@dataclass(frozen=True)
class MicrophoneDifference:
    """Differences of one microphone, which both arrays have under the same name.

    Attributes:
        name: Name of the microphone.
        moved_m: Distance of the positions.
        turned_deg: Angle between the facings.
        gain_db: Second gain minus the first.
        delay_s: Second delay minus the first.
        changes: Polarity, device channel, place in the order, enabled: key, first and second value.

    """

    name: str
    moved_m: float
    turned_deg: float
    gain_db: float
    delay_s: float
    changes: tuple[tuple[str, object, object], ...]

    @property
    def is_significant(self) -> bool:
        """True if anything differs."""
        near = self.moved_m < TOLERANCE_M and self.turned_deg < TOLERANCE_DEG
        return bool(self.changes) or not near or abs(self.gain_db) > 1e-3 or abs(self.delay_s) > 1e-8

    def describe(self) -> str:
        """Return the differences in one line."""
        parts = [f'{key} {first!r} → {second!r}' for key, first, second in self.changes]
        if self.moved_m >= TOLERANCE_M:
            parts.append(f'moved by {self.moved_m * 100:.1f} cm')
        if self.turned_deg >= TOLERANCE_DEG:
            parts.append(f'turned by {self.turned_deg:.1f}°')
        if abs(self.gain_db) > 1e-3:
            parts.append(f'gain {self.gain_db:+.2f} dB')
        if abs(self.delay_s) > 1e-8:
            parts.append(f'delay {self.delay_s * 1e6:+.2f} µs')
        return f'{self.name}: {", ".join(parts) or "the same"}'


@dataclass(frozen=True)
class RigDifference:
    """Differences of a second array from a first.

    Attributes:
        missing: Names of microphones that only the first has.
        extra: Names of microphones that only the second has.
        microphones: The other microphones, in the order of the first.

    """

    missing: tuple[str, ...]
    extra: tuple[str, ...]
    microphones: tuple[MicrophoneDifference, ...]

    @property
    def is_significant(self) -> bool:
        """True if anything differs."""
        return bool(self.missing or self.extra) or any(mic.is_significant for mic in self.microphones)

    def lines(self) -> tuple[str, ...]:
        """Return one line per microphone that is missing, extra or different."""
        return (
            *(f'{name}: missing' for name in self.missing),
            *(f'{name}: new' for name in self.extra),
            *(mic.describe() for mic in self.microphones if mic.is_significant),
        )


def geometry_difference(
    positions_m: tuple[FloatArray, FloatArray], facings: tuple[FloatArray, FloatArray]
) -> GeometryDifference:
    """Compare two geometries.

    Args:
        positions_m: (mic, 3) of the first and of the second array.
        facings: Unit vectors (mic, 3) of both.

    """
    first, second = (len(part) for part in positions_m)
    pairs = min(first, second)
    moved = np.linalg.norm(positions_m[1][:pairs] - positions_m[0][:pairs], axis=1)
    turned = [_angle_deg(a, b) for a, b in zip(facings[0][:pairs], facings[1][:pairs], strict=True)]
    return GeometryDifference(
        missing=max(first - second, 0),
        extra=max(second - first, 0),
        moved_m=tuple(float(value) for value in moved),
        turned_deg=tuple(turned),
    )


def rig_difference(first: MicrophoneArray, second: MicrophoneArray) -> RigDifference:
    """Compare two arrays, with microphones matched by name."""
    places = [{mic.name: place for place, mic in enumerate(rig.microphones)} for rig in (first, second)]
    common = [name for name in places[0] if name in places[1]]
    return RigDifference(
        missing=tuple(name for name in places[0] if name not in places[1]),
        extra=tuple(name for name in places[1] if name not in places[0]),
        microphones=tuple(_compare(first, second, places[0][name], places[1][name]) for name in common),
    )


def _compare(first: MicrophoneArray, second: MicrophoneArray, at: int, now: int) -> MicrophoneDifference:
    one, other = first.microphones[at], second.microphones[now]
    values = (
        ('place', at, now),
        ('device_channel', one.device_channel, other.device_channel),
        ('polarity', one.polarity, other.polarity),
        ('enabled', one.enabled, other.enabled),
    )
    return MicrophoneDifference(
        name=one.name,
        moved_m=math.dist(one.position_m, other.position_m),
        turned_deg=_angle_deg(np.array(one.facing), np.array(other.facing)),
        gain_db=other.gain_db - one.gain_db,
        delay_s=float(second.delays_s[now] - first.delays_s[at]),
        changes=tuple(change for change in values if change[1] != change[2]),
    )


def _angle_deg(one: FloatArray, other: FloatArray) -> float:
    # The arc tangent is accurate for small angles between unit vectors. The arc cosine is not.
    return math.degrees(math.atan2(float(np.linalg.norm(np.cross(one, other))), float(one @ other)))
