# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sources of sound in the street other than tyres and engines of vehicles, named by kind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from audio_manifold_ros.simulation.trajectory import Trajectory


class EmissionKind(str, Enum):
    """Kinds of sound sources. `sound/emission_kinds.py` has the emission model of each kind."""

    BICYCLE = 'bicycle'
    FOOTSTEPS = 'footsteps'
    VOICE = 'voice'
    HORN = 'horn'
    SIREN_WAIL = 'siren_wail'
    SIREN_YELP = 'siren_yelp'
    SIREN_HI_LO = 'siren_hi_lo'
    TRAM = 'tram'


@dataclass(frozen=True)
class SoundSource:
    """One sound source in the street, moving with an object of the scene.

    A vehicle with a siren is one `Vehicle` and one `SoundSource` with the trajectory of the vehicle. A tram, which is
    longer than its distance to the array, is given as several sources along its length. Their `carrier` is the
    trajectory of the tram.

    Attributes:
        kind: Kind of the source.
        trajectory: Motion of the object.
        height_m: Height of the source over the ground; None for the usual height of the kind.
        level_offset_db: Individual deviation from the source level of the kind.
        start_s: The source is silent before this time.
        end_s: The source is silent from this time on.
        carrier: Motion of the vehicle with the source, which does not screen it; None if it is `trajectory`.

    """

    kind: EmissionKind
    trajectory: Trajectory
    height_m: float | None = None
    level_offset_db: float = 0.0
    start_s: float = -1e9
    end_s: float = 1e9
    carrier: Trajectory | None = None
