# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo from end to end: files, figures, and termination of all processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from audio_manifold_ros.demo.summary import FRAMES_BETTER
from audio_manifold_ros.evaluation.controls.pixel_prior import PRIOR_FILE, PixelPriorBuilder
from audio_manifold_ros.inference.bundle.bundle import Bundle, write_bundle
from audio_manifold_ros.inference.bundle.manifest import MANIFEST_FILE
from audio_manifold_ros.modalities.modality_images import ModalityImages
from audio_manifold_ros.simulation.drive import Drive

pytestmark = pytest.mark.ros
COMMAND = [sys.executable, '-m', 'audio_manifold_ros', 'demo']
KEYS = [
    'frames',
    'rate_hz',
    'latency_ms',
    'windows_dropped',
    'samples_lost',
    'node_rss_mb',
    'first_image_s',
    'unfamiliar',
]


@pytest.fixture(scope='module')
def bundle_with_prior(small_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the small bundle with a prior."""
    folder = tmp_path_factory.mktemp('demo')
    builder = PixelPriorBuilder(128, 128)
    drive = Drive(1)
    for time_s in np.linspace(0, 5, 8):
        builder.add(ModalityImages(*drive.image(time_s)))
    prior = builder.build()
    files = {path.name: path.read_bytes() for path in small_bundle.iterdir() if path.name != MANIFEST_FILE}
    files[PRIOR_FILE] = prior.to_bytes()
    return write_bundle(folder / 'with_prior', Bundle.load(small_bundle).manifest, files).folder


def processes_of(session_marker: str) -> list[str]:
    """Return the command lines of this package's nodes that were started with an environment."""
    found = []
    for process in Path('/proc').glob('[0-9]*'):
        try:
            environment = (process / 'environ').read_bytes()
            command = (process / 'cmdline').read_bytes().replace(b'\0', b' ').decode()
        except OSError:
            continue
        if session_marker.encode() in environment and 'audio_manifold_ros' in command:
            found.append(command)
    return found


@pytest.mark.timeout(200)
@pytest.mark.slow
def test_the_demo_writes_its_results(bundle_with_prior: Path, tmp_path: Path) -> None:
    marker = f'DEMO_TEST={tmp_path.name}-{os.getpid()}'
    done = subprocess.run(
        [
            *COMMAND,
            '--seconds',
            '3',
            '--rate',
            '10',
            '--bundle',
            str(bundle_with_prior),
            '--out',
            str(tmp_path / 'out'),
        ],
        env={**os.environ, **dict([marker.split('=')])},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert processes_of(marker) == []
    out = tmp_path / 'out'
    assert sorted(path.name for path in out.iterdir()) == ['contact_sheet.png', 'drive.mp4', 'summary.json']
    summary = json.loads((out / 'summary.json').read_text())
    assert list(summary) == [*KEYS, 'depth', 'segmentation']
    assert list(summary['latency_ms']) == ['p50', 'p95', 'p99']
    assert list(summary['depth']) == ['abs_rel', 'abs_rel_prior', FRAMES_BETTER]
    assert list(summary['segmentation']) == [
        'miou',
        'miou_prior',
        'iou_car',
        'iou_car_prior',
        FRAMES_BETTER,
    ]
    assert 'frames better than the prior' in done.stdout
    assert summary['frames'] >= 1
    assert summary['samples_lost'] == 0
    assert 0 < summary['depth']['abs_rel_prior'] < 10
    assert 50 < summary['node_rss_mb'] < 400
    assert summary['latency_ms']['p50'] > 0
    sheet = cv2.imread(str(out / 'contact_sheet.png'))
    assert sheet.shape[0] > 500
    assert sheet.std() > 10
    film = cv2.VideoCapture(str(out / 'drive.mp4'))
    assert film.get(cv2.CAP_PROP_FRAME_COUNT) >= 1
    assert film.read()[0]
    film.release()


@pytest.mark.timeout(120)
def test_an_interrupt_terminates_every_process(small_bundle: Path, tmp_path: Path) -> None:
    marker = f'DEMO_TEST={tmp_path.name}-{os.getpid()}'
    process = subprocess.Popen(
        [*COMMAND, '--seconds', '60', '--bundle', str(small_bundle), '--out', str(tmp_path / 'out')],
        env={**os.environ, **dict([marker.split('=')])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 60
    while len(processes_of(marker)) < 3 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert len(processes_of(marker)) == 3, 'demo, drive and node'
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130, output
    assert processes_of(marker) == []
    assert 'Traceback' not in output


@pytest.mark.parametrize(
    ('damage', 'named'), [(lambda _: None, "'/no/such.wav'"), (lambda b: (b / 'model.onnx').unlink(), 'model.onnx')]
)
def test_a_failure_is_reported_as_a_message(damage: object, named: str, small_bundle: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(small_bundle, tmp_path / 'small')
    damage(folder)  # type: ignore[operator]
    done = subprocess.run(
        [*COMMAND, '--source', 'file:/no/such.wav', '--bundle', str(folder), '--out', str(tmp_path / 'out')],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 1
    assert named in done.stderr
    assert not (tmp_path / 'out').exists()
