# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

"""Example rig with reordered device channels and an offset camera clock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.extrinsics import Extrinsics, Transform
from audio_manifold_ros.rig.rig import MicrophoneArray

OCTAGON = resource_path('calibration/roof_octagon')
DELAYS = (0.0, 5.3, -7.7, 1.0, 0.0, 0.5, -0.25, 30.0)
OFFSET_S = 0.04


def wired(delays: tuple[float, ...] = DELAYS) -> MicrophoneArray:
    """Return the octagon with reordered channels, channels 0 and 1 unused, and all wiring errors."""
    array = MicrophoneArray.from_yaml(OCTAGON / 'mic_array.yaml')
    microphones = tuple(
        replace(mic, device_channel=9 - place, gain_db=place - 3.0, polarity=(-1) ** place, delay_samples=late)
        for place, (mic, late) in enumerate(zip(array.microphones, delays, strict=True))
    )
    return replace(array, microphones=microphones, delay_rate_hz=22_500)


def write_rig(folder: Path, array: MicrophoneArray | None = None, **moved: Transform) -> Path:
    """Write a rig with the octagon's camera, frames replaced by `moved`, and late camera stamps."""
    folder.mkdir()
    for name in ('mic_array', 'camera', 'extrinsics', 'depth'):
        text = (OCTAGON / f'{name}.yaml').read_text(encoding='utf-8')
        (folder / f'{name}.yaml').write_text(text, encoding='utf-8')
    if array is not None:
        (folder / 'mic_array.yaml').write_text(array.to_text(), encoding='utf-8')
    extrinsics = Extrinsics.from_yaml(folder / 'extrinsics.yaml')
    frames = tuple(moved.get(frame.child, frame) for frame in extrinsics.transforms)
    text = replace(extrinsics, transforms=frames, audio_time_offset_s=OFFSET_S).to_text()
    (folder / 'extrinsics.yaml').write_text(text, encoding='utf-8')
    return folder
