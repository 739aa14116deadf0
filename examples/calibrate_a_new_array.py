# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Calibrate a simulated array from its first recording to a correct rig.

    ./run exec python examples/calibrate_a_new_array.py FOLDER [--steps order polarity]

The recordings have swapped channels, inverted polarities, unequal gains and delays, position errors, a rotated camera
and a clock offset. Each command of `audio-manifold rig calibrate` runs on them in turn, and its result is applied to
the rig. docs/rig.md shows the pictures of these reports. All steps take a minute or more.
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import soundfile

from audio_manifold_ros.calibration.commands.cli import main as calibrate
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.extrinsics import EXTRINSICS_FILE, Extrinsics
from audio_manifold_ros.rig.rig import RIG_FILE
from audio_manifold_ros.testing.clap_arc import ClapArc
from audio_manifold_ros.testing.clapped_rig import CLAP_INTERVAL_S, ClappedRig
from audio_manifold_ros.testing.rendered_board import CAMERA, board_pictures
from audio_manifold_ros.testing.rig_faults import inject_dead, inject_duplicate, inject_noise
from audio_manifold_ros.testing.simulated_rig import RATE_HZ, octagon

SEED, POSITION_STD_M = 986_001, 0.04
CHECK_S, TAP_S, PLACES, PLACE_S, CLAPS, VIEWS = 30.0, 3.0, 12, 3.0, 20, 24
YAW_RAD, OFFSET_S, CLAP_DISTANCE_M = math.radians(7), 0.042, '3.1'
MEASURED_PAIRS = ((0, 4), (2, 6), (0, 2))
STEPS = ('order', 'polarity', 'geometry', 'delay', 'gains', 'camera', 'sync', 'extrinsics')
# Pictures of the reports and their names in the documentation.
PICTURES = {
    'check/levels': 'check_levels',
    'check/spectra': 'check_spectra',
    'order/order': 'order',
    'geometry/positions': 'geometry_positions',
    'geometry/sounds': 'geometry_sounds',
    'delay/delays': 'delays',
    'gains/gains': 'gains',
    'camera/coverage': 'camera_coverage',
    'sync/motion_and_loudness': 'sync',
    'extrinsics/claps': 'extrinsics',
}


@dataclass(frozen=True)
class SimulatedCar:
    """A car to calibrate.

    Attributes:
        rig: Its microphones and their errors.
        extrinsics: Its true frames and camera clock offset.
        folder: Folder of the recordings, the reports and, in `my_car`, the rig files.

    """

    rig: ClappedRig
    extrinsics: Extrinsics
    folder: Path

    @property
    def files(self) -> Path:
        """Folder of the rig files that the commands change."""
        return self.folder / 'my_car'


def create_car(folder: Path, seed: int = SEED) -> SimulatedCar:
    """Write rig files with errors of a tape measurement, and return the car."""
    rig = ClappedRig(seed, octagon(), POSITION_STD_M)
    files = Path(shutil.copytree(resource_path('calibration/roof_octagon'), folder / 'my_car'))
    (files / RIG_FILE).write_text(rig.nominal.to_text(), encoding='utf-8')
    nominal = Extrinsics.from_yaml(files / EXTRINSICS_FILE)
    turned = replace(nominal.transform('camera_link'), rotation_rpy_rad=(0.0, 0.0, YAW_RAD))
    frames = tuple(turned if frame.child == turned.child else frame for frame in nominal.transforms)
    return SimulatedCar(rig, replace(nominal, transforms=frames, audio_time_offset_s=OFFSET_S), folder)


def record(car: SimulatedCar, names: Sequence[str]) -> None:
    """Write the recordings of the steps."""
    rig, street = car.rig, car.rig.street(PLACES * PLACE_S)
    broken = rig.device(street[:, : round(CHECK_S * RATE_HZ)])
    for fault, channel in ((inject_noise, 2), (inject_duplicate, 5), (inject_dead, 7)):
        fault(broken, channel, rig.generator)
    _write(car.folder / 'broken.wav', broken)
    _write(car.folder / 'street.wav', rig.device(street, shuffled=True))
    _write(car.folder / 'taps.wav', rig.device(rig.speech_at_microphones(TAP_S, street, taps=True), shuffled=True))
    if {'delay', 'gains'} & set(names):
        _write(car.folder / 'walk.wav', rig.device(rig.places(PLACES, PLACE_S, street), shuffled=True))
    claps = rig.claps(CLAPS, rig.street(CLAPS * CLAP_INTERVAL_S))
    _write(car.folder / 'claps.wav', rig.device(claps.pressure, shuffled=True))
    if 'camera' in names:
        (car.folder / 'board').mkdir()
        for number, picture in enumerate(board_pictures(VIEWS)):
            cv2.imwrite(str(car.folder / 'board' / f'{number:02d}.png'), picture)
    if {'sync', 'extrinsics'} & set(names):
        ClapArc(CAMERA, car.extrinsics).write(rig, car.folder / 'arc', shuffled=True)


def run_calibration(car: SimulatedCar, names: Sequence[str]) -> dict[str, int]:
    """Run commands and apply their results; returns the exit statuses by the folders of the reports."""
    folder, positions_m = car.folder, car.rig.positions_m
    distances = [(a, b, np.linalg.norm(positions_m[a] - positions_m[b])) for a, b in MEASURED_PAIRS]
    distance_arguments = [
        word for a, b, metres in distances for word in ('--distance', f'mic_{a}', f'mic_{b}', f'{metres:.3f}')
    ]
    arc = ['--bag', str(folder / 'arc'), '--distance', CLAP_DISTANCE_M]
    steps = {
        'order': ['--wav', str(folder / 'taps.wav')],
        'polarity': ['--wav', str(folder / 'street.wav')],
        'geometry': ['--wav', str(folder / 'claps.wav'), *distance_arguments],
        'delay': ['--wav', str(folder / 'walk.wav')],
        'gains': ['--wav', str(folder / 'walk.wav')],
        'camera': ['--pictures', str(folder / 'board')],
        'sync': arc,
        'extrinsics': arc,
    }
    steps = {name: arguments for name, arguments in steps.items() if name in names}
    statuses = {'check': _measure(car, 'check', 'check', ['--wav', str(folder / 'broken.wav')])}
    for name, arguments in steps.items():
        statuses[name] = _measure(car, name, name, arguments)
        calibrate(['apply', str(folder / name), '--rig', str(car.files)])
    for name, arguments in steps.items():
        statuses[f'{name}_again'] = _measure(car, name, f'{name}_again', arguments)
    return statuses


def _measure(car: SimulatedCar, command: str, report: str, arguments: list[str]) -> int:
    return calibrate([command, *arguments, '--rig', str(car.files), '--out', str(car.folder / report)])


def _write(path: Path, samples: Samples) -> None:
    soundfile.write(path, samples.T, RATE_HZ, subtype='PCM_16')


def main(arguments: list[str] | None = None) -> int:
    """Run the example; returns 0 if all steps succeed in the end."""
    parser = argparse.ArgumentParser(description='Calibrate a simulated car.')
    parser.add_argument('folder', type=Path, help='new folder for recordings and reports')
    parser.add_argument('--steps', nargs='+', choices=STEPS, default=STEPS, help='commands to run (default: all)')
    parser.add_argument('--pictures', type=Path, metavar='FOLDER', help='folder for the pictures of the documentation')
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True)
    car = create_car(options.folder)
    record(car, options.steps)
    statuses = run_calibration(car, options.steps)
    for name, stored_name in PICTURES.items() if options.pictures else ():
        shutil.copyfile(options.folder / f'{name}.png', options.pictures / f'{stored_name}.png')
    return max(status for name, status in statuses.items() if name != 'check')


if __name__ == '__main__':
    sys.exit(main())
