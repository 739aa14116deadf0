# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Invalid parameters, bundles and files are refused at `configure` by name, and the node continues."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import rclpy
import soundfile
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.inference import backend_factory
from audio_manifold_ros.nodes.perception.perception_node import PerceptionNode
from audio_manifold_ros.nodes.simulator.simulated_drive import SimulatedDrive

pytestmark = pytest.mark.ros
SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE


@pytest.fixture(scope='module', autouse=True)
def ros() -> Iterator[None]:
    rclpy.init()
    yield
    rclpy.shutdown()


def cut_in_half(folder: Path) -> None:
    weights = folder / 'weights.safetensors'
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])


def flip_a_bit(folder: Path) -> None:
    weights = folder / 'weights.safetensors'
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)


def change_manifest(key: str, value: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / 'manifest.json'
        path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))

    return change


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def add_pickle(folder: Path) -> None:
    (folder / 'extra.pkl').write_bytes(b'x')


def configure(capfd: pytest.CaptureFixture[str], **values: object) -> tuple[TransitionCallbackReturn, str]:
    """Configure a node with start values and return the result and what it logged."""
    overrides = [Parameter(name.replace('__', '.'), value=value) for name, value in values.items()]
    node = PerceptionNode(parameter_overrides=overrides)
    try:
        capfd.readouterr()
        before = len(list(node.publishers)), len(list(node.subscriptions))
        result = node.trigger_configure()
        if result == FAILURE:
            assert node.trigger_configure() == FAILURE
            assert (len(list(node.publishers)), len(list(node.subscriptions))) == before
        return result, capfd.readouterr().err
    finally:
        node.destroy_node()


def test_valid_parameters_are_accepted(capfd: pytest.CaptureFixture[str], small_bundle: Path, wav: Path) -> None:
    result, log = configure(capfd, bundle=str(small_bundle), source__kind='file', source__file=str(wav))
    assert result == SUCCESS, log


@pytest.mark.parametrize(
    ('values', 'named'),
    [
        ({'prediction__rate_hz': 0.0}, 'prediction.rate_hz is 0.0: give a number from 0.1 to 200.0'),
        ({'prediction__rate_hz': 'fast'}, "prediction.rate_hz is 'fast'"),
        ({'prediction__min_confidence': 1.5}, 'prediction.min_confidence is 1.5'),
        ({'threads': -1}, 'threads is -1'),
        ({'precision': 'int8'}, 'has no model.int8.onnx'),
        ({'cores': 'all'}, "cores is 'all': give processor numbers"),
        ({'cores': '9999'}, 'The cores are [9999]'),
        ({'backend': 'tflite'}, "backend is 'tflite': give one of auto, onnx, torch, tensorrt"),
        ({'backend': 'tensorrt', 'engine_policy': 'off'}, "the engine policy is 'off'"),
        ({'engine_policy': 'soon'}, "engine_policy is 'soon': give one of require, build, load_only, off"),
        ({'backend': 'onnx', 'device': 'cuda:0'}, "'cuda:0'"),
        ({'source__kind': 'bag'}, "source.kind is 'bag': give one of device, topic, file, simulator"),
        ({'source__kind': 'device'}, "source.device is ''"),
        ({'source__kind': 'topic', 'source__topic': ''}, "source.topic is ''"),
        ({'source__kind': 'topic', 'source__topic': 'mic-array/audio'}, "source.topic is 'mic-array/audio': "),
        ({'source__kind': 'topic', 'source__topic_info': 'a//b'}, "source.topic_info is 'a//b': "),
        ({'qos_overrides./perception/points.publisher.depth': 'many'}, 'many'),
        ({'source__kind': 'file', 'source__file': '/no/such.wav'}, "'/no/such.wav'"),
        ({'source__block_samples': 1}, 'source.block_samples is 1'),
        ({'publish__audio': 1}, 'publish.audio is 1: give true or false'),
        ({'bundle': '/no/such/bundle'}, "There is no bundle '/no/such/bundle'"),
        ({'bundle': ''}, "There is no bundle ''"),
        ({'rig': 'calibration/nowhere'}, "rig is 'calibration/nowhere'"),
        ({'rate_hz': 10.0}, 'Unknown parameters rate_hz: the known ones are autostart'),
        ({'source__sed': 1, 'prediction__rate': 3.0}, 'Unknown parameters prediction.rate, source.sed'),
        ({'threads': 99, 'nonsense': True}, 'threads is 99: give an integer from 1 to 64. Unknown parameters nonsense'),
    ],
    ids=lambda value: '-'.join(value) if isinstance(value, dict) else '',
)
def test_bad_parameters(
    capfd: pytest.CaptureFixture[str], small_bundle: Path, values: dict[str, object], named: str
) -> None:
    result, log = configure(capfd, **{'bundle': str(small_bundle), **values})
    assert result == FAILURE
    assert named in log


@pytest.mark.skipif(backend_factory.cuda_devices() > 0, reason='there is a CUDA device')
def test_a_required_engine_without_gpu_fails(capfd: pytest.CaptureFixture[str], small_bundle: Path) -> None:
    result, log = configure(capfd, bundle=str(small_bundle), engine_policy='require')
    assert result == FAILURE
    assert 'TensorRT cannot be used: there is no CUDA device' in log
    result, log = configure(capfd, bundle=str(small_bundle), backend='tensorrt', engine_policy='build')
    assert result == SUCCESS
    assert log.count('there is no CUDA device. The next best backend is used.') == 1
    assert 'No TensorRT engine is built: there is no CUDA device.' in log


@pytest.mark.parametrize(
    ('damage', 'named'),
    [
        (cut_in_half, 'weights.safetensors'),
        (flip_a_bit, 'weights.safetensors'),
        (remove('model.onnx'), 'model.onnx'),
        (remove('manifest.json'), 'manifest.json'),
        (add_pickle, 'extra.pkl'),
        (change_manifest('format_version', 99), 'format_version 99'),
        (change_manifest('frame_position', 7.0), 'frame_position'),
        (change_manifest('colour', 'blue'), 'colour'),
    ],
    ids=['short', 'bit', 'no graph', 'no manifest', 'pickle', 'version', 'value', 'key'],
)
def test_bad_bundles(
    capfd: pytest.CaptureFixture[str],
    small_bundle: Path,
    tmp_path: Path,
    damage: Callable[[Path], None],
    named: str,
) -> None:
    folder = shutil.copytree(small_bundle, tmp_path / 'damaged')
    damage(folder)
    result, log = configure(capfd, bundle=str(folder))
    assert result == FAILURE
    assert named in log
    assert str(folder) in log


def empty(path: Path) -> None:
    soundfile.write(path, np.zeros((0, 8)), 22_500)


def text(path: Path) -> None:
    path.write_text('no sound')


def truncated(path: Path) -> None:
    soundfile.write(path, np.zeros((22_500, 8)), 22_500)
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize('make', [empty, text, truncated])
def test_bad_sound_files(
    capfd: pytest.CaptureFixture[str], small_bundle: Path, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = tmp_path / 'bad.wav'
    make(path)
    result, log = configure(capfd, bundle=str(small_bundle), source__kind='file', source__file=str(path))
    assert result == FAILURE
    assert 'bad.wav' in log


def test_a_bad_rig(capfd: pytest.CaptureFixture[str], small_bundle: Path, tmp_path: Path) -> None:
    (tmp_path / 'mic_array.yaml').write_text('schema_version: 1\nmicrophones: 8\n')
    result, log = configure(capfd, bundle=str(small_bundle), rig=str(tmp_path))
    assert result == FAILURE
    assert 'mic_array.yaml' in log


def test_a_rig_with_too_few_microphones(capfd: pytest.CaptureFixture[str], small_bundle: Path, tmp_path: Path) -> None:
    microphone = (
        '{name: m, device_channel: 0, position_m: [0, 0, 0], facing: [1, 0, 0], gain_db: 0, polarity: 1, enabled: true}'
    )
    (tmp_path / 'mic_array.yaml').write_text(
        f'schema_version: 1\narray_id: one\nframe_id: mic_array_link\nmicrophones: [{microphone}]\n'
    )
    result, log = configure(capfd, bundle=str(small_bundle), rig=str(tmp_path))
    assert result == FAILURE
    assert "'one' has 1 microphones" in log


def test_a_disabled_microphone_is_warned_of(
    capfd: pytest.CaptureFixture[str], small_bundle: Path, tmp_path: Path
) -> None:
    rig = (resource_path('calibration/roof_octagon') / 'mic_array.yaml').read_text(encoding='utf-8')
    head, _, tail = rig.partition('mic_5')
    (tmp_path / 'mic_array.yaml').write_text(head + 'mic_5' + tail.replace('enabled: true', 'enabled: false', 1))
    result, log = configure(capfd, bundle=str(small_bundle), rig=str(tmp_path))
    assert result == SUCCESS, log
    assert 'The rig disables mic_5: their nearest neighbours replace them.' in log


def test_a_live_device_with_simulated_time_is_warned_of(capfd: pytest.CaptureFixture[str], small_bundle: Path) -> None:
    result, log = configure(
        capfd, bundle=str(small_bundle), source__kind='device', source__device='nowhere', use_sim_time=True
    )
    assert result == SUCCESS, log
    assert "use_sim_time is set, but 'nowhere' is a live device" in log


def test_qos_can_be_overridden(capfd: pytest.CaptureFixture[str], small_bundle: Path) -> None:
    override = Parameter('qos_overrides./perception/depth/image.publisher.reliability', value='best_effort')
    node = PerceptionNode(parameter_overrides=[Parameter('bundle', value=str(small_bundle)), override])
    try:
        assert node.trigger_configure() == SUCCESS, capfd.readouterr().err
        infos = node.get_publishers_info_by_topic('/perception/depth/image')
        assert [info.qos_profile.reliability.name for info in infos] == ['BEST_EFFORT']
    finally:
        node.destroy_node()


@pytest.mark.parametrize(
    ('values', 'named'),
    [({'seed': -1}, 'seed is -1'), ({'speed': 3}, 'Unknown parameters speed'), ({'rig': 'x'}, "rig is 'x'")],
)
def test_the_simulated_drive_refuses_by_name(values: dict[str, object], named: str) -> None:
    with pytest.raises(Exception, match=named):
        SimulatedDrive(parameter_overrides=[Parameter(name, value=value) for name, value in values.items()])
