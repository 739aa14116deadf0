# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated datasets: content of the drives, reuse of equal drives, and refusal of demo streets."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from rich.console import Console

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.simulation.drive import SIMULATOR_VERSION, Drive, street_start_ns
from audio_manifold_ros.simulation.random_rig import STREETS_PER_RIG, random_rig
from audio_manifold_ros.simulation.rig_parts import RIG
from tests.training.four_microphones import write_rig as write_four_microphones
from training.data.simulate import drive_path, main, write_dataset, write_drive
from training.data.simulation_settings import RANDOM_RIGS, SimulationSettings
from training.data.window_dataset import WindowDataset, find_drives

QUIET = Console(quiet=True)
OCTAGON = RigFiles.from_folder(resource_path(RIG))
OLD: dict[str, Any] = {'origin': 'simulation', 'seed': 5, 'software': 'audio_manifold_ros 0.0.1'}
CURRENT = {**OLD, 'simulator_version': SIMULATOR_VERSION}


@pytest.fixture(scope='module')
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('corpus')
    write_dataset(folder, range(998, 1002), SimulationSettings(2), 2, QUIET)
    return folder


def test_drives_equal_the_output_of_the_simulator(corpus: Path) -> None:
    drive = Drive(1001, duration_s=2.0)
    with DriveReader(drive_path(corpus, 1001), verify=True) as stored:
        assert stored.drive_id == 'street_0001001'
        assert stored.provenance['seed'] == 1001
        assert stored.array.geometry_sha256() == drive.array.geometry_sha256()
        np.testing.assert_allclose(stored.samples(0, 45_000), drive.audio(0, 45_000), atol=1.1 / 32768)
        assert stored.image_samples.tolist() == [11_250, 33_750]
        start_ns = street_start_ns(1001)
        assert (stored.image_stamps_ns - start_ns).tolist() == [500_000_000, 1_500_000_000]
        for image, time_s in enumerate((0.5, 1.5)):
            depth_m, labels = drive.image(time_s)
            np.testing.assert_allclose(stored.depth_m(image), depth_m, rtol=2**-10)
            np.testing.assert_array_equal(stored.labels(image), labels)


def test_every_second_has_a_window_and_the_manifest_lists_all(corpus: Path) -> None:
    paths = find_drives(corpus)
    assert [str(path.relative_to(corpus)) for path in paths.values()][:1] == ['0000/street_0000998.h5']
    assert [path.parent.name for path in paths.values()] == ['0000', '0000', '0001', '0001']
    items = list(WindowDataset(list(paths.values()), FeatureSpec()))
    assert len(items) == 8
    manifest = json.loads((corpus / 'manifest.json').read_text())
    assert manifest['windows'] == 8
    assert manifest['simulator_version'] == SIMULATOR_VERSION
    assert [drive['seed'] for drive in manifest['drives']] == [998, 999, 1000, 1001]
    for entry in manifest['drives']:
        with DriveReader(corpus / entry['path']) as drive:
            assert (drive.checksum_header.sha256, drive.checksum_header.total_bytes) == (
                entry['sha256'],
                entry['bytes'],
            )


def test_valid_drives_are_kept_and_damaged_ones_written_again(corpus: Path) -> None:
    kept, damaged = drive_path(corpus, 998), drive_path(corpus, 999)
    before, complete = kept.stat().st_mtime_ns, damaged.read_bytes()
    damaged.write_bytes(complete[:5000])
    write_dataset(corpus, range(998, 1000), SimulationSettings(2), 1, QUIET)
    assert kept.stat().st_mtime_ns == before
    assert damaged.read_bytes() == complete


def write_silence(folder: Path, rig: RigFiles, provenance: dict[str, Any]) -> Path:
    """Write the drive of street 5 with silence, so that a new simulation is detected."""
    path = drive_path(folder, 5)
    with DriveWriter(
        path, drive_id=path.stem, rig=rig, sample_rate_hz=22_500, channels=8, provenance=provenance
    ) as writer:
        writer.add_audio(np.zeros((8, 22_500), np.int16), 0)
        writer.add_image(11_250, np.ones((128, 128), np.float16), np.zeros((128, 128), np.uint8))
    return path


@pytest.mark.parametrize(
    ('rig', 'provenance'),
    [
        (OCTAGON, CURRENT),
        (replace(OCTAGON, camera='# Another comment.\n' + OCTAGON.camera, depth=''), CURRENT),
    ],
)
def test_drives_of_this_simulator_and_rig_are_kept(tmp_path: Path, rig: RigFiles, provenance: dict[str, Any]) -> None:
    path = write_silence(tmp_path, rig, provenance)
    before = path.read_bytes()
    write_drive(tmp_path, 5, 1)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ('rig', 'provenance'),
    [
        # Drives of the first version do not name it.
        (OCTAGON, OLD),
        (OCTAGON, {**OLD, 'simulator_version': SIMULATOR_VERSION - 1}),
        (OCTAGON, {**OLD, 'simulator_version': SIMULATOR_VERSION + 1}),
        (replace(OCTAGON, mic_array=OCTAGON.mic_array.replace('gain_db: 0.0', 'gain_db: 2.0', 1)), CURRENT),
        (replace(OCTAGON, camera=OCTAGON.camera.replace('53.7024', '60.0')), CURRENT),
        (replace(OCTAGON, extrinsics=OCTAGON.extrinsics.replace('1.7]', '1.8]')), CURRENT),
        (replace(OCTAGON, camera='no camera'), CURRENT),
    ],
)
def test_drives_of_another_simulator_or_rig_are_written_again(
    tmp_path: Path, rig: RigFiles, provenance: dict[str, Any]
) -> None:
    path = write_silence(tmp_path, rig, provenance)
    written = write_drive(tmp_path, 5, 1)
    with DriveReader(path, verify=True) as drive:
        assert np.abs(drive.raw(0, 22_500)).max() > 100
        assert drive.rig == OCTAGON
        assert drive.provenance['simulator_version'] == SIMULATOR_VERSION
        assert written.sha256 == drive.checksum_header.sha256


@pytest.mark.parametrize('first_seed', ['899999', '900000', '-1'])
def test_streets_reserved_for_demonstrations_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], first_seed: str
) -> None:
    arguments = ['--drives', '2', f'--first-seed={first_seed}', '--out', str(tmp_path / 'corpus')]
    assert main(arguments) == 1
    assert 'DatasetError' in capsys.readouterr().err
    assert not (tmp_path / 'corpus').exists()


def test_a_run_without_streets_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(['--drives', '0', '--out', str(tmp_path)])
    assert "'0'" in capsys.readouterr().err


def test_another_rig(tmp_path: Path) -> None:
    rig, out = write_four_microphones(tmp_path / 'rig'), tmp_path / 'corpus'
    arguments = ['--drives', '1', '--seconds', '1', '--workers', '1', '--out', str(out)]
    assert main([*arguments, '--rig', str(rig)]) == 0
    with DriveReader(drive_path(out, 0), verify=True) as drive:
        assert drive.samples(0, 100).shape == (4, 100)
        assert drive.rig == RigFiles.from_folder(rig)
    before = drive_path(out, 0).read_bytes()
    assert main([*arguments, '--rig', str(rig)]) == 0
    assert drive_path(out, 0).read_bytes() == before
    assert main(arguments) == 0  # the roof octagon, so the drive is simulated again
    with DriveReader(drive_path(out, 0), verify=True) as drive:
        assert drive.rig == OCTAGON


def test_a_rig_that_does_not_exist_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ['--drives', '1', '--out', str(tmp_path / 'corpus'), '--rig', str(tmp_path / 'nowhere')]
    assert main(arguments) == 1
    assert 'nowhere' in capsys.readouterr().err.replace('\n', '')
    assert not (tmp_path / 'corpus').exists()


def test_a_drive_of_a_random_rig_states_its_dead_microphones(tmp_path: Path) -> None:
    seed = next(number * STREETS_PER_RIG for number in range(40) if 0.0 in random_rig(number * STREETS_PER_RIG).gains)
    written = write_drive(tmp_path, seed, 1, rig=RANDOM_RIGS)
    with DriveReader(tmp_path / written.path) as drive:
        stated = [mic.enabled for mic in drive.array.microphones]
    assert stated == [gain != 0 for gain in random_rig(seed).gains]
    with h5py.File(tmp_path / written.path) as file:
        recorded = file['audio'][:].any(axis=1)
    assert recorded.tolist() == stated, 'the dead channels are silent, and no other one is'


def test_random_rigs_and_vehicles_are_stored(tmp_path: Path) -> None:
    arguments = ['--drives', '2', '--first-seed', '39', '--seconds', '1', '--workers', '1', '--out', str(tmp_path)]
    assert main([*arguments, '--rigs', 'random']) == 0
    arrays = []
    for seed in (39, 40):
        with DriveReader(drive_path(tmp_path, seed), verify=True) as drive:
            rig = random_rig(seed)
            arrays.append(drive.array.array_id)
            assert drive.samples(5000, 100).shape == (len(rig.array.microphones), 100)
            np.testing.assert_allclose(drive.array.positions_m, rig.array.positions_m, atol=1e-4)
            expected = Drive(seed, rig, 1.0).vehicles(0.5)
            assert [one.class_id for one in drive.vehicles(0)] == [one.class_id for one in expected]
            np.testing.assert_allclose(
                [(one.azimuth_rad, one.distance_m, one.speed_mps, one.is_hidden) for one in drive.vehicles(0)],
                [(one.azimuth_rad, one.distance_m, one.speed_mps, one.is_hidden) for one in expected],
                rtol=1e-5,
            )
    assert arrays[0] != arrays[1]
    manifest = json.loads((tmp_path / 'manifest.json').read_text())
    assert 'geometry_sha256' not in manifest
    before = drive_path(tmp_path, 40).read_bytes()
    assert main([*arguments, '--rigs', 'random']) == 0
    assert drive_path(tmp_path, 40).read_bytes() == before


def test_other_noise_is_another_sound_of_the_same_street(tmp_path: Path) -> None:
    write_drive(tmp_path, 700, 1)
    path = drive_path(tmp_path, 700)
    with DriveReader(path) as drive:
        sound, depth_m = drive.samples(0, 22_500), drive.depth_m(0)
        assert 'noise_seed' not in drive.provenance
    other = write_drive(tmp_path, 700, 1, noise_seed=1)
    with DriveReader(path) as drive:
        assert drive.provenance['noise_seed'] == 1
        np.testing.assert_array_equal(drive.depth_m(0), depth_m)
        other_sound = drive.samples(0, 22_500)
    levels = sound.std(axis=1), other_sound.std(axis=1)
    assert levels[0] == pytest.approx(levels[1], rel=0.3)
    correlations = [np.corrcoef(first, second)[0, 1] for first, second in zip(sound, other_sound, strict=True)]
    assert np.abs(correlations).max() < 0.8, 'the tones of engines stay'
    assert write_drive(tmp_path, 700, 1, noise_seed=1) == other


def test_a_corpus_with_echoes_of_trunks_states_them_and_is_not_mixed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ['--drives', '1', '--first-seed', '3', '--seconds', '1', '--workers', '1', '--out']
    plain, out = tmp_path / 'plain', tmp_path / 'echoes'
    assert main([*arguments, str(plain)]) == 0
    assert main([*arguments, str(out), '--trunk-echoes']) == 0
    assert 'trunk_echoes' not in json.loads((plain / 'manifest.json').read_text())
    assert json.loads((out / 'manifest.json').read_text())['trunk_echoes'] is True
    with DriveReader(drive_path(plain, 3)) as drive, DriveReader(drive_path(out, 3)) as other:
        assert 'trunk_echoes' not in drive.provenance
        assert other.provenance['trunk_echoes'] is True
        assert other.provenance['simulator_version'] == SIMULATOR_VERSION
        np.testing.assert_array_equal(drive.depth_m(0), other.depth_m(0))
        assert np.abs(drive.samples(0, 22_500) - other.samples(0, 22_500)).max() > 1e-3
    before = drive_path(out, 3).read_bytes()
    assert main([*arguments, str(out), '--trunk-echoes']) == 0
    assert drive_path(out, 3).read_bytes() == before, 'resumed'
    capsys.readouterr()
    assert main([*arguments, str(out)]) == 1
    assert 'with echoes of trunks and poles' in ' '.join(capsys.readouterr().err.split())
    # Another street of the same folder is refused as well.
    assert main(['--drives', '1', '--first-seed', '4', '--seconds', '1', '--out', str(plain), '--trunk-echoes']) == 1
    assert 'without echoes of trunks and poles' in ' '.join(capsys.readouterr().err.split())
    assert drive_path(out, 3).read_bytes() == before
    assert not drive_path(plain, 4).exists()


def test_a_drive_with_other_echoes_is_written_again(tmp_path: Path) -> None:
    path = write_silence(tmp_path, OCTAGON, {**CURRENT, 'trunk_echoes': True})
    before = path.read_bytes()
    write_drive(tmp_path, 5, 1, trunk_echoes=True)
    assert path.read_bytes() == before
    write_drive(tmp_path, 5, 1)
    with DriveReader(path, verify=True) as drive:
        assert 'trunk_echoes' not in drive.provenance
        assert np.abs(drive.raw(0, 22_500)).max() > 100
