# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion keeps audio exactly, places every image on the sample of its stamp, and records all losses."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from audio_manifold_ros.audio.resampler import resample
from audio_manifold_ros.bags.conversion.bag_conversion import convert_bag
from audio_manifold_ros.bags.conversion.bag_to_dataset import main
from audio_manifold_ros.bags.conversion.conversion_record import ConversionOptions, record_path
from audio_manifold_ros.bags.decoding.audio_chunk import AudioFormat
from audio_manifold_ros.bags.decoding.audio_format_argument import add_audio_format_argument
from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from audio_manifold_ros.bags.storage.message_types import typestore
from audio_manifold_ros.common.errors import BagError, RigError
from audio_manifold_ros.common.pcm16 import float_to_int16
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.drive_attributes import METRES, RELATIVE
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.label_file import LabelDescription, LabelSegment, label_folder, write_label_file
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.simulation.drive import Drive
from audio_manifold_ros.testing.simulated_bag import SimulatedRecording, write_simulated_bag
from tests.bags.drive_bags import (
    EPOCH_NS,
    IMAGE,
    RIG,
    audio_message,
    depth_of,
    header,
    image_message,
    labels_of,
    serialized,
    sound,
    write_bag,
)
from tests.simulation.in_blocks import in_blocks
from training.data.window_dataset import WindowDataset

RATE_HZ = 22_500
QUIET = Console(quiet=True)
SMALL = ConversionOptions(rows=12, columns=16)
IMAGE_TIMES_S = [round(0.05 + 0.1 * i, 3) for i in range(30)]


def test_audio_and_images_of_a_simulated_street_are_kept_exactly(tmp_path: Path) -> None:
    recording = SimulatedRecording(12, 1.6, image_rate_hz=5)
    write_simulated_bag(tmp_path / 'street', recording)
    done = convert_bag(tmp_path / 'street', tmp_path / 'out', None, ConversionOptions())
    drive = Drive(12)
    with DriveReader(done.path, verify=True) as stored:
        assert stored.first_sample == 0
        assert len(stored.gaps) == 0
        length = stored.end_sample
        np.testing.assert_array_equal(stored.raw(0, length), float_to_int16(in_blocks(drive.audio, 0, length)))
        assert stored.image_samples.tolist() == [2250, 6750, 11_250, 15_750, 20_250, 24_750, 29_250, 33_750]
        depth_m, labels = drive.image(0.5)
        np.testing.assert_array_equal(stored.depth_m(2), depth_m.astype(np.float16).astype(np.float32))
        np.testing.assert_array_equal(stored.labels(2), labels)
        assert stored.rig == RIG
        assert stored.provenance['bag_sha256'] == done.record['bag']['sha256']


def test_losses_are_gaps_and_images_next_to_them_have_no_window(tmp_path: Path) -> None:
    samples = sound(3 * RATE_HZ)
    # Blocks of 20 ms: 1.5 s to 1.54 s are lost.
    bag = write_bag(tmp_path / 'bag', samples, [*IMAGE_TIMES_S, 3.7], lost=(75, 76))
    done = convert_bag(bag, tmp_path / 'out', None, SMALL)
    with DriveReader(done.path) as drive:
        assert drive.gaps.tolist() == [[33_750, 34_650]]
        np.testing.assert_array_equal(drive.raw(0, 33_750), samples[:, :33_750])
        np.testing.assert_array_equal(drive.raw(34_650, 67_500 - 34_650), samples[:, 34_650:])
        assert drive.image_samples.tolist() == [round(t * RATE_HZ) for t in IMAGE_TIMES_S]
        np.testing.assert_allclose(drive.depth_m(7), depth_of(0.75), rtol=2**-10)
        assert (drive.labels(7) == labels_of(7)).all()
    assert done.record['audio']['lost'] == 900
    assert done.record['audio']['lost_inferred'] == 0
    assert done.record['images'] | {'from': {}, 'offset_ms': {}} == {
        'audio_time_offset_s': 0.0,
        'kept': 30,
        'dropped': {'after_audio': 1},
        'outside_audio': {'labels': 1},
        'from': {},
        'offset_ms': {},
    }
    assert done.record['windows']['0.5'] == {'kept': 10, 'dropped': {'before_start': 5, 'after_end': 5, 'gap': 10}}
    items = list(WindowDataset([done.path], FeatureSpec()))
    assert len(items) == 10


def test_images_in_a_gap_are_dropped(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / 'bag', sound(2 * RATE_HZ), [0.5, 1.01, 1.5], lost=(50, 51))
    record = convert_bag(bag, tmp_path / 'out', None, SMALL).record
    assert record['images']['dropped'] == {'in_gap': 1}
    assert record['images']['kept'] == 2


def test_an_impossible_sample_index_is_a_damaged_message(tmp_path: Path) -> None:
    samples = sound(2 * RATE_HZ)
    bag = write_bag(tmp_path / 'bag', samples, [0.3, 1.5], wrong_index=50)
    audio = convert_bag(bag, tmp_path / 'out', None, SMALL).record['audio']
    assert (audio['damaged'], audio['lost']) == (1, 450)


def test_the_offset_of_the_rig_moves_the_images(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / 'bag', sound(2 * RATE_HZ), [0.6, 1.2])
    late = replace(RIG, extrinsics=RIG.extrinsics.replace('audio_time_offset_s: 0.0', 'audio_time_offset_s: 0.04'))
    assert late != RIG
    done = convert_bag(bag, tmp_path / 'out', late, SMALL)
    with DriveReader(done.path) as drive:
        # The stamps of the camera are 40 ms late, so the image belongs to the audio 40 ms before its stamp.
        assert drive.image_samples.tolist() == [round(0.56 * RATE_HZ), round(1.16 * RATE_HZ)]
        assert drive.image_stamps_ns.tolist() == [EPOCH_NS + 560_000_000, EPOCH_NS + 1_160_000_000]
    assert done.record['images']['audio_time_offset_s'] == 0.04
    assert done.record['rig']['from_bag'] is False


def test_another_rate_is_resampled_once(tmp_path: Path) -> None:
    samples = sound(2 * 48_000)
    bag = write_bag(tmp_path / 'bag', samples, [1.0], rate_hz=48_000, block=1000)
    done = convert_bag(bag, tmp_path / 'out', None, SMALL)
    expected = resample(samples.astype(np.float32), 48_000, RATE_HZ)
    with DriveReader(done.path) as drive:
        first, end = drive.first_sample, drive.end_sample
        assert 0 < first < 0.02 * RATE_HZ
        assert 1.98 * RATE_HZ < end < 2 * RATE_HZ
        np.testing.assert_allclose(drive.raw(first, end - first), expected[:, first:end], atol=0.53)
        assert drive.image_samples.tolist() == [RATE_HZ]
    assert done.record['audio']['input_rate_hz'] == 48_000


def test_labels_belong_to_the_nearest_image(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / 'near', sound(2 * RATE_HZ), [0.6, 1.2], label_shift_s=0.008)
    record = convert_bag(bag, tmp_path / 'out', None, SMALL).record
    assert record['images']['offset_ms'] == {'labels': {'p50': 8.0, 'p95': 8.0}}
    far = write_bag(tmp_path / 'far', sound(2 * RATE_HZ), [0.6, 1.2], label_shift_s=0.03)
    with pytest.raises(BagError, match='2 no_labels'):
        convert_bag(far, tmp_path / 'out', None, SMALL)
    assert not (tmp_path / 'out' / 'far.h5').exists()
    assert not list((tmp_path / 'out').glob('.*partial'))
    by_labels = replace(SMALL, reference='truth/segmentation/image', tolerance_s=0.04)
    with DriveReader(convert_bag(far, tmp_path / 'out', None, by_labels).path) as drive:
        assert drive.image_samples.tolist() == [round(0.63 * RATE_HZ), round(1.23 * RATE_HZ)]


@pytest.mark.parametrize('wrong_s', [3600, -3600])
@pytest.mark.parametrize('kind', ['depth', 'labels'])
def test_a_wrong_stamp_loses_only_its_own_image(tmp_path: Path, wrong_s: int, kind: str) -> None:
    shifts = {f'{kind}_shifts_s': {3: wrong_s}}
    bag = write_bag(tmp_path / 'bag', sound(3 * RATE_HZ), IMAGE_TIMES_S[:28], **shifts)
    images = convert_bag(bag, tmp_path / 'out', None, SMALL).record['images']
    outside = 'after_audio' if wrong_s > 0 else 'before_audio'
    assert images['kept'] == 27
    assert images['dropped'] == ({outside: 1} if kind == 'depth' else {'no_labels': 1})
    assert images['outside_audio'] == ({} if kind == 'depth' else {'labels': 1})


def test_finished_drives_are_reused_and_damaged_ones_are_converted_again(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / 'bag', sound(2 * RATE_HZ), [0.6, 1.2])
    done = convert_bag(bag, tmp_path / 'out', None, SMALL)
    written_ns, content = done.path.stat().st_mtime_ns, done.path.read_bytes()
    again = convert_bag(bag, tmp_path / 'out', None, SMALL)
    assert again.reused
    assert again.record == done.record
    assert done.path.stat().st_mtime_ns == written_ns
    half = len(content) // 2
    done.path.write_bytes(content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :])
    assert not convert_bag(bag, tmp_path / 'out', None, SMALL).reused
    assert done.path.read_bytes() == content
    assert not convert_bag(bag, tmp_path / 'out', None, replace(SMALL, rows=6)).reused
    record_path(done.path).write_text('{}')
    assert not convert_bag(bag, tmp_path / 'out', None, replace(SMALL, rows=6)).reused
    # A drive of the first version kept no stamps.
    record = json.loads(record_path(done.path).read_text())
    record_path(done.path).write_text(json.dumps(record | {'request': record['request'] | {'version': 1}}))
    assert not convert_bag(bag, tmp_path / 'out', None, replace(SMALL, rows=6)).reused


def test_label_files_are_used_and_the_sky_has_no_depth(tmp_path: Path) -> None:
    picture = np.zeros((12, 16), dtype=np.uint8)
    times_ns = np.array([EPOCH_NS + round(t * NS_PER_S) for t in (0.6, 1.2)], dtype=np.int64)
    with BagWriter(tmp_path / 'bag') as bag:
        bag.add_topic('/audio', 'audio_manifold_msgs/msg/AudioBlock')
        bag.add_topic('/camera/image', IMAGE)
        bag.write('/audio', audio_message(sound(2 * RATE_HZ), 0, RATE_HZ), EPOCH_NS)
        for time_ns in times_ns.tolist():
            bag.write('/camera/image', image_message(picture, 'mono8', time_ns), time_ns)
    with pytest.raises(BagError, match=r'train label'):
        convert_bag(tmp_path / 'bag', tmp_path / 'out', RIG, SMALL)
    by_camera = replace(SMALL, reference='camera/image')
    labels = np.stack([labels_of(10), labels_of(13)])
    depth_m = np.full((2, 12, 16), 7, dtype=np.float16)
    for modality, images in (('depth', depth_m), ('segmentation', labels)):
        run = LabelSegment(times_ns, times_ns, images, 2)
        path = label_folder(tmp_path / 'bag') / f'{modality}.h5'
        write_label_file(path, LabelDescription(modality, 'key', {}), iter([run]))
    done = convert_bag(tmp_path / 'bag', tmp_path / 'out', RIG, by_camera)
    with DriveReader(done.path) as drive:
        assert drive.attributes.depth_unit == METRES
        assert np.isnan(drive.depth_m(0)).all()
        assert (drive.depth_m(1) == 7).all()
        assert (drive.labels(1) == 13).all()
    assert done.record['images']['from'] == {
        'depth': 'depth.h5',
        'labels': 'segmentation.h5',
        'reference': '/camera/image',
    }
    # Label files of a disparity teacher have no metric scale. Imports call them relative as well.
    files = LabelDescription('depth', 'other', {'teacher': {'kind': 'files'}})
    write_label_file(
        label_folder(tmp_path / 'bag') / 'depth.h5', files, iter([LabelSegment(times_ns, times_ns, 5.4 * depth_m, 2)])
    )
    with DriveReader(convert_bag(tmp_path / 'bag', tmp_path / 'out', RIG, by_camera).path) as drive:
        assert drive.attributes.depth_unit == RELATIVE
        np.testing.assert_allclose([drive.depth_m(0), drive.depth_m(1)], depth_m, rtol=2**-9)


def test_foreign_audio_becomes_a_drive_with_inferred_gaps(tmp_path: Path) -> None:
    samples = sound(2 * RATE_HZ)
    inner = typestore().types['audio_common_msgs/msg/AudioData']
    info = {'channels': 8, 'sample_rate': RATE_HZ, 'sample_format': 'S16LE', 'bitrate': 0, 'coding_format': 'wave'}
    with BagWriter(tmp_path / 'bag') as bag:
        kind = 'audio_common_msgs/msg/AudioDataStamped'
        bag.add_topic('/mic/audio_stamped', kind)
        bag.add_topic('/mic/audio_info', 'audio_common_msgs/msg/AudioInfo')
        bag.add_topic('/depth/image', IMAGE)
        bag.write('/mic/audio_info', serialized('audio_common_msgs/msg/AudioInfo', **info), EPOCH_NS)
        for first in [f for f in range(0, 2 * RATE_HZ, 450) if not 20_250 <= f < 22_500]:
            data = np.frombuffer(samples[:, first : first + 450].T.tobytes(), dtype=np.uint8)
            time_ns = EPOCH_NS + first * NS_PER_S // RATE_HZ
            message = serialized(
                'audio_common_msgs/msg/AudioDataStamped', header=header(time_ns), audio=inner(data=data)
            )
            bag.write('/mic/audio_stamped', message, time_ns)
        stamp_ns = EPOCH_NS + round(0.3 * NS_PER_S)
        bag.write('/depth/image', image_message(depth_of(0.3), '32FC1', stamp_ns), stamp_ns)
    done = convert_bag(tmp_path / 'bag', tmp_path / 'out', RIG, SMALL)
    assert done.record['audio']['lost_inferred'] == 2250
    with DriveReader(done.path) as drive:
        assert drive.gaps.tolist() == [[20_250, 22_500]]
        np.testing.assert_array_equal(drive.raw(22_500, 22_500), samples[:, 22_500:])
        assert not drive.has_labels


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (replace(SMALL, audio='microphones'), "no audio messages on 'microphones'"),
        (replace(SMALL, depth='lidar'), "no image messages on 'lidar'"),
        (replace(SMALL, depth='truth/segmentation/image'), '2 damaged'),
        (replace(SMALL, sample_rate_hz=22_501), 'no short form|phases repeat'),
    ],
)
def test_a_bag_that_cannot_be_converted_is_refused(tmp_path: Path, options: ConversionOptions, words: str) -> None:
    bag = write_bag(tmp_path / 'bag', sound(RATE_HZ), [0.2, 0.6])
    with pytest.raises(BagError, match=words):
        convert_bag(bag, tmp_path / 'out', None, options)
    assert not list(tmp_path.glob('out/*'))


@pytest.mark.parametrize('offset', ['.nan', '.inf', 'soon'])
def test_an_offset_that_is_not_a_number_is_refused(tmp_path: Path, offset: str) -> None:
    bag = write_bag(tmp_path / 'bag', sound(RATE_HZ), [0.2])
    text = RIG.extrinsics.replace('audio_time_offset_s: 0.0', f'audio_time_offset_s: {offset}')
    with pytest.raises(RigError, match='audio_time_offset_s'):
        convert_bag(bag, tmp_path / 'out', replace(RIG, extrinsics=text), SMALL)


def test_different_clocks_are_reported(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / 'bag', sound(RATE_HZ), [0.2, 0.6], epoch_images_ns=EPOCH_NS + 3600 * NS_PER_S)
    with pytest.raises(BagError, match='same clock'):
        convert_bag(bag, tmp_path / 'out', None, SMALL)
    unknown = write_bag(tmp_path / 'unknown', sound(RATE_HZ), [0.2], with_rig=False)
    with pytest.raises(BagError, match='--rig'):
        convert_bag(unknown, tmp_path / 'out', None, SMALL)


@pytest.mark.parametrize('option', ['--audio-format', '--stated'])
def test_the_audio_format_has_an_older_name(option: str) -> None:
    parser = argparse.ArgumentParser()
    add_audio_format_argument(parser)
    assert parser.parse_args([]).stated is None
    parsed = parser.parse_args([option, '48000', '8', 's16le', 'planar']).stated
    assert parsed == AudioFormat(48_000, 8, 's16le', planar=True)


def test_the_command_refuses_invalid_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ['--out', str(tmp_path / 'out')]
    assert main(['bag', 'elsewhere/bag', *out]) == 1
    assert 'one drive' in capsys.readouterr().err
    for stated in (['48k', '8', 's16le'], ['48000', '8'], ['48000', '8', 'mp3'], ['48000', '8', 's16le', 'flat']):
        with pytest.raises(SystemExit):
            main(['bag', *out, '--audio-format', *stated])
        assert f'--audio-format {" ".join(stated)}: give rate' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(['bag', *out, '--rate', '100'])
    assert main([str(tmp_path / 'nothing'), *out]) == 1
    (tmp_path / 'notes.txt').touch()
    capsys.readouterr()
    assert main([str(tmp_path / 'nothing'), '--out', str(tmp_path / 'notes.txt')]) == 1
    assert 'Cannot create the folder' in capsys.readouterr().err


def test_the_manifest_covers_all_drives_and_an_older_drive_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, other = (write_bag(tmp_path / name, sound(RATE_HZ), [0.5]) for name in ('good', 'other'))
    out = tmp_path / 'out'
    common = ['--out', str(out), '--size', '12', '16', '--workers', '1']
    for bag in (good, other):
        assert main([str(bag), *common]) == 0
    (out / 'notes.json').write_text('[]')
    drives = json.loads((out / 'manifest.json').read_text())['drives']
    assert [drive['drive']['file'] for drive in drives] == ['good.h5', 'other.h5']
    capsys.readouterr()
    assert main([str(good), str(other), *common, '--depth', 'lidar']) == 1
    output = ''.join(capsys.readouterr().err.split())
    assert f"olderdriveofthisrecordingexists,'{out / 'good.h5'}'" in output
    (out / 'other.h5').unlink()
    assert main([str(good), *common]) == 0
    assert len(json.loads((out / 'manifest.json').read_text())['drives']) == 1


def test_label_folders_are_not_bags(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / 'bags' / 'bag', sound(RATE_HZ), [0.5])
    label_folder(bag).mkdir()
    everything = [str(path) for path in sorted((tmp_path / 'bags').iterdir())]
    assert len(everything) == 2
    assert main([*everything, '--out', str(tmp_path / 'out'), '--size', '12', '16', '--workers', '1']) == 0
    assert [path.name for path in (tmp_path / 'out').glob('*.h5')] == ['bag.h5']


@pytest.mark.parametrize(
    ('source', 'scale', 'low', 'high', 'unit'),
    [('lidar', '2.0', '3', '60', METRES), ('none', 'null', 'null', 'null', RELATIVE)],
)
def test_depth_is_scaled_with_the_calibration_of_the_rig(
    tmp_path: Path, source: str, scale: str, low: str, high: str, unit: str
) -> None:
    write_simulated_bag(tmp_path / 'street', SimulatedRecording(12, 1.6, image_rate_hz=5))
    text = f'schema_version: 1\nsource: {source}\ndepth_scale: {scale}\nmin_m: {low}\nmax_m: {high}\n'
    rig = replace(RigFiles.from_folder(resource_path('calibration/roof_octagon')), depth=text)
    usual = convert_bag(tmp_path / 'street', tmp_path / 'usual', replace(rig, depth=''), ConversionOptions())
    other = convert_bag(tmp_path / 'street', tmp_path / 'other', rig, ConversionOptions())
    with DriveReader(usual.path) as plain, DriveReader(other.path) as scaled:
        assert (plain.attributes.depth_unit, scaled.attributes.depth_unit) == (METRES, unit)
        wanted, found = plain.depth_m(1), scaled.depth_m(1)
    if unit == METRES:
        wanted = 2 * wanted
        wanted[(wanted < 3) | (wanted > 60)] = np.nan
    np.testing.assert_allclose(found, wanted, rtol=2e-3)
