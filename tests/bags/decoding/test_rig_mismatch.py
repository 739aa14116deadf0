# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Differences between the rig of a recording and the rig in use are reported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from audio_manifold_ros.bag_evaluation.evaluation_session import EvaluationOptions
from audio_manifold_ros.bag_evaluation.run_evaluation import evaluate_bag
from audio_manifold_ros.bags.conversion.bag_conversion import convert_bag
from audio_manifold_ros.bags.conversion.bag_to_dataset import main
from audio_manifold_ros.bags.conversion.conversion_record import ConversionOptions
from audio_manifold_ros.bags.decoding.rig_mismatch import rig_mismatch
from audio_manifold_ros.bags.decoding.run_metadata import CUSTOM_KEY, RunMetadata
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.testing.simulated_bag import SimulatedRecording, write_simulated_bag

FOLDER = resource_path('calibration/roof_octagon')
RIG = RigFiles.from_folder(FOLDER)


def changed(key: str, old: str, new: str) -> RigFiles:
    text = getattr(RIG, key)
    assert old in text
    return replace(RIG, **{key: text.replace(old, new, 1)})


@pytest.fixture(scope='module')
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bag = tmp_path_factory.mktemp('bags') / 'street'
    write_simulated_bag(bag, SimulatedRecording(12, 2.2, image_rate_hz=5))
    return bag


@pytest.fixture
def other_rig(tmp_path: Path) -> Path:
    folder = tmp_path / 'rig'
    folder.mkdir()
    for file in FOLDER.iterdir():
        (folder / file.name).write_text(file.read_text())
    text = RIG.mic_array.replace('gain_db: 0.0', 'gain_db: 3.0', 1)
    (folder / 'mic_array.yaml').write_text(text)
    return folder


@pytest.mark.parametrize(
    ('rig', 'expected'),
    [
        (RIG, ''),
        (changed('mic_array', '# Eight', '# Six and two'), ''),
        (changed('mic_array', 'gain_db: 0.0', 'gain_db: 2.0'), "('roof_octagon'): mic_0: gain +2.00 dB. Use"),
        (changed('mic_array', '[0.5000, ', '[0.7000, '), 'mic_0: moved by 20.0 cm'),
        (changed('camera', '53.7024', '60.0'), 'camera.yaml differs'),
        (changed('extrinsics', 'offset_s: 0.0', 'offset_s: 0.1'), 'extrinsics.yaml differs'),
    ],
)
def test_differences_are_reported(rig: RigFiles, expected: str) -> None:
    found = rig_mismatch(rig, RIG)
    assert expected in found
    assert bool(found) == bool(expected)


def test_many_differences_are_counted() -> None:
    louder = replace(RIG, mic_array=RIG.mic_array.replace('gain_db: 0.0', 'gain_db: 1.0'))
    assert 'mic_3: gain +1.00 dB; and 4 more microphones. Use' in rig_mismatch(louder, RIG)


def test_a_conversion_warns_of_another_rig_than_that_of_the_bag(
    street: Path, other_rig: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = convert_bag(street, tmp_path / 'right', None, ConversionOptions())
    assert done.record['rig']['mismatch'] == ''
    arguments = [str(street), '--out', str(tmp_path / 'wrong'), '--rig', str(other_rig), '--workers', '1']
    assert main(arguments) == 0
    output = ' '.join(capsys.readouterr().err.split())
    assert "street.h5: The rig 'roof_octagon' is not the one that recorded" in output
    assert 'mic_0: gain +3.00 dB' in output


def warnings_of(bag: Path, rig: Path | None, out: Path) -> list[str]:
    """Return the rig warnings of an evaluation."""
    bundle = resource_path('models/street')
    result = evaluate_bag(EvaluationOptions(bag, bundle, out, rig, rate_hz=4.0, backend='onnx', threads=1))
    return [warning for warning in result['warnings'] if 'record' in warning]


def test_an_evaluation_warns_of_another_rig_than_that_of_the_bag(street: Path, other_rig: Path, tmp_path: Path) -> None:
    assert not warnings_of(street, None, tmp_path / 'out')
    assert not warnings_of(street, FOLDER, tmp_path / 'out')
    (warning,) = warnings_of(street, other_rig, tmp_path / 'out')
    assert 'mic_0: gain +3.00 dB' in warning


def with_metadata(street: Path, folder: Path, text: str) -> Path:
    """Write a copy of the bag with other run metadata."""
    with BagReader(street) as reader, BagWriter(folder, {CUSTOM_KEY: text}) as writer:
        for topic in reader.topics:
            writer.add_topic(topic.name, topic.type)
        for message in reader.messages():
            writer.write(message.topic, message.data, message.time_ns)
    return folder


HALF_FILLED = RunMetadata(replace(RIG, camera='image_width: 128\n'), 'tests', 0, 'recorder', {}).to_json()


@pytest.mark.parametrize(('text', 'message'), [(HALF_FILLED, 'camera.yaml'), ('{', 'Name the rig by hand')])
def test_a_given_rig_replaces_an_invalid_rig_in_the_bag(street: Path, tmp_path: Path, text: str, message: str) -> None:
    bag = with_metadata(street, tmp_path / 'bag', text)
    mismatch = convert_bag(bag, tmp_path / 'drives', RIG, ConversionOptions()).record['rig']['mismatch']
    (warning,) = warnings_of(bag, FOLDER, tmp_path / 'out')
    for sentence in (mismatch, warning):
        assert 'cannot be compared' in sentence
        assert message in sentence


def test_an_evaluation_does_not_need_the_camera_of_the_rig(street: Path, tmp_path: Path) -> None:
    (tmp_path / 'rig').mkdir()
    for name in ('mic_array', 'extrinsics'):
        (tmp_path / 'rig' / f'{name}.yaml').write_text(getattr(RIG, name))
    (warning,) = warnings_of(street, tmp_path / 'rig', tmp_path / 'out')
    assert 'camera.yaml' in warning
