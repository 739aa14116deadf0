# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Miniature OAP scenes in the layout of the distribution: real 24-bit WAV, MP4, NPY and PNG files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import soundfile
from numpy.typing import NDArray

RATE_HZ = 48_000
VIDEO_HZ = 10
ALL_TRACKS = tuple(range(1, 9))
DEPTH_SIZE, MASK_SIZE = (320, 1024), (480, 960)


def tone(track: int, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the audio of a track: a tone of its own frequency."""
    tone: NDArray[np.float64] = track / 20 * np.sin(2 * np.pi * 100 * (track + 1) * times_s)
    return tone


def disparity(scene: int, start_s: int) -> NDArray[np.float32]:
    """Return the disparity of a picture: near below, far above, shifted from picture to picture."""
    rows, columns = np.mgrid[: DEPTH_SIZE[0], : DEPTH_SIZE[1]]
    wave = np.sin(columns / 150 + start_s + scene)
    return (0.02 + 4 * rows / DEPTH_SIZE[0] + 0.5 * (wave + 1)).astype(np.float32)[None, None]


def mask(scene: int, start_s: int) -> NDArray[np.uint8]:
    """Return the classes of a picture: sky over building over road, and a moving car."""
    ids = np.full(MASK_SIZE, 10, dtype=np.uint8)
    ids[160:] = 2
    ids[300:] = 0
    first = (150 * start_s + 70 * scene) % 800
    ids[280:360, first : first + 120] = 13
    return ids


def write_tracks(folder: Path, number: int, seconds: float, tracks: Sequence[int], rate_hz: int = RATE_HZ) -> Path:
    """Write the tracks of a scene, and return their folder."""
    name = f'LAB-T{number:03d}'
    recording = folder / f'{name}.WAV'
    recording.mkdir(parents=True)
    times_s = np.arange(round(seconds * rate_hz)) / rate_hz
    (recording / f'._{name}_Tr1.WAV').write_bytes(b'macOS metadata')
    for track in tracks:
        soundfile.write(recording / f'{name}_Tr{track}.WAV', tone(track, times_s), rate_hz, subtype='PCM_24')
    return recording


def write_video(folder: Path, number: int, seconds: float) -> Path:
    """Write the video of a scene. The grey level of its pictures grows with time."""
    path = folder / f'VIDEO_{number:04d}_cropped.mp4'
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), VIDEO_HZ, (64, 32))
    for frame in range(round(seconds * VIDEO_HZ)):
        video.write(np.full((32, 64, 3), 20 + 2 * frame, dtype=np.uint8))
    video.release()
    return path


def write_teachers(folder: Path, number: int, seconds: float) -> None:
    """Write the labels of the pictures at 1, 3, 5 … s."""
    depth, masks = folder / 'monodepth2_front', folder / 'segment_splitframes' / 'pred'
    depth.mkdir(parents=True)
    masks.mkdir(parents=True)
    for start_s in range(0, int(seconds), 2):
        np.save(depth / f'{start_s:06d}_disp.npy', disparity(number, start_s))
        cv2.imwrite(str(masks / f'{start_s:06d}_mask.png'), mask(number, start_s))


def write_scene(
    root: Path, number: int, *, seconds: float = 4.0, name: str | None = None, tracks: Sequence[int] = ALL_TRACKS
) -> Path:
    """Write a whole scene, and return its folder."""
    folder = root / (name or f'scene{number:04d}')
    write_tracks(folder, number, seconds, tracks)
    write_video(folder, number, seconds)
    write_teachers(folder, number, seconds)
    return folder
