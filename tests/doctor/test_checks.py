# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of the doctor without ROS: settings, files, backend, system, audio sources and the page."""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_manifold_ros.audio.file_source import FileSource
from audio_manifold_ros.bags.statistics.preflight import Finding, Severity
from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.doctor.audio_check import check_source
from audio_manifold_ros.doctor.backend_check import _check_rate, check_backend
from audio_manifold_ros.doctor.doctor_report import DoctorReport
from audio_manifold_ros.doctor.doctor_settings import DoctorSettings
from audio_manifold_ros.doctor.environment import describe_environment
from audio_manifold_ros.doctor.file_checks import check_files
from audio_manifold_ros.doctor.ros_environment import check_domain
from audio_manifold_ros.doctor.system_checks import TIME_ERROR, _clock_finding, check_space
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.rig.camera import CameraCalibration, CameraModel
from audio_manifold_ros.rig.rig import MicrophoneArray

ROOT = Path(__file__).parents[2]
RIG = ROOT / 'calibration' / 'roof_octagon'
OK, WARNING, ERROR = Severity.OK, Severity.WARNING, Severity.ERROR


def levels(findings: list[Finding] | tuple[Finding, ...]) -> dict[str, Severity]:
    """Return the worst severity of each subject."""
    order = [OK, WARNING, ERROR]
    worst: dict[str, Severity] = {}
    for finding in findings:
        worst[finding.subject] = max(worst.get(finding.subject, OK), finding.level, key=order.index)
    return worst


def write_wav(path: Path, channels: int = 8, silent: tuple[int, ...] = ()) -> Path:
    samples = np.random.default_rng(0).standard_normal((22_500 * 3, channels)) * 0.05
    samples[:, list(silent)] = 0
    soundfile.write(path, samples, 22_500, subtype='PCM_16')
    return path


def check_file(path: Path) -> list[Finding]:
    return check_source(
        'audio', lambda: FileSource(path, clock_ns=time.time_ns), MicrophoneArray.from_yaml(RIG / 'mic_array.yaml'), 1.2
    )


def test_settings_are_those_of_the_parameter_file() -> None:
    settings = DoctorSettings.from_parameter_file(ROOT / 'config' / 'car_usb_array.yaml')
    assert (settings.source_kind, settings.device_name, settings.block_samples) == ('device', 'MA-USB8', 512)
    assert settings.override({'device_name': 'other', 'rig': None}).device_name == 'other'


def test_a_wrong_value_of_the_parameter_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'robot.yaml'
    path.write_text('/**:\n  ros__parameters:\n    threads: many\n')
    with pytest.raises(NodeError, match=r"threads.*'many'"):
        DoctorSettings.from_parameter_file(path)


def test_the_shipped_files_fit() -> None:
    files = check_files(DoctorSettings(source_kind='simulator'))
    assert set(levels(files.findings).values()) == {OK}
    assert files.bundle.manifest.name == Bundle.load(ROOT / 'models' / 'street').manifest.name
    assert len(files.array.microphones) == 8


def test_the_bundle_is_that_for_the_camera_of_the_rig(tmp_path: Path) -> None:
    rig = Path(shutil.copytree(RIG, tmp_path / 'rig'))
    found = check_files(DoctorSettings(source_kind='simulator')).bundle.view
    assert found is None, 'the shipped rig has the camera of the bundle'
    path = rig / 'camera.yaml'
    camera = CameraModel.from_yaml(path)
    path.write_text(CameraCalibration(replace(camera, fx=camera.fx * 1.2)).to_text(), encoding='utf-8')
    bundle = check_files(DoctorSettings(rig=str(rig), source_kind='simulator')).bundle
    assert bundle.view.camera.fx == pytest.approx(camera.fx * 1.2)


def test_an_example_rig_on_a_robot_is_a_warning() -> None:
    assert levels(check_files(DoctorSettings(source_kind='device')).findings)['rig'] is WARNING


def test_a_missing_rig_and_a_damaged_bundle_are_errors(tmp_path: Path) -> None:
    bundle = Path(shutil.copytree(ROOT / 'models' / 'street', tmp_path / 'street'))
    (bundle / 'prior.npz').write_bytes(b'damaged')
    files = check_files(DoctorSettings(bundle=str(bundle), rig=str(tmp_path / 'absent')))
    assert levels(files.findings) == {'rig': ERROR, 'bundle': ERROR}
    assert 'prior.npz' in files.findings[1].text


def test_another_number_of_microphones_than_that_of_the_bundle_is_an_error() -> None:
    files = check_files(
        DoctorSettings(bundle='models/paper_8x8', rig=str(ROOT / 'calibration' / 'binaural_pairs'), source_kind='file')
    )
    assert levels(files.findings)['rig and bundle'] in {WARNING, ERROR}


def test_a_backend_that_is_too_slow_for_the_rate_is_an_error() -> None:
    assert [_check_rate('CPU', run_ms, 30.0).level for run_ms in (10.0, 30.0, 40.0)] == [OK, WARNING, ERROR]
    assert 'prediction.rate_hz to 17.5' in _check_rate('CPU', 40.0, 30.0).text


@pytest.mark.parametrize(('cores', 'words'), [('2,x', "cores is '2,x'"), ('4096', r'cores are \[4096\]')])
def test_cores_that_do_not_exist_are_an_error(tmp_path: Path, cores: str, words: str) -> None:
    path = tmp_path / 'robot.yaml'
    path.write_text(f"/**:\n  ros__parameters:\n    backend: onnx\n    cores: '{cores}'\n")
    settings = DoctorSettings.from_parameter_file(path)
    (finding,) = check_backend(settings, Bundle.load(ROOT / 'models' / 'street'))
    assert finding.level is ERROR
    assert re.search(words, finding.text)


def test_an_absent_gpu_is_an_error() -> None:
    findings = check_backend(
        DoctorSettings(backend='torch', backend_device='cuda:7'), Bundle.load(ROOT / 'models' / 'street')
    )
    assert levels(findings) == {'backend': ERROR}


def test_eight_channels_with_sound_are_right(tmp_path: Path) -> None:
    assert levels(check_file(write_wav(tmp_path / 'a.wav'))) == {'audio': OK}


@pytest.mark.parametrize(
    ('channels', 'silent', 'words'), [(6, (), 'has 6 channels'), (8, (3,), 'is silent on'), (8, (0, 5), 'is silent on')]
)
def test_absent_and_silent_channels_are_errors(
    tmp_path: Path, channels: int, silent: tuple[int, ...], words: str
) -> None:
    findings = check_file(write_wav(tmp_path / 'a.wav', channels, silent))
    assert levels(findings) == {'audio': ERROR}
    assert any(words in finding.text for finding in findings)


def test_a_source_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    assert levels(check_file(tmp_path / 'absent.wav')) == {'audio': ERROR}


@pytest.mark.parametrize(
    ('domain', 'level'),
    [('', OK), ('0', OK), ('101', OK), ('102', WARNING), ('233', ERROR), ('x', ERROR), ('-1', ERROR)],
)
def test_the_domain_id(monkeypatch: pytest.MonkeyPatch, domain: str, level: Severity) -> None:
    monkeypatch.setenv('ROS_DOMAIN_ID', domain)
    assert check_domain().level is level


def test_clock_and_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [_clock_finding(status).level for status in (0, TIME_ERROR, -1)] == [OK, WARNING, WARNING]
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: shutil._ntuple_diskusage(10**10, 10**10, 10**8))  # type: ignore[attr-defined]
    assert check_space(DoctorSettings(), tmp_path).level is ERROR


def test_the_page_escapes_foreign_text_and_has_a_verdict() -> None:
    findings = (Finding(ERROR, 'a|b', 'line\n\x1b[31m'), Finding(WARNING, 'c', 'd'))
    page = DoctorReport({'Python': '3.11'}, findings).to_markdown()
    assert 'Not ready to drive (errors: 1, warnings: 1)' in page
    assert '\x1b' not in page
    assert '| a\\|b | ERROR |' in page
    assert DoctorReport({}, findings[1:]).may_drive
    assert not DoctorReport({}, findings).may_drive


def test_the_environment_names_no_user_and_no_host() -> None:
    environment = describe_environment()
    assert {'Python', 'processor', 'memory', 'ROS_DOMAIN_ID'} <= set(environment)
    assert str(Path.home()) not in ' '.join(environment.values())
