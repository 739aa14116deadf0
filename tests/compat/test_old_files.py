# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compatibility: files that version 0.1.0 wrote (commit 8cc0280) load, with equal content."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from numpy.typing import NDArray

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.bags.conversion.bag_conversion import convert_bag
from audio_manifold_ros.bags.conversion.conversion_record import ConversionOptions
from audio_manifold_ros.bags.decoding.image_messages import decode_depth_m
from audio_manifold_ros.bags.decoding.run_metadata import CUSTOM_KEY, RunMetadata
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.calibration.commands.apply import apply_report
from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.schema import from_plain, to_plain
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.datasets.label_file import LabelFile, label_folder
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.evaluation.controls.pixel_prior import PRIOR_FILE, PixelPrior
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.backends.torch_backend import TorchBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.pipeline import Pipeline
from audio_manifold_ros.inference.tensorrt.engine_cache import EngineCache
from audio_manifold_ros.inference.tensorrt.engine_key import EngineKey
from audio_manifold_ros.inference.tensorrt.engine_metadata import METADATA_FILE, EngineMetadata
from audio_manifold_ros.networks.at_net import AtNet, AtNetConfig
from audio_manifold_ros.networks.single_stage import SingleStageConfig, SingleStageNetwork
from audio_manifold_ros.networks.vq_vae import VqVae, VqVaeConfig
from audio_manifold_ros.rig.camera import CameraCalibration
from audio_manifold_ros.rig.depth_calibration import DepthCalibration
from audio_manifold_ros.rig.extrinsics import Extrinsics
from audio_manifold_ros.rig.rig import MicrophoneArray
from training.config.experiment_configuration import TrainingConfig
from training.data.split_file import SPLITS, SplitFile
from training.experiment.results import record_path
from training.experiment.run_directory import open_windows
from training.fitting.checkpoints import BEST, LAST, load_checkpoint, load_direct, load_vq_vae
from training.fitting.fit_direct import fit_direct
from training.fitting.fit_history import FitHistory
from training.fitting.fit_manifold import fit_manifold
from training.fitting.latent_cache import encoder_sha256
from training.paper_tables.records import RunRecord

FIXTURES = Path(__file__).parent / 'old_files'
RATE_HZ = 22_500
NETWORKS: dict[str, Any] = {
    'VqVae': lambda values: VqVae(VqVaeConfig.from_dict(values)),
    'AtNet': lambda values: AtNet(AtNetConfig.from_dict(values)),
    'DirectNetwork': lambda values: SingleStageNetwork(SingleStageConfig.from_dict(values)),
}
# Of the drives that the fit was made with, and of those that a resumption needs again.
FIT_DRIVES = tuple(f'noise_{number}' for number in range(7))


def noise(first: int, end: int, channels: int = 8) -> NDArray[np.int16]:
    """Return int16 (channel, sample) noise that depends on the absolute sample index only."""
    index = np.arange(first, end, dtype=np.uint64)[None, :] * 8 + np.arange(channels, dtype=np.uint64)[:, None]
    return ((index * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(48)).astype(np.uint16).view(np.int16)


def write_fit_drives(folder: Path) -> None:
    """Write the drives that the fit in `fit/` was made with."""
    rig = RigFiles.from_folder(FIXTURES / 'rig_plain')
    rows, columns = np.mgrid[0:128, 0:128] / 128
    for number, name in enumerate(FIT_DRIVES):
        writer = DriveWriter(
            folder / f'{name}.h5', drive_id=name, rig=rig, sample_rate_hz=RATE_HZ, channels=8, provenance={}
        )
        with writer:
            writer.add_audio(noise(number * 45_000, number * 45_000 + 45_000) // 16, 0)
            for place, sample in enumerate((11_250, 33_750)):
                depth_m = 2 + 60 * np.abs(np.sin((1 + number) * rows + (2 + place) * columns))
                labels = (19 * np.abs(np.sin(3 * rows + (1 + number + place) * columns))).clip(0, 18)
                writer.add_image(sample, depth_m.astype(np.float16), labels.astype(np.uint8))


def expected(name: str) -> Any:
    """Return what a fixture said to the code that wrote it."""
    return json.loads((FIXTURES / 'expected.json').read_text(encoding='utf-8'))[name]


def sha256(*arrays: NDArray[Any]) -> str:
    """Return the hash of arrays: their types, shapes and bytes."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f'{array.dtype.str} {array.shape} '.encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def thinned(image: NDArray[Any] | None) -> list[Any]:
    """Return some pixels of an image."""
    if image is None:
        return []
    return [[round(float(value), 5) for value in row] for row in image[8::32, 8::32]]


def plain(values: Any) -> Any:
    """Return values as JSON gives them back; NaN becomes a text."""
    return json.loads(json.dumps(values), parse_constant=str)


def assert_same(found: Any, wanted: Any, where: str = '') -> None:
    """Compare plain values; numbers with a fraction may differ by rounding."""
    if isinstance(wanted, dict):
        assert isinstance(found, dict), where
        # Newer code may add something.
        assert not set(wanted) - set(found), where
        for key, value in wanted.items():
            assert_same(found[key], value, f'{where}.{key}')
    elif isinstance(wanted, list):
        assert isinstance(found, list), where
        assert len(found) == len(wanted), where
        for number, value in enumerate(wanted):
            assert_same(found[number], value, f'{where}[{number}]')
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=1e-3, abs=1e-6), where
    else:
        assert found == wanted, where


def bundle_facts(folder: Path) -> dict[str, Any]:
    """Load a bundle, and predict with it by both backends and by the pipeline."""
    bundle = Bundle.load(folder)
    manifest = bundle.manifest
    array = MicrophoneArray.from_yaml(FIXTURES / 'rig_plain' / 'mic_array.yaml')
    samples = noise(0, 3 * RATE_HZ // 2).astype(np.float32) * np.float32(2**-18)
    features = mel_features(samples[:, : manifest.features.window_samples], manifest.features)
    outputs = {}
    for backend in (OnnxBackend(bundle, 1), TorchBackend(bundle, threads=1)):
        output = backend.run(features)
        outputs[backend.name] = {
            'depth_m_mean': float(np.mean(output.depth_m)) if output.depth_m is not None else None,
            'depth_m': thinned(output.depth_m),
            'labels': thinned(output.labels),
            'depth_distance': thinned_cells(output.depth_distance),
            'segmentation_distance': thinned_cells(output.segmentation_distance),
        }
    pipeline = Pipeline(bundle, OnnxBackend(bundle, 1), array, RATE_HZ)
    found = []
    for first in range(0, samples.shape[1], 512):
        block = samples[:, first : first + 512]
        pipeline.push(AudioBlock(block, first, RATE_HZ, first * 10**9 // RATE_HZ))
        found.append(pipeline.predict())
    predictions = [prediction for prediction in found if prediction is not None]
    first_one = predictions[0]
    prior = PixelPrior.load(bundle.folder / PRIOR_FILE)
    return {
        'manifest': {key: value for key, value in to_plain(manifest).items() if key != 'confidence'},
        'confidence': to_plain(manifest.confidence),
        'array_difference': bundle.describe_array_difference(array),
        'sky': manifest.class_id('sky'),
        'features_mean': float(features.mean()),
        'outputs': outputs,
        'predictions': len(predictions),
        'stamps_ns': [prediction.stamp_ns for prediction in predictions],
        'spans': [[prediction.first_sample, prediction.end_sample] for prediction in predictions],
        'confidence_image': thinned(first_one.confidence),
        'prior': {'images': prior.images, 'sha256': sha256(prior.depth_m, prior.labels)},
        'metrics_file': json.loads((bundle.folder / 'metrics.json').read_text(encoding='utf-8')),
    }


def thinned_cells(distance: NDArray[Any] | None) -> list[Any]:
    """Return a row of cells of a distance."""
    return [] if distance is None else [round(float(value), 5) for value in distance[-1]]


def drive_facts(path: Path) -> dict[str, Any]:
    """Read everything of a drive."""
    with DriveReader(path, verify=True) as drive:
        bounds = [drive.first_sample, *drive.gaps.ravel().tolist(), drive.end_sample]
        runs = [(bounds[place], bounds[place + 1]) for place in range(0, len(bounds), 2)]
        raw = [drive.raw(first, end - first) for first, end in runs]
        margin = drive.correction.before, drive.correction.after
        sound = drive.samples(runs[0][0] + margin[0], runs[0][1] - runs[0][0] - sum(margin))
        images = range(len(drive.image_samples))
        has_depth, has_labels = drive.has_depth, drive.has_labels
        return {
            'drive_id': drive.drive_id,
            'sample_rate_hz': drive.sample_rate_hz,
            'duration_s': (drive.end_sample - drive.first_sample) / drive.sample_rate_hz,
            'runs': [list(run) for run in runs],
            'gaps': drive.gaps.tolist(),
            'image_samples': drive.image_samples.tolist(),
            'image_stamps_ns': drive.image_stamps_ns.tolist(),
            'traits': [list(drive.attributes.missing_channels), drive.attributes.depth_unit],
            'missing_microphones': list(drive.missing_microphones),
            'provenance': drive.provenance,
            'rig_texts_sha256': {name: hashlib.sha256(text.encode()).hexdigest() for name, text in rig_of(drive)},
            'geometry_sha256': drive.array.geometry_sha256(),
            'raw_sha256': sha256(*raw),
            'audio_shape': list(sound.shape),
            'audio_rms': np.sqrt(np.mean(np.square(sound), axis=1)).tolist(),
            'has': [has_depth, has_labels, drive.has_native],
            'depth_sha256': sha256(*(drive.depth_m(image) for image in images)) if has_depth else '',
            'labels_sha256': sha256(*(drive.labels(image) for image in images)) if has_labels else '',
            'native_sha256': native_sha256(drive) if drive.has_native else '',
        }


def rig_of(drive: DriveReader) -> list[tuple[str, str]]:
    """Return the rig's texts."""
    return sorted(drive.rig.texts().items())


def native_sha256(drive: DriveReader) -> str:
    """Return the hash of the images in the size of their teachers."""
    images = range(len(drive.image_samples))
    return sha256(*(drive.native_depth_m(i) for i in images), *(drive.native_labels(i) for i in images))


def label_facts(path: Path) -> dict[str, Any]:
    """Read a label track."""
    with LabelFile(path) as track:
        run = track.run()
        return {
            'description': [track.description.modality, track.description.key, dict(track.description.provenance)],
            'frames': track.frames,
            'size': list(track.size),
            'time_ns': track.time_ns.tolist(),
            'stamp_ns': track.stamp_ns.tolist(),
            'images_sha256': sha256(run.images),
            'last_image_sha256': sha256(track.image(len(track) - 1)),
        }


def bag_facts(path: Path) -> dict[str, Any]:
    """Read every message of a bag."""
    with BagReader(path) as bag:
        metadata = RunMetadata.from_json(bag.custom[CUSTOM_KEY]) if CUSTOM_KEY in bag.custom else None
        audio, depths, firsts = [], [], []
        kinds: dict[str, Any] = {}
        for message in bag.messages():
            decoded = bag.decode(message)
            if message.topic == '/audio':
                audio.append(np.frombuffer(bytes(decoded.data), '<i2').reshape(-1, decoded.channel_count))
                firsts.append([decoded.first_sample, decoded.sample_rate_hz])
            elif message.topic == '/truth/depth/image':
                depths.append(np.asarray(decode_depth_m(decoded)))
            elif message.topic == '/run_metadata':
                kinds['run_metadata_topic_same'] = RunMetadata.from_json(decoded.data) == metadata
        return {
            'topics': {topic.name: [topic.type, topic.count, topic.qos_profiles] for topic in bag.topics},
            'definitions': [topic.name for topic in bag.topics if topic.definition],
            'start_ns': bag.start_ns,
            'end_ns': bag.end_ns,
            'duration_s': bag.duration_s,
            'problems': list(bag.problems),
            'audio_sha256': sha256(np.concatenate(audio)),
            'blocks': [len(firsts), *firsts[:2], firsts[-1]],
            'depth_sha256': sha256(*depths),
            'metadata': None if metadata is None else json.loads(metadata.to_json()),
            'rig_sha256': None if metadata is None else metadata.rig_sha256,
            **kinds,
        }


def conversion_facts(bag: Path, out: Path, labels: Path | None) -> dict[str, Any]:
    """Convert a copy of a bag, with labels next to it or without."""
    copy = Path(shutil.copytree(bag, out / 'bag'))
    if labels is not None:
        shutil.copytree(labels, label_folder(copy))
    reference = '' if labels is None else 'camera/image'
    options = ConversionOptions(sample_rate_hz=4000, rows=12, columns=16, reference=reference)
    # A bag of sqlite3 has no custom data of ours, and so no rig.
    rig = None if list(copy.glob('*.mcap')) else RigFiles.from_folder(FIXTURES / 'rig')
    done = convert_bag(copy, out / 'drives', rig, options)
    again = convert_bag(copy, out / 'drives', rig, options)
    record = json.loads(json.dumps(done.record))
    return {
        'kept': [done.reused, again.reused],
        'request': record['request'],
        'audio': record['audio'],
        'images': record['images'],
        'drive': {key: value for key, value in drive_facts(done.path).items() if key != 'provenance'},
    }


def split_facts(path: Path) -> dict[str, Any]:
    """Read a split file."""
    split = SplitFile.from_yaml(path)
    windows = [(f'drive_{number}', stamp) for number in range(5) for stamp in (500_000_000, 1_500_000_000)]
    return {
        'name': split.name,
        'leaks': split.leaks,
        'entries': {name: list(getattr(split, name)) for name in SPLITS},
        'drives': {name: list(split.drives(name)) for name in SPLITS},
        'members': {name: split.members(name, windows) for name in SPLITS},
        'places': split.assigned_splits(windows),
        'shared': split.shared_entries(),
    }


def rig_facts(folder: Path) -> dict[str, Any]:
    """Read the four files of a rig."""
    array = MicrophoneArray.from_yaml(folder / 'mic_array.yaml')
    depth = DepthCalibration.from_yaml(folder / 'depth.yaml')
    return {
        'array': yaml.safe_load(array.to_text()),
        'geometry_sha256': array.geometry_sha256(),
        'factors': array.factors.tolist(),
        'delays_s': array.delays_s.tolist(),
        'camera': yaml.safe_load(CameraCalibration.from_yaml(folder / 'camera.yaml').to_text()),
        'extrinsics': yaml.safe_load(Extrinsics.from_yaml(folder / 'extrinsics.yaml').to_text()),
        'depth': yaml.safe_load(depth.to_text()),
        'metric': depth.is_metric,
        'texts': sorted(RigFiles.from_folder(folder).texts()),
    }


def report_facts(report: Path, rig: Path) -> dict[str, Any]:
    """Apply a report of `calibrate` to a rig, which it changes."""
    kept = apply_report(report, rig)
    return {'kept': sorted(path.name.partition('.before-')[0] for path in kept), 'rig': rig_facts(rig)}


def record_facts(path: Path, results: Path) -> dict[str, Any]:
    """Read the record of a run from where results lie."""
    values = json.loads(path.read_text(encoding='utf-8'))
    place = results / values['dataset'] / values['system'] / f'seed{values["seed"]}.json'
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, place)
    record = RunRecord.load(place)
    return {
        'identity': [record.dataset, record.system, record.seed],
        'terms': plain(list(vars(record.conditions).values())),
        'cost': plain(asdict(record.cost)),
        'run': plain(asdict(record.run)),
        'score_groups': sorted(record.scores),
        'depth': record.scores['depth'],
        'config': read_config(values['config']),
    }


def read_config(values: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration of a record as the one that reads run folders makes it."""
    return plain(from_plain(TrainingConfig, values, 'experiment', TrainingError).to_dict())  # type: ignore[no-any-return]


def experiment_facts(path: Path) -> dict[str, Any]:
    """Read an experiment."""
    config = TrainingConfig.from_yaml(path)
    seeded = config.seeded(3)
    return {
        'values': plain(config.to_dict()),
        'modalities': list(config.modalities),
        'folders': [str(folder) for folder in (*seeded.manifold_folders, *seeded.audio_network_folders)],
        'record': str(record_path(Path('results'), seeded)),
    }


def engine_facts(root: Path, bundle: Bundle) -> dict[str, Any]:
    """Read an engine's sidecar, and find the engine by the key that the bundle has now."""
    sidecar_path = next(root.glob(f'*/{METADATA_FILE}'))
    sidecar = EngineMetadata.from_json(sidecar_path.read_text(encoding='utf-8'))
    key = EngineKey.for_bundle(bundle, sidecar.key.precision, sidecar.key.options, sidecar.key.platform)
    warnings: list[str] = []
    # Git keeps no rights of others; an engine that others may write is refused.
    for path in (sidecar_path.parent, *sidecar_path.parent.iterdir()):
        path.chmod(0o700 if path.is_dir() else 0o600)
    engine = EngineCache(root).find(key, warnings.append)
    return {
        'sidecar': to_plain(sidecar),
        'digest': sidecar.key.digest,
        'folder': sidecar_path.parent.name,
        'differences': key.differences(sidecar.key),
        'engine': '' if engine is None else engine.relative_to(root).as_posix(),
        'warnings': warnings,
    }


def parameter_facts(path: Path) -> dict[str, Any]:
    """Read the parameters of every node out of one file."""
    from audio_manifold_ros.nodes.common.parameters import build, load_yaml, parameter_specs
    from audio_manifold_ros.nodes.perception import perception_parameters
    from audio_manifold_ros.nodes.recorder import recorder_parameters
    from audio_manifold_ros.nodes.replay.replay_parameters import ReplayParameters
    from audio_manifold_ros.nodes.rig.rig_frames import RigParameters
    from audio_manifold_ros.nodes.simulator.simulated_drive import DriveParameters

    concerns: dict[str, tuple[type, ...]] = {
        'perception': perception_parameters.PARAMETER_GROUPS,
        'record': recorder_parameters.PARAMETER_GROUPS,
        'replay': (ReplayParameters,),
        'simulated_drive': (DriveParameters,),
        'rig_frames': (RigParameters,),
    }
    facts: dict[str, Any] = {}
    for node, classes in concerns.items():
        values = load_yaml(path, node, classes)
        filled = {
            entry.name: getattr(build(kind, values), entry.field.name)
            for kind in classes
            for entry in parameter_specs(kind)
            if entry.name in values
        }
        facts[node] = plain({'values': values, 'filled': filled})
    return facts


def fit_facts(folder: Path) -> dict[str, Any]:
    """Read the checkpoints and records of a fit."""
    rows, columns = torch.meshgrid(torch.arange(128) / 128, torch.arange(128) / 128, indexing='ij')
    image = (0.5 + 0.4 * torch.sin(5 * rows + 3 * columns))[None, None].float()
    manifold, direct = folder / 'manifold_depth', folder / 'omninet_segmentation'
    last = load_checkpoint(manifold / LAST)
    vq_vae = load_vq_vae(manifold / BEST)
    features = torch.from_numpy(noise(0, 128 * 128).astype(np.float32).reshape(1, 8, 128, 128) / 2**15)
    with torch.inference_mode():
        drawn = vq_vae(image)
        logits = load_direct(direct / BEST)(features)['segmentation']
    return {
        'hyper_parameters': {
            'manifold': plain(last['hyper_parameters']),
            'direct': plain(load_checkpoint(direct / BEST)['hyper_parameters']),
        },
        'global_step': last['global_step'],
        'encoder_sha256': encoder_sha256(vq_vae),
        'image': thinned(drawn.image[0, 0].numpy()),
        'codes_used': len(set(drawn.quantized.codes.flatten().tolist())),
        'logits': [thinned(logits[0, label].numpy()) for label in (0, 4)],
        'records': [plain(asdict(FitHistory.read(part))) for part in (manifold, direct)],
    }


def resumption_facts(folder: Path) -> dict[str, Any]:
    """Go on with the fits below the current folder, which must be a copy of `fit/` with the drives in `drives`."""
    config = TrainingConfig.from_yaml('experiment.yaml')
    cache = open_windows(config)
    facts: dict[str, Any] = {'train_windows': len(cache.indices('train'))}
    before = FitHistory.read(folder / 'manifold_depth')
    # As if the fit had been at it for an hour.
    checkpoint = load_checkpoint(folder / 'manifold_depth' / LAST)
    checkpoint['callbacks']['Budget']['elapsed_s'] = 3600.0
    torch.save(checkpoint, folder / 'manifold_depth' / LAST)
    longer = replace(config.manifold_fit, epochs=2 * config.manifold_fit.epochs)
    fit_manifold(config, 'depth', longer, resume=True)
    after = FitHistory.read(folder / 'manifold_depth')
    facts['steps'] = [before.steps, after.steps]
    facts['old_curves_kept'] = {
        name: after.curves.get(name, [])[: len(points)] == points for name, points in before.curves.items()
    }
    facts['time_counted_on'] = after.minutes > 60
    # An older part of a fit that hears is taken up, too; only its best checkpoint is kept here.
    direct = config.direct_folder(config.direct[0])
    shutil.copyfile(direct / BEST, direct / LAST)
    steps = load_checkpoint(direct / LAST)['global_step']
    twice = replace(config.direct_fit, epochs=2 * config.direct_fit.epochs)
    fit_direct(config, config.direct[0], twice, resume=True)
    facts['direct_steps'] = [steps, FitHistory.read(direct).steps]
    return facts


def network_facts(path: Path) -> list[dict[str, Any]]:
    """Build each of the networks of a file, and list its tensors."""
    return [
        {**entry, 'tensors': tensors_of(NETWORKS[entry['kind']](entry['config']))}
        for entry in json.loads(path.read_text(encoding='utf-8'))
    ]


def tensors_of(network: torch.nn.Module) -> dict[str, str]:
    """Return the names and shapes of a network's state."""
    return {name: 'x'.join(map(str, tensor.shape)) for name, tensor in network.state_dict().items()}


def test_a_bundle_predicts_what_it_did(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(FIXTURES / 'bundle', tmp_path / 'bundle'))
    assert_same(bundle_facts(folder), expected('bundle'))


@pytest.mark.parametrize('name', ['drive.h5', 'drive_traits.h5'])
def test_a_drive_holds_what_it_did(name: str) -> None:
    assert_same(drive_facts(FIXTURES / name), expected(name))


@pytest.mark.parametrize('name', ['labels/depth.h5', 'labels/segmentation.h5'])
def test_a_label_track_holds_what_it_did(name: str) -> None:
    assert_same(label_facts(FIXTURES / name), expected(name))


@pytest.mark.parametrize('name', ['bag', 'bag_sqlite'])
def test_a_bag_holds_what_it_did(name: str) -> None:
    assert_same(bag_facts(FIXTURES / name), expected(name))


@pytest.mark.parametrize(
    ('name', 'bag', 'labels'),
    [
        ('conversion', 'bag', None),
        ('conversion_labelled', 'bag_sqlite', 'labels'),
    ],
)
def test_a_bag_becomes_the_drive_that_it_did(tmp_path: Path, name: str, bag: str, labels: str | None) -> None:
    facts = conversion_facts(FIXTURES / bag, tmp_path, None if labels is None else FIXTURES / labels)
    assert_same(facts, expected(name))


def test_a_split_file_divides_as_it_did() -> None:
    assert_same(split_facts(FIXTURES / 'split.yaml'), expected('split.yaml'))


@pytest.mark.parametrize('name', ['rig', 'rig_plain'])
def test_a_rig_is_what_it_was(name: str) -> None:
    assert_same(rig_facts(FIXTURES / name), expected(name))


def test_a_report_of_calibrate_changes_the_rig_that_it_was_measured_against(tmp_path: Path) -> None:
    rig = Path(shutil.copytree(FIXTURES / 'rig_plain', tmp_path / 'rig'))
    assert_same(report_facts(FIXTURES / 'calibration_report', rig), expected('calibration_report'))


def test_the_record_of_a_run_has_its_scores(tmp_path: Path) -> None:
    assert_same(record_facts(FIXTURES / 'run_record.json', tmp_path), expected('run_record.json'))


@pytest.mark.parametrize('name', ['experiment.yaml', 'experiment_direct.yaml', 'experiment_changed.yaml'])
def test_an_experiment_has_the_values_that_it_had(name: str) -> None:
    assert_same(experiment_facts(FIXTURES / name), expected(name))


def test_an_engine_is_found_by_the_key_that_it_was_built_for(tmp_path: Path) -> None:
    root = Path(shutil.copytree(FIXTURES / 'engine_metadata', tmp_path / 'engines'))
    bundle = Bundle.load(shutil.copytree(FIXTURES / 'bundle', tmp_path / 'bundle'))
    assert_same(engine_facts(root, bundle), expected('engine_metadata'))


@pytest.mark.ros
def test_parameter_files_of_all_nodes_are_taken() -> None:
    assert_same(parameter_facts(FIXTURES / 'parameters.yaml'), expected('parameters.yaml'))


def test_checkpoints_of_a_fit_are_read() -> None:
    assert_same(fit_facts(FIXTURES / 'fit'), expected('fit'))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_fit_goes_on_where_the_old_code_left_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(shutil.copytree(FIXTURES / 'fit', tmp_path / 'fit'))
    write_fit_drives(folder / 'drives')
    monkeypatch.chdir(folder)
    assert_same(resumption_facts(Path(os.curdir)), expected('fit_resumed'))


def test_networks_call_their_tensors_as_they_did() -> None:
    path = FIXTURES / 'network_tensors.json'
    assert network_facts(path) == json.loads(path.read_text(encoding='utf-8'))
