# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rigs that bundles are compared on: rig folders, random rigs, and rigs with dead microphones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.datasets.splits import FIRST_DEMO_SEED
from audio_manifold_ros.simulation.random_rig import STREETS_PER_RIG, random_rig
from audio_manifold_ros.simulation.rig_parts import RigParts, load_rig

RANDOM = 'random rigs'
# Rigs of streets that no model is trained on.
FIRST_RANDOM_RIG = FIRST_DEMO_SEED // STREETS_PER_RIG
OTHER_NOISE = 1
TRUNK_ECHOES_SUFFIX = '_trunk_echoes'


@dataclass(frozen=True)
class RigCase:
    """Rigs that the streets of a test are simulated with.

    Attributes:
        name: Name in tables.
        folder: Name of the folder of its drives.
        rigs: Its rigs. The streets are divided among them, in order.
        dead: Number of dead microphones, other ones in each street.
        noise_seed: Seed of the noise of all sources. 0 is that of the training.
        trunk_echoes: Trunks and poles reflect sound.

    """

    name: str
    folder: str
    rigs: tuple[RigParts, ...]
    dead: int = 0
    noise_seed: int = 0
    trunk_echoes: bool = False

    def rig(self, place: int, streets: int) -> RigParts:
        """Return the rig of a street.

        Args:
            place: Number of the street, from 0.
            streets: Number of all streets.

        """
        return self.rigs[place * len(self.rigs) // streets]


def rig_cases(
    folders: Sequence[Path],
    random_rigs: int = 0,
    dead: int = 0,
    *,
    other_noise: bool = False,
    trunk_echoes: bool = False,
) -> list[RigCase]:
    """Return the cases of a test.

    Args:
        folders: Folders of rigs. The first one is the reference.
        random_rigs: Number of random rigs, which are one case.
        dead: Number of dead microphones of a case with the first rig. 0 leaves it out.
        other_noise: Add a case with the first rig and noise that no training contains.
        trunk_echoes: Trunks and poles reflect sound in all cases. Their drives are in folders of their own.

    Raises:
        RigError: A rig cannot be read, two have the same name, or too few of its microphones would be left.

    """
    cases = [RigCase(folder.name, folder.name, (load_rig(folder),)) for folder in folders]
    names = [case.name for case in cases]
    if len(set(names)) != len(names):
        msg = f'The rigs are {names!r}: give each name once.'
        raise RigError(msg)
    if dead:
        first = cases[0]
        microphones = sum(microphone.enabled for microphone in first.rigs[0].array.microphones)
        if not 0 < dead < microphones:
            msg = f'{dead!r} of {microphones} microphones of {first.name!r} are to be dead: leave at least one.'
            raise RigError(msg)
        cases.insert(1, RigCase(f'{first.name}, {dead} dead', first.folder, first.rigs, dead))
    if other_noise:
        first = cases[0]
        cases.insert(
            1, RigCase(f'{first.name}, other noise', f'{first.folder}_other_noise', first.rigs, noise_seed=OTHER_NOISE)
        )
    if random_rigs:
        rigs = tuple(random_rig((FIRST_RANDOM_RIG + number) * STREETS_PER_RIG) for number in range(random_rigs))
        cases.append(RigCase(f'{random_rigs} {RANDOM}', f'random_{random_rigs}', rigs))
    if trunk_echoes:
        return [replace(case, folder=f'{case.folder}{TRUNK_ECHOES_SUFFIX}', trunk_echoes=True) for case in cases]
    return cases
