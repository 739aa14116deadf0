# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Unseen streets with the rigs of a case, simulated once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import track

from audio_manifold_ros.processes.spread_work import spread
from training.data.simulate import drive_path, write_drive

if TYPE_CHECKING:
    from pathlib import Path

    from audio_manifold_ros.simulation.rig_parts import RigParts
    from training.comparison.compared_rigs import RigCase

# A process keeps the noise fields of an array, so streets in a row are one task.
TASK_STREETS = 20


def simulate_streets(
    case: RigCase, folder: Path, seeds: range, seconds: int, look_back_s: float, workers: int
) -> list[Path]:
    """Return the drives of streets with the rigs of a case, in order. Missing ones are simulated.

    A drive has an image in each second. The window of the last image with a whole window ends with the drive.

    Args:
        case: The rigs.
        folder: Folder of the drives of all cases.
        seeds: Seeds of the streets.
        seconds: Length of the drives.
        look_back_s: Time from the last image with a whole window to the end of the drive.
        workers: Number of processes.

    Raises:
        DatasetError: A drive cannot be written.
        SimulationError: A street cannot be simulated with its rig.

    """
    frame_position = 1.0 - look_back_s % 1.0
    target = folder / f'{case.folder}_{seconds}s_at_{frame_position:g}'
    streets = [(seed, case.rig(place, len(seeds))) for place, seed in enumerate(seeds)]
    tasks = [streets[first : first + TASK_STREETS] for first in range(0, len(streets), TASK_STREETS)]
    write = partial(_write_drives, target, seconds, frame_position, case.noise_seed, trunk_echoes=case.trunk_echoes)
    done = spread(write, tasks, workers)
    for _ in track(done, f'streets with {case.name}', total=len(tasks), console=Console(stderr=True)):
        pass
    return [drive_path(target, seed) for seed in seeds]


def _write_drives(
    folder: Path,
    seconds: int,
    frame_position: float,
    noise_seed: int,
    streets: list[tuple[int, RigParts]],
    *,
    trunk_echoes: bool,
) -> None:
    for seed, rig in streets:
        write_drive(folder, seed, seconds, frame_position, rig, noise_seed, trunk_echoes=trunk_echoes)
