# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From an unboxed array to a calibrated car, simulated: `python -m examples.calibrate_a_new_array FOLDER`.

Writes what a car records whose channels are swapped, capsules flipped, gains and delays unequal, positions wrong,
camera turned and clock late; runs every command of `calibrate` on it in turn, and applies what each of them found. The
pictures of the reports are those of `docs/rig.md`.
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys
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
# What a report is called in the documentation.
PICTURES = {
    'check/levels': 'check_levels',
    'check/spectra': 'check_spectra',
    'order/order': 'order',
    'geometry/positions': 'geometry_positions',
    'geometry/sounds': 'geometry_sounds',
    'delay/delays': 'delays',
    'gains/gains': 'gains',
    'camera/coverage': 'camera_coverage',
    'sync/seen_and_heard': 'sync',
    'extrinsics/claps': 'extrinsics',
}


@dataclass(frozen=True)
class SimulatedCar:
    """A car to be calibrated.

    Attributes:
        rig: Its microphones, and what is wrong with them.
        extrinsics: Its frames and the offset of its camera.
        folder: Of recordings, reports and, below `my_car`, the files of its rig.

    """

    rig: ClappedRig
    extrinsics: Extrinsics
    folder: Path

    @property
    def files(self) -> Path:
        """The rig that the commands change."""
        return self.folder / 'my_car'


def create_car(folder: Path, seed: int = SEED) -> SimulatedCar:
    """Write the files of a rig as a person with a tape measure does, and return the car that they are wrong about."""
    rig = ClappedRig(seed, octagon(), POSITION_STD_M)
    files = Path(shutil.copytree(resource_path('calibration/roof_octagon'), folder / 'my_car'))
    (files / RIG_FILE).write_text(rig.nominal.to_text(), encoding='utf-8')
    nominal = Extrinsics.from_yaml(files / EXTRINSICS_FILE)
    turned = replace(nominal.transform('camera_link'), rotation_rpy_rad=(0.0, 0.0, YAW_RAD))
    frames = tuple(turned if frame.child == turned.child else frame for frame in nominal.transforms)
    return SimulatedCar(rig, replace(nominal, transforms=frames, audio_time_offset_s=OFFSET_S), folder)


def record(car: SimulatedCar) -> None:
    """Write what every command needs."""
    rig, street = car.rig, car.rig.street(PLACES * PLACE_S)
    broken = rig.device(street[:, : round(CHECK_S * RATE_HZ)])
    for fault, channel in ((inject_noise, 2), (inject_duplicate, 5), (inject_dead, 7)):
        fault(broken, channel, rig.generator)
    _write(car.folder / 'broken.wav', broken)
    _write(car.folder / 'street.wav', rig.device(street, shuffled=True))
    _write(car.folder / 'taps.wav', rig.device(rig.speech_at_microphones(TAP_S, street, taps=True), shuffled=True))
    _write(car.folder / 'walk.wav', rig.device(rig.places(PLACES, PLACE_S, street), shuffled=True))
    claps = rig.claps(CLAPS, rig.street(CLAPS * CLAP_INTERVAL_S))
    _write(car.folder / 'claps.wav', rig.device(claps.pressure, shuffled=True))
    (car.folder / 'board').mkdir()
    for number, picture in enumerate(board_pictures(VIEWS)):
        cv2.imwrite(str(car.folder / 'board' / f'{number:02d}.png'), picture)
    ClapArc(CAMERA, car.extrinsics).write(rig, car.folder / 'arc', shuffled=True)


def run_calibration(car: SimulatedCar) -> dict[str, int]:
    """Run all commands, applying what each found; returns their exit statuses, by the folders of the reports."""
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
    statuses = {'check': _measure(car, 'check', 'check', ['--wav', str(folder / 'broken.wav')])}
    for name, sound in steps.items():
        statuses[name] = _measure(car, name, name, sound)
        calibrate(['apply', str(folder / name), '--rig', str(car.files)])
    for name, sound in steps.items():
        statuses[f'{name}_again'] = _measure(car, name, f'{name}_again', sound)
    return statuses


def _measure(car: SimulatedCar, command: str, report: str, sound: list[str]) -> int:
    return calibrate([command, *sound, '--rig', str(car.files), '--out', str(car.folder / report)])


def _write(path: Path, samples: Samples) -> None:
    soundfile.write(path, samples.T, RATE_HZ, subtype='PCM_16')


def main(arguments: list[str] | None = None) -> int:
    """Calibrate a car; 0 if all is well in the end."""
    parser = argparse.ArgumentParser(prog='rig_walk', description='Calibrate a simulated car with every command.')
    parser.add_argument('folder', type=Path, help='a new one, for recordings and reports')
    parser.add_argument('--pictures', type=Path, metavar='FOLDER', help='where the pictures of the documentation go')
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True)
    car = create_car(options.folder)
    record(car)
    statuses = run_calibration(car)
    for name, stored_name in PICTURES.items() if options.pictures else ():
        shutil.copyfile(options.folder / f'{name}.png', options.pictures / f'{stored_name}.png')
    return max(status for name, status in statuses.items() if name != 'check')


if __name__ == '__main__':
    sys.exit(main())
