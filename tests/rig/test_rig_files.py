# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rig files: the examples are complete, files are read back as written, and errors name file, key and value."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.camera import CAMERA_FILE, CameraCalibration
from audio_manifold_ros.rig.depth_calibration import DEPTH_FILE, DepthCalibration
from audio_manifold_ros.rig.extrinsics import EXTRINSICS_FILE, Extrinsics
from audio_manifold_ros.rig.rig import RIG_FILE, ArrayDevice, Microphone, MicrophoneArray
from audio_manifold_ros.rig.rig_frames import rig_frames

READERS = {
    RIG_FILE: MicrophoneArray,
    CAMERA_FILE: CameraCalibration,
    EXTRINSICS_FILE: Extrinsics,
    DEPTH_FILE: DepthCalibration,
}
CALIBRATION = resource_path('calibration')
FOLDERS = sorted(path.parent for path in CALIBRATION.glob(f'*/{RIG_FILE}'))
OCTAGON = CALIBRATION / 'roof_octagon'
numbers = st.floats(-50, 50).map(lambda value: round(value, 5))
names = st.text('abcdefgh_ ', min_size=1, max_size=8).filter(lambda text: bool(text.strip()))


@pytest.mark.parametrize('folder', FOLDERS, ids=lambda path: path.name)
def test_every_example_is_complete(folder: Path) -> None:
    for file, reader in READERS.items():
        if file != DEPTH_FILE or (folder / file).exists():
            found = reader.from_yaml(folder / file)  # type: ignore[attr-defined]
            assert reader.from_text(found.to_text(), file) == found  # type: ignore[attr-defined]
    array = MicrophoneArray.from_yaml(folder / RIG_FILE)
    extrinsics = Extrinsics.from_yaml(folder / EXTRINSICS_FILE)
    assert extrinsics.transform('camera_optical_frame')
    assert len(rig_frames(array, extrinsics)) == len(extrinsics.transforms) + 1 + len(array.microphones)


def test_the_examples_have_their_geometry() -> None:
    assert {'roof_octagon', 'roof_rectangle', 'binaural_pairs', 'usb_ring'} <= {path.name for path in FOLDERS}
    pairs = MicrophoneArray.from_yaml(CALIBRATION / 'binaural_pairs' / RIG_FILE)
    apart_m = np.linalg.norm(pairs.positions_m[::2] - pairs.positions_m[1::2], axis=1)
    np.testing.assert_allclose(apart_m, 0.18, atol=1e-3)
    np.testing.assert_allclose(pairs.facings[::2], -pairs.facings[1::2], atol=1e-3)
    ring = MicrophoneArray.from_yaml(CALIBRATION / 'usb_ring' / RIG_FILE)
    np.testing.assert_allclose(np.linalg.norm(ring.positions_m[1:], axis=1), 0.043, atol=1e-4)
    rectangle = MicrophoneArray.from_yaml(CALIBRATION / 'roof_rectangle' / RIG_FILE)
    assert np.all((rectangle.positions_m * rectangle.facings).sum(axis=1) > 0)


@st.composite
def arrays(draw: st.DrawFn) -> MicrophoneArray:
    count = draw(st.integers(1, 5))
    microphones = []
    for place, name in enumerate(draw(st.lists(names, min_size=count, max_size=count, unique=True))):
        angle = draw(st.floats(-3, 3))
        microphones.append(
            Microphone(
                name=name,
                device_channel=count - place,
                position_m=(draw(numbers), draw(numbers), draw(numbers)),
                facing=(round(float(np.cos(angle)), 6), round(float(np.sin(angle)), 6), 0.0),
                gain_db=draw(numbers),
                polarity=draw(st.sampled_from([1, -1])),
                enabled=draw(st.booleans()),
                delay_samples=draw(numbers),
                frame_id=draw(st.sampled_from(['', 'ear'])),
                noise_floor_dbfs=draw(st.none() | st.floats(-120, -30)),
                std=draw(st.sampled_from([{}, {'gain_db': 0.1, 'position_m': 0.02}])),
            )
        )
    device = draw(st.sampled_from([None, ArrayDevice('USB 8', 8, (44_100, 48_000))]))
    return MicrophoneArray('array', 'frame', tuple(microphones), 48_000, device, draw(st.floats(300, 360)))


@settings(deadline=None, max_examples=60)
@given(array=arrays())
def test_an_array_is_read_as_it_was_written(array: MicrophoneArray) -> None:
    assert MicrophoneArray.from_text(array.to_text(), 'rig.yaml') == array


def test_delays_are_seconds_at_their_rate() -> None:
    array = MicrophoneArray.from_yaml(OCTAGON / RIG_FILE)
    assert not array.delays_s.any()
    late = (replace(array.microphones[0], delay_samples=12.0), *array.microphones[1:])
    np.testing.assert_allclose(replace(array, microphones=late, delay_rate_hz=48_000).delays_s[0], 250e-6)


def wrong(file: str, change: dict[str, Any]) -> str:
    data = yaml.safe_load((OCTAGON / file).read_text())
    for way, value in change.items():
        *path, last = [int(part) if part.isdigit() else part for part in way.split('.')]
        place = data
        for part in path:
            place = place[part]
        place[last] = value
    with pytest.raises(RigError) as caught:
        READERS[file].from_text(yaml.safe_dump(data), 'the/file.yaml')  # type: ignore[attr-defined]
    return str(caught.value)


@pytest.mark.parametrize(
    ('file', 'change', 'named'),
    [
        (RIG_FILE, {'delay_rate_hz': 0}, 'delay_rate_hz is 0: give an integer from 4000'),
        (RIG_FILE, {'sound_mps': 'fast'}, "sound_mps is 'fast': give a number from 280 to 400"),
        (RIG_FILE, {'device': []}, 'device is []: give a mapping'),
        (RIG_FILE, {'device': {'name': 'x', 'channels': 0, 'rates_hz': [48_000]}}, 'device.channels is 0'),
        (RIG_FILE, {'device': {'name': 'x', 'channels': 8, 'rates_hz': []}}, 'device.rates_hz is []'),
        (RIG_FILE, {'device': {'name': 'x', 'channels': 8}}, "device misses ['rates_hz']"),
        (RIG_FILE, {'microphones.2.delay_samples': 1.5}, "delay_rate_hz is missing, but ['mic_2'] have delay_samples"),
        (RIG_FILE, {'microphones.2.delay_samples': True}, 'microphones[2].delay_samples is True: give a number'),
        (RIG_FILE, {'microphones.2.frame_id': ' '}, "microphones[2].frame_id is ' ': give the name of a frame"),
        (RIG_FILE, {'microphones.2.noise_floor_dbfs': 3}, 'microphones[2].noise_floor_dbfs is 3'),
        (RIG_FILE, {'microphones.2.std': {'gain_db': -1}}, 'microphones[2].std.gain_db is -1: give a number from 0'),
        (RIG_FILE, {'microphones.2.std': {'gain': 1}}, "microphones[2].std has unknown keys ['gain']"),
        (CAMERA_FILE, {'image_width': 12.5}, 'image_width is 12.5: give an integer'),
        (CAMERA_FILE, {'lens': 'wide'}, "unknown keys ['lens']"),
        (CAMERA_FILE, {'distortion_model': 'barrel'}, "distortion_model is 'barrel': give one of plumb_bob"),
        (
            CAMERA_FILE,
            {'distortion_coefficients.data': [0.0]},
            'distortion_coefficients.data is [0.0]: give a list of 4',
        ),
        (CAMERA_FILE, {'camera_matrix.rows': 4}, 'camera_matrix.rows is 4'),
        (CAMERA_FILE, {'camera_matrix.data.0': 'f'}, "camera_matrix.data is ['f', "),
        (CAMERA_FILE, {'projection_matrix.data': [0.0] * 9}, 'projection_matrix.data is [0.0, '),
        (CAMERA_FILE, {'rectification_matrix': 1}, 'rectification_matrix is 1'),
        (EXTRINSICS_FILE, {'transforms': []}, 'transforms is []'),
        (EXTRINSICS_FILE, {'transforms.1.parent': 3}, 'transforms[1].parent is 3: give the name of a frame'),
        (EXTRINSICS_FILE, {'transforms.1.translation_m': [0, 0, 500]}, 'transforms[1].translation_m is [0, 0, 500]'),
        (
            EXTRINSICS_FILE,
            {'transforms.1.rotation_rpy_rad': [0, 0, 90]},
            '[1].rotation_rpy_rad is [0, 0, 90]',
        ),
        (EXTRINSICS_FILE, {'transforms.1.child': 'mic_array_link'}, "['mic_array_link'] have more than one parent"),
        (EXTRINSICS_FILE, {'transforms.1.parent': 'camera_optical_frame'}, 'are their own ancestors'),
        (EXTRINSICS_FILE, {'offset_residual_s': -1}, 'offset_residual_s is -1'),
        (EXTRINSICS_FILE, {'audio_time_offset_s': 60}, 'audio_time_offset_s is 60'),
        (DEPTH_FILE, {'source': 'guess'}, "source is 'guess': give one of lidar"),
        (DEPTH_FILE, {'depth_scale': 0}, 'depth_scale is 0'),
        (DEPTH_FILE, {'depth_scale': None}, 'depth_scale is None with the source'),
        (DEPTH_FILE, {'source': 'none'}, "depth_scale is 1.0 with the source 'none'"),
        (DEPTH_FILE, {'min_m': None}, 'min_m is None with depth_scale 1.0'),
        (DEPTH_FILE, {'max_m': 0.0}, 'max_m is 0.0, not beyond min_m 0.0'),
        (DEPTH_FILE, {'schema_version': 2}, 'schema_version is 2: give 1'),
    ],
)
def test_errors_name_file_key_and_value(file: str, change: dict[str, Any], named: str) -> None:
    message = wrong(file, change)
    assert message.startswith('the/file.yaml')
    assert named in message


def test_a_depth_without_a_scale_is_not_metric() -> None:
    assert DepthCalibration.from_yaml(OCTAGON / DEPTH_FILE).is_metric
    assert not DepthCalibration.from_yaml(CALIBRATION / 'usb_ring' / DEPTH_FILE).is_metric
    text = 'schema_version: 1\nsource: network\ndepth_scale: 0.5\nmin_m: 1\nmax_m: 60\n'
    assert DepthCalibration.from_text(text, DEPTH_FILE) == DepthCalibration('network', 0.5, 1.0, 60.0)


def test_a_camera_keeps_distortion_and_projection() -> None:
    camera = CameraCalibration.from_yaml(OCTAGON / CAMERA_FILE)
    assert (camera.name, camera.distortion_model, len(camera.distortion)) == ('front', 'plumb_bob', 5)
    fisheye = replace(camera, distortion_model='equidistant', distortion=(0.1, 0.2, 0.3, 0.4), projection=())
    again = CameraCalibration.from_text(fisheye.to_text(), CAMERA_FILE)
    assert again.distortion == fisheye.distortion
    assert again.projection == camera.projection
