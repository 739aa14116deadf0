# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A drive from end to end: recorded, killed, recovered, converted, used for training, and scored."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from sensor_msgs.msg import Image

from audio_manifold_ros.bags.conversion.bag_conversion import convert_bag
from audio_manifold_ros.bags.conversion.check_bag import Verdict, check_bag
from audio_manifold_ros.bags.conversion.conversion_record import ConversionOptions
from audio_manifold_ros.bags.recovery.recover import recover_bag
from audio_manifold_ros.common.pcm16 import float_to_int16
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.networks.at_net import AtNetConfig
from audio_manifold_ros.networks.vq_vae import VqVaeConfig
from audio_manifold_ros.simulation.drive import Drive
from tests.nodes.peer import NodeProcess, Peer
from tests.simulation.in_blocks import in_blocks
from training.config.experiment_configuration import (
    CodebookConfig,
    DataConfig,
    FitConfig,
    MachineConfig,
    TrainingConfig,
)
from training.data.cache import open_cache
from training.data.simulate import write_dataset
from training.data.simulation_settings import SimulationSettings
from training.export.export_bundle import export
from training.fitting.checkpoints import BEST, LAST, load_checkpoint
from training.fitting.fit_manifold import fit_manifold
from training.fitting.fit_transform import fit_transform

pytestmark = [
    pytest.mark.ros,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.usefixtures('udp_on_loopback'),
]
SEED = 950_300
STEPS = 3
SIZES = {'codes': 8, 'code_dim': 8, 'first_features': 8, 'features': 16, 'residual_blocks': 1}
TOPICS = "['audio', 'truth/depth/image', 'truth/segmentation/image', 'perception/depth/image']"


def record_and_kill(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, folder: Path, name: str
) -> None:
    """Record a simulated drive while the node predicts from it, until the recorder is killed."""
    images = peer.subscribe(Image, '/perception/depth/image')
    node = start_node(bundle=small_bundle, autostart=True, prediction__rate_hz=5.0, threads=1)
    drive = start_node('simulated_drive', seed=SEED, street_s=60.0, image_rate_hz=5.0)
    recorder = start_node(
        'recorder',
        folder=folder,
        name=name,
        rig='calibration/roof_octagon',
        topics=TOPICS,
        preflight__mode='warn',
        preflight__seconds=1.5,
        preflight__timeout_s=60.0,
        reserve_mb=1,
    )
    file = folder / name / f'{name}_0.mcap'
    peer.wait(lambda: file.exists() and file.stat().st_size > 8_000_000, 120, 'eight seconds on the disk')
    assert images, 'the node runs meanwhile'
    recorder.process.send_signal(signal.SIGKILL)
    recorder.process.wait()
    # The evaluation starts a perception node of its own.
    assert (node.end(), drive.end()) == (0, 0)


def assert_sample_exact(drive: Path) -> None:
    """Assert that the audio equals the simulated street, outside of marked losses."""
    street = Drive(SEED)
    with DriveReader(drive) as reader:
        first, end = reader.first_sample, reader.end_sample
        expected = float_to_int16(in_blocks(street.audio, first, end))
        edges = [first, *(edge for gap in reader.gaps for edge in gap), end]
        covered_samples = 0
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            assert np.array_equal(reader.raw(start, stop - start), expected[:, start - first : stop - first])
            covered_samples += stop - start
        assert covered_samples > 5 * reader.sample_rate_hz
        assert len(reader.image_samples) > 20


def train(drives: Path, folder: Path) -> TrainingConfig:
    """Train each network for three steps."""
    fit = FitConfig(batch_size=8, epochs=1, learning_rate=1e-3, validate_every_steps=STEPS)
    config = TrainingConfig(
        name='own',
        output=str(folder / 'runs'),
        data=DataConfig(str(drives), cache=str(folder / 'cache'), validation=0.25, test=0.25, workers=1),
        manifolds={'depth': VqVaeConfig(**SIZES), 'segmentation': VqVaeConfig(channels=19, **SIZES)},
        at_nets=(AtNetConfig(width=0.125, code_dim=8, modalities=('depth', 'segmentation')),),
        manifold_fit=fit,
        transform_fit=fit,
        codebook=CodebookConfig(start_step=1, restart_every_steps=1),
        machine=MachineConfig(accelerator='cpu', devices='1', threads=1),
    )
    for modality in config.manifolds:
        fit_manifold(config, modality, fit)
    best = fit_transform(config, config.at_nets[0], fit)
    assert best.name == BEST
    # Any of the validations may have been the best one.
    assert load_checkpoint(best.with_name(LAST))['global_step'] >= STEPS
    return config


def evaluate(bag: Path, bundle: Path, out: Path, *more: str) -> dict:
    command = [
        sys.executable,
        '-m',
        'audio_manifold_ros.nodes.evaluation.evaluate_bag',
        str(bag),
        '--bundle',
        str(bundle),
    ]
    options = ['--out', str(out), '--backend', 'onnx', '--threads', '1', '--rate', '5', *more]
    done = subprocess.run([*command, *options], check=False, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads((out / 'metrics.json').read_text(encoding='utf-8')))


def test_a_killed_recording_becomes_a_model_and_a_score(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, tmp_path: Path
) -> None:
    # The split follows from the name: this one is learnt from.
    name = 'drive_3'
    record_and_kill(peer, start_node, small_bundle, tmp_path / 'recordings', name)
    assert check_bag(tmp_path / 'recordings' / name).verdict is Verdict.RECOVER
    bag = tmp_path / 'recovered' / name
    recover_bag(tmp_path / 'recordings' / name, bag)
    assert check_bag(bag).verdict is Verdict.READY

    drives = tmp_path / 'drives'
    converted = convert_bag(bag, drives, None, ConversionOptions())
    assert_sample_exact(converted.path)

    write_dataset(drives, range(2014, 2022), SimulationSettings(2), 1, Console(quiet=True))
    config = train(drives, tmp_path)
    assert name in open_cache(config.data, progress=False).drives('train')
    bundle = export(config, tmp_path / 'own').folder

    live = evaluate(bag, bundle, tmp_path / 'live', '--live')
    offline = evaluate(bag, bundle, tmp_path / 'offline')
    assert live['agreement']['agrees'], live['agreement']
    assert live['agreement']['compared'] == offline['predictions'] > 10
    assert live['scores'] == offline['scores']
