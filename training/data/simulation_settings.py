# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of a simulated corpus, and the check that a folder contains no corpus with another sound."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from audio_manifold_ros.common.errors import AudioManifoldError, DatasetError
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.simulation.rig_parts import RigParts

RANDOM_RIGS = 'random'
# Folder of a rig, `RANDOM_RIGS`, the parts of a rig, or None for the roof octagon.
RigChoice = Path | str | RigParts | None
# Keys of the provenance of a drive and of the manifest. A value that is 0 or False is left out.
NOISE_KEY, TRUNK_ECHOES_KEY = 'noise_seed', 'trunk_echoes'


@dataclass(frozen=True)
class SimulationSettings:
    """Settings of all drives of a corpus.

    Attributes:
        seconds: Duration of each drive.
        frame_position: Position of each image in its second.
        rig: Folder of the rig, `RANDOM_RIGS`, or parts of a rig. None is the roof octagon.
        trunk_echoes: Trunks and poles reflect sound.

    """

    seconds: int
    frame_position: float = 0.5
    rig: RigChoice = None
    trunk_echoes: bool = False


def sound_provenance(noise_seed: int, *, trunk_echoes: bool) -> dict[str, object]:
    """Return the entries of the provenance of a drive that state its sound. The default sound has none."""
    entries: dict[str, object] = {NOISE_KEY: noise_seed, TRUNK_ECHOES_KEY: trunk_echoes}
    return {key: value for key, value in entries.items() if value}


def check_corpus_sound(folder: Path, *, trunk_echoes: bool) -> None:
    """Refuse a folder that contains a corpus simulated with another choice of echoes.

    All drives of a corpus have the same choice, so that the first readable one decides. Damaged ones are written again.

    Args:
        folder: Folder of the corpus. It need not exist.
        trunk_echoes: Trunks and poles of the new drives reflect sound.

    Raises:
        DatasetError: The drives of the folder have the other choice.

    """
    for path in sorted(folder.glob('*/street_*.h5')):
        try:
            with DriveReader(path) as drive:
                found = bool(drive.provenance.get(TRUNK_ECHOES_KEY, False))
        except AudioManifoldError:
            continue
        if found != trunk_echoes:
            found_text, given = ('with', 'without') if found else ('without', 'with')
            msg = (
                f'{str(folder)!r} contains drives {found_text} echoes of trunks and poles, and the new ones are '
                f'{given} them: give an empty folder as --out, or {"add" if found else "leave out"} --trunk-echoes.'
            )
            raise DatasetError(msg)
        return
