# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The files that the project reads: a valid example of each, how it is mutated, and the function that reads it.

Readers import what they need when they run, so that each worker process loads the libraries of its own formats only.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.fuzz.mutations import mutate_bytes, mutate_json, mutate_values, mutate_yaml

FIXTURES = Path(__file__).parents[1] / 'compat' / 'old_files'
Mutation = Callable[[bytes, np.random.Generator], bytes]


@dataclass(frozen=True)
class FuzzTarget:
    """A format that is read.

    Attributes:
        example: Valid file or folder below `FIXTURES`, or a function that writes one into a folder.
        mutation: Changes the bytes of one file.
        read: Reads the file or folder as the project does.
        files: Glob of the files of a folder that are mutated, one at a time; '' for a single file.
        repair: Makes a mutated folder consistent again, so that the mutation is reached behind its checksums.

    """

    example: str | Callable[[Path], Path]
    mutation: Mutation
    read: Callable[[Path], object]
    files: str = ''
    repair: Callable[[Path], None] | None = None

    def write(self, folder: Path, rng: np.random.Generator) -> Path:
        """Write a mutated example into an empty folder; return its path."""
        target = self.copy_example(folder)
        if not self.files:
            target.write_bytes(self.mutation(target.read_bytes(), rng))
            if self.repair is not None and rng.integers(0, 4):
                self.repair(target)
            return target
        files = sorted(target.glob(self.files))
        file = files[int(rng.integers(0, len(files)))]
        file.write_bytes(self.mutation(file.read_bytes(), rng))
        if self.repair is not None and rng.integers(0, 4):
            self.repair(target)
        return target

    def copy_example(self, folder: Path) -> Path:
        """Write the unchanged example into a folder; return its path."""
        if callable(self.example):
            return self.example(folder)
        source = FIXTURES / self.example
        if source.is_dir():
            return Path(shutil.copytree(source, folder / source.name))
        return Path(shutil.copyfile(source, folder / source.name))


def write_flac(folder: Path) -> Path:
    """Write a FLAC file without a number of samples, as a killed recorder leaves it."""
    path = write_sound(folder / 'audio.flac')
    data = bytearray(path.read_bytes())
    data[21:26] = bytes([data[21] & 0xF0, 0, 0, 0, 0])
    path.write_bytes(data)
    return path


def write_wav(folder: Path) -> Path:
    """Write a WAV file."""
    return write_sound(folder / 'audio.wav')


def write_sound(path: Path) -> Path:
    """Write a sound file of 0.2 s."""
    import soundfile

    noise = np.random.default_rng(0).standard_normal((4_500, 8)) / 10
    soundfile.write(path, noise, 22_500, subtype='PCM_16')
    return path


def write_run_metadata(folder: Path) -> Path:
    """Write the text of a `run_metadata` message with its rig."""
    expected = json.loads((FIXTURES / 'expected.json').read_text(encoding='utf-8'))
    path = folder / 'run_metadata.json'
    path.write_text(json.dumps(expected['bag']['metadata']), encoding='utf-8')
    return path


def read_rig(path: Path) -> None:
    """Read a rig folder, and write its URDF."""
    from audio_manifold_ros.datasets.rig_files import RigFiles
    from audio_manifold_ros.rig.rig_to_urdf import main

    RigFiles.from_folder(path).array()
    main([str(path)])


def read_split(path: Path) -> None:
    """Read a split file."""
    from training.data.split_file import SplitFile

    SplitFile.from_yaml(path)


def read_experiment(path: Path) -> None:
    """Read an experiment configuration."""
    from training.config.experiment_configuration import TrainingConfig

    TrainingConfig.from_yaml(path)


def read_parameters(path: Path) -> None:
    """Read a parameter file of the perception node."""
    from audio_manifold_ros.nodes.common.parameters import build
    from audio_manifold_ros.nodes.perception.perception_parameters import PARAMETER_GROUPS
    from tests.nodes.parameter_values import checked_values

    values = checked_values(path, 'perception', PARAMETER_GROUPS)
    for group in PARAMETER_GROUPS:
        build(group, values)


def read_run_record(path: Path) -> None:
    """Read the record of a run."""
    from training.paper_tables.records import RunRecord

    place = path.parent / 'street' / 'omninet_2ch_both' / 'seed0.json'
    place.parent.mkdir(parents=True)
    path.rename(place)
    RunRecord.load(place)


def read_run_metadata(path: Path) -> None:
    """Read the text of a `run_metadata` message."""
    from audio_manifold_ros.bags.decoding.run_metadata import RunMetadata

    metadata = RunMetadata.from_json(path.read_bytes().decode(errors='replace'))
    if metadata.rig is not None:
        metadata.rig.array()


def read_bundle(path: Path) -> None:
    """Load a bundle and predict once."""
    from audio_manifold_ros.evaluation.controls.pixel_prior import PRIOR_FILE, PixelPrior
    from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
    from audio_manifold_ros.inference.bundle.bundle import Bundle

    bundle = Bundle.load(path)
    backend = OnnxBackend(bundle, 1)
    spec = bundle.manifest.features
    backend.run(np.zeros((len(bundle.manifest.array.positions_m), spec.height, spec.width), np.float32))
    if (path / PRIOR_FILE).exists():
        PixelPrior.load(path / PRIOR_FILE)


def read_bundle_with_torch(path: Path) -> None:
    """Load a bundle and build its networks."""
    from audio_manifold_ros.inference.backends.torch_backend import TorchBackend
    from audio_manifold_ros.inference.bundle.bundle import Bundle

    bundle = Bundle.load(path)
    backend = TorchBackend(bundle, threads=1)
    spec = bundle.manifest.features
    backend.run(np.zeros((len(bundle.manifest.array.positions_m), spec.height, spec.width), np.float32))


def mutate_networks(data: bytes, rng: np.random.Generator) -> bytes:
    """Return a manifest with mutated networks, features and camera."""
    manifest = json.loads(data)
    for key in ('networks', 'features', 'camera'):
        if key == 'networks' or rng.integers(0, 4) == 0:
            manifest[key] = mutate_values(manifest[key], rng)
    return json.dumps(manifest).encode()


def repair_bundle(path: Path) -> None:
    """Write the sizes and hashes of the files into the manifest."""
    try:
        manifest = json.loads((path / 'manifest.json').read_text(encoding='utf-8'))
        for name, entry in manifest['files'].items():
            data = (path / name).read_bytes()
            entry['size'], entry['sha256'] = len(data), hashlib.sha256(data).hexdigest()
        (path / 'manifest.json').write_text(json.dumps(manifest), encoding='utf-8')
    except (ValueError, TypeError, KeyError, AttributeError, OSError, RecursionError):
        return


def read_drive(path: Path) -> None:
    """Read all audio and images of a drive file."""
    from audio_manifold_ros.datasets.drive_reader import DriveReader

    with DriveReader(path) as drive:
        drive.samples(drive.first_sample + drive.correction.before, 500)
        for image in range(min(len(drive.image_samples), 20)):
            if drive.has_depth:
                drive.depth_m(image)
            if drive.has_labels:
                drive.labels(image)


def repair_drive(path: Path) -> None:
    """Write a checksum that matches the changed bytes, as a hostile author of a drive does."""
    from audio_manifold_ros.datasets.drive_checksum import write_checksum_header

    write_checksum_header(path, 1)


def read_labels(path: Path) -> None:
    """Read all images of a label file."""
    from audio_manifold_ros.datasets.label_file import LabelFile

    with LabelFile(path) as labels:
        for image in range(min(len(labels), 50)):
            labels.image(image)


def read_bag(path: Path) -> None:
    """Check, recover and read a bag."""
    from audio_manifold_ros.bags.conversion.check_bag import main as check
    from audio_manifold_ros.bags.recovery.recover import main as recover
    from audio_manifold_ros.bags.storage.bag_reader import BagReader

    check([str(path)])
    recover([str(path), str(path.parent / 'recovered')])
    with BagReader(path) as bag:
        for message in bag.messages():
            bag.decode(message)


def read_wav(path: Path) -> None:
    """Read a sound file as the node does."""
    from audio_manifold_ros.audio.file_source import FileSource

    source = FileSource(path, time.time_ns, realtime=False)
    source.open()
    try:
        for _ in range(20):
            if source.read(0.1) is None:
                break
    finally:
        source.close()


def read_report(path: Path) -> None:
    """Apply a calibration report to a rig."""
    from audio_manifold_ros.calibration.commands.apply import apply_report

    rig = Path(shutil.copytree(FIXTURES / 'rig_plain', path.parent / 'rig'))
    apply_report(path, rig)


def read_engine_metadata(path: Path) -> None:
    """Read the metadata of a compiled engine."""
    from audio_manifold_ros.inference.tensorrt.engine_metadata import EngineMetadata

    file = next(path.glob('*/engine.json'))
    EngineMetadata.from_json(file.read_bytes().decode(errors='replace'))


def read_checkpoint(path: Path) -> None:
    """Read a training checkpoint without unpickling objects."""
    from training.fitting.checkpoints import load_checkpoint

    load_checkpoint(path)


TARGETS: dict[str, FuzzTarget] = {
    'rig': FuzzTarget('rig', mutate_yaml, read_rig, files='*.yaml'),
    'split': FuzzTarget('split.yaml', mutate_yaml, read_split),
    'experiment': FuzzTarget('experiment.yaml', mutate_yaml, read_experiment),
    'parameters': FuzzTarget('parameters.yaml', mutate_yaml, read_parameters),
    'run_metadata': FuzzTarget(write_run_metadata, mutate_json, read_run_metadata),
    'wav': FuzzTarget(write_wav, mutate_bytes, read_wav),
    'flac': FuzzTarget(write_flac, mutate_bytes, read_wav),
    'run_record': FuzzTarget('run_record.json', mutate_json, read_run_record),
    'bundle_manifest': FuzzTarget('bundle', mutate_json, read_bundle, files='manifest.json'),
    'bundle_networks': FuzzTarget('bundle', mutate_networks, read_bundle_with_torch, files='manifest.json'),
    'bundle_files': FuzzTarget('bundle', mutate_bytes, read_bundle, files='*[!n]', repair=repair_bundle),
    'drive': FuzzTarget('drive.h5', mutate_bytes, read_drive, repair=repair_drive),
    'labels': FuzzTarget('labels/depth.h5', mutate_bytes, read_labels),
    'bag_mcap': FuzzTarget('bag', mutate_bytes, read_bag, files='*.mcap'),
    'bag_metadata': FuzzTarget('bag', mutate_yaml, read_bag, files='metadata.yaml'),
    'bag_sqlite': FuzzTarget('bag_sqlite', mutate_bytes, read_bag, files='*.db3'),
    'report': FuzzTarget('calibration_report', mutate_json, read_report, files='report.json'),
    'engine_metadata': FuzzTarget('engine_metadata', mutate_json, read_engine_metadata, files='**/*.json'),
    'checkpoint': FuzzTarget('fit/manifold_depth/best.ckpt', mutate_bytes, read_checkpoint),
}
