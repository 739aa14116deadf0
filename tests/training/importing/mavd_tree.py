# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Miniature datasets in the layout of MAVD: real MP3, JPEG and label files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import soundfile
from numpy.typing import NDArray

from audio_manifold_ros.common.units import NS_PER_S

RATE_HZ = 44_100
PICTURE = (65, 192)  # a tenth of the true 650 × 1920
TEACHER = (32, 96)
SKY_ROWS, CAR = 8, (20, 26)


def tone(microphone: int, stamp_ns: int) -> NDArray[np.float32]:
    """Return one second of audio: a tone that identifies the microphone, plus noise that identifies the instant."""
    time_s = np.arange(RATE_HZ) / RATE_HZ
    noise = np.random.default_rng(stamp_ns % 2**32).normal(0, 0.02, RATE_HZ)
    return (0.2 * np.sin(2 * np.pi * (300 + 100 * microphone) * time_s) + noise).astype(np.float32)


def write_frame(
    drive: Path, name: str, *, stamp_ns: int | None = None, microphones: Sequence[int] = range(8), labelled: bool = True
) -> None:
    """Write the files of MAVD and of two teachers for one image.

    Args:
        drive: Folder of the drive.
        name: `sec_nsec_code`.
        stamp_ns: Time that determines the audio. None for the instant of the name.
        microphones: Microphones whose clips to write.
        labelled: Write label files.

    """
    seconds, nanoseconds = (int(part) for part in name.split('_')[:2])
    sounds_ns = seconds * NS_PER_S + nanoseconds if stamp_ns is None else stamp_ns
    for folder in ('audio', 'fl_rgb', 'fl_ir_aligned', 'fl_rgb_depth', 'disparity', 'masks'):
        (drive / folder).mkdir(parents=True, exist_ok=True)
    for microphone in microphones:
        path = drive / 'audio' / f'audio_{microphone}_{name}.mp3'
        soundfile.write(path, tone(microphone, sounds_ns), RATE_HZ, format='MP3', subtype='MPEG_LAYER_III')
    write_pictures(drive, name)
    if labelled:
        np.save(drive / 'disparity' / f'fl_rgb_{name}_disp.npy', disparity(sounds_ns)[None, None])
        assert cv2.imwrite(str(drive / 'masks' / f'fl_rgb_{name}_mask.png'), mask())


def write_pictures(drive: Path, name: str) -> None:
    """Write the pictures of an instant."""
    picture = np.random.default_rng(len(name)).integers(0, 255, (*PICTURE, 3), dtype=np.uint8)
    for folder in ('fl_rgb', 'fl_ir_aligned', 'fl_rgb_depth'):
        (drive / folder).mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(drive / 'fl_rgb' / f'fl_rgb_{name}.jpg'), picture)
    assert cv2.imwrite(str(drive / 'fl_ir_aligned' / f'fl_ir_aligned_{name}.jpg'), picture)
    assert cv2.imwrite(str(drive / 'fl_rgb_depth' / f'fl_rgb_{name}.jpg'), picture)


def disparity(stamp_ns: int) -> NDArray[np.float32]:
    """Return scaled disparity that grows from column to column, from a value that identifies the instant."""
    first = 0.02 + stamp_ns % 97 / 100
    return np.tile(np.linspace(first, first + 5, TEACHER[1], dtype=np.float32), (TEACHER[0], 1))


def mask() -> NDArray[np.uint8]:
    """Return classes: sky above, road below, a car at the left edge outside the crop, and another car inside."""
    ids = np.zeros(TEACHER, dtype=np.uint8)
    ids[:SKY_ROWS] = 10
    ids[slice(*CAR), :8] = 13
    ids[slice(*CAR), 40:60] = 13
    return ids


def write_drive(root: Path, drive_id: str, names: Sequence[str]) -> Path:
    """Write a complete drive."""
    for name in names:
        write_frame(root / drive_id, name)
    return root / drive_id


def teacher_arguments(root: Path, teachers: Path) -> list[str]:
    """Move the label files to a folder for each drive, and return the arguments of the import for them."""
    for drive in sorted(path for path in root.iterdir() if path.is_dir()):
        for kind in ('disparity', 'masks'):
            if (drive / kind).is_dir():
                (teachers / kind).mkdir(parents=True, exist_ok=True)
                (drive / kind).rename(teachers / kind / drive.name)
    return ['--depth', str(teachers / 'disparity'), '--segmentation', str(teachers / 'masks')]
