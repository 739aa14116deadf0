# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Live view: recording in a file, server for browsers on this machine, and what it refuses."""

from __future__ import annotations

import http.client
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from audio_manifold_ros.bag_evaluation.evaluation_session import EvaluationOptions
from audio_manifold_ros.common.errors import ViewerError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.evaluation.reporting.contact_sheet import Snapshot
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.modalities.modality_images import ModalityImages
from audio_manifold_ros.networks.vehicle_map import VehiclePosition
from audio_manifold_ros.simulation.drive import Drive
from audio_manifold_ros.testing.simulated_bag import SimulatedRecording, write_simulated_bag
from audio_manifold_ros.viewer import rerun_import
from audio_manifold_ros.viewer.view_bag import view_bag
from audio_manifold_ros.viewer.view_output import LOCAL_ADDRESS, ViewOutput, open_output
from audio_manifold_ros.viewer.view_recording import ViewRecording
from tests.viewer.browser import BROWSER, open_page

needs_rerun = pytest.mark.skipif(
    find_spec('rerun') is None, reason='needs rerun-sdk: ./run exec pip install -r requirements/view.txt'
)
STOP_TIMEOUT_S = 10.0
BROWSER_TIMEOUT_S = 120.0
MODALITIES = ('depth', 'segmentation')
BUNDLE, RIG = 'models/street', 'calibration/roof_octagon'


def snapshot(time_s: float) -> Snapshot:
    """Return the ground truth of a simulated street as prediction and camera images."""
    images = ModalityImages(*Drive(900_003).image(2.0 + time_s))
    levels_db = np.random.default_rng(round(10 * time_s)).normal(-60, 10, (1, 64, 64)).astype(np.float32)
    car = VehiclePosition('car', 1.0, 10.0)
    return Snapshot(time_s, levels_db, images, images, np.full((128, 128), 0.5, np.float32), vehicles=[car])


def log_street(stream: object, seconds: int = 3) -> None:
    log_snapshots(stream, [snapshot(float(time_s)) for time_s in range(seconds)])


def log_snapshots(stream: object, snapshots: Iterable[Snapshot]) -> None:
    manifest = Bundle.load(resource_path(BUNDLE)).manifest
    recording = ViewRecording(stream, RigFiles.from_folder(resource_path(RIG)), manifest)
    for one in snapshots:
        recording.log(one, latency_ms=20.0)


def answers(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex((LOCAL_ADDRESS, port)) == 0


def missing_colours(picture: bytes) -> list[str]:
    """Return the classes whose colours a screenshot lacks, as a blank page and the welcome page do."""
    image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        return ['picture']
    colours = {'road': (128, 64, 128), 'sky': (180, 130, 70)}  # blue first
    return [
        name for name, colour in colours.items() if (np.abs(image.astype(int) - colour).max(axis=2) < 12).sum() < 1000
    ]


def dump(path: Path) -> str:
    """Return the text of a recording, by the tool of rerun."""
    command = [shutil.which('rerun') or 'rerun', 'rrd', 'print', str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_without_rerun_the_remedy_is_stated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(name: str) -> None:
        msg = f'No module named {name!r}'
        raise ImportError(msg)

    monkeypatch.setattr(rerun_import.importlib, 'import_module', fail)
    with (
        pytest.raises(ViewerError, match=r"needs the package rerun-sdk.*'rerun'.*requirements/view.txt"),
        open_output(ViewOutput(tmp_path / 'drive.rrd'), MODALITIES),
    ):
        pass


@needs_rerun
def test_a_file_holds_scene_images_and_figures(tmp_path: Path) -> None:
    with open_output(ViewOutput(tmp_path / 'views' / 'drive.rrd'), MODALITIES) as (stream, place):
        log_street(stream)
    assert place == str(tmp_path / 'views' / 'drive.rrd')
    text = dump(Path(place))
    for entity in (
        '/base_link/microphones', '/base_link/vehicle', '/base_link/camera/points',
        '/base_link/predicted_vehicles', '/base_link/true_vehicles',
        '/predicted/depth', '/predicted/segmentation', '/ground_truth/depth', '/ground_truth/segmentation',
        '/top_view', '/spectrogram', '/confidence', '/figures/latency_ms', '/figures/mean_confidence',
        '/figures/level_db',
    ):  # fmt: skip
        assert entity in text, entity


@needs_rerun
def test_boxes_are_those_of_the_images_without_vehicles_all_round(tmp_path: Path) -> None:
    texts = []
    for index, shown in enumerate((snapshot(0.0), replace(snapshot(0.0), vehicles=None))):
        with open_output(ViewOutput(tmp_path / f'{index}.rrd'), MODALITIES) as (stream, _):
            log_snapshots(stream, [shown])
        texts.append(dump(tmp_path / f'{index}.rrd'))
    all_round, images = texts
    assert '/base_link/predicted_vehicles' in all_round
    assert '/base_link/camera/detections' not in all_round
    assert '/base_link/predicted_vehicles' not in images
    assert '/base_link/camera/detections' in images


@needs_rerun
def test_a_bag_becomes_a_file(tmp_path: Path) -> None:
    write_simulated_bag(tmp_path / 'bag', SimulatedRecording(seed=900_003, seconds=2.0))
    options = EvaluationOptions(tmp_path / 'bag', resource_path(BUNDLE), tmp_path, rate_hz=5.0)
    places: list[str] = []
    count = view_bag(options, ViewOutput(tmp_path / 'drive.rrd'), places.append, realtime=False)
    assert count >= 4
    assert places == [str(tmp_path / 'drive.rrd')]
    text = dump(tmp_path / 'drive.rrd')
    assert '/predicted/depth' in text
    assert '/ground_truth/depth' in text
    assert '/top_view' in text


@needs_rerun
def test_the_server_answers_on_this_machine_and_ends() -> None:
    with open_output(ViewOutput(), MODALITIES) as (_, place):
        address = place.partition('?')[0]
        assert address.startswith(f'http://{LOCAL_ADDRESS}:')
        port = int(address.rstrip('/').rpartition(':')[2])
        page = http.client.HTTPConnection(LOCAL_ADDRESS, port, timeout=10)
        page.request('GET', '/')
        assert page.getresponse().status == 200
        page.close()
        listening = Path('/proc/net/tcp').read_text(encoding='ascii')
        assert f'0100007F:{port:04X}' in listening
        assert f'00000000:{port:04X}' not in listening
    deadline_s = time.monotonic() + STOP_TIMEOUT_S
    while answers(port):
        assert time.monotonic() < deadline_s, 'the server still runs'
        time.sleep(0.1)


@needs_rerun
def test_a_port_in_use_is_refused() -> None:
    with socket.socket() as used:
        used.bind((LOCAL_ADDRESS, 0))
        used.listen()
        port = used.getsockname()[1]
        with (
            pytest.raises(ViewerError, match=f'port {port} cannot be used'),
            open_output(ViewOutput(web_port=port), MODALITIES),
        ):
            pass


@needs_rerun
@pytest.mark.slow
@pytest.mark.timeout(200)
@pytest.mark.skipif(BROWSER is None, reason='needs chromium or google-chrome on PATH')
def test_a_browser_shows_the_images(tmp_path: Path) -> None:
    with (
        open_output(ViewOutput(), MODALITIES) as (stream, place),
        open_page(place, tmp_path / 'profile') as page,
    ):
        log_street(stream)
        stream.flush()
        picture = page.screenshot_until(lambda shown: not missing_colours(shown), BROWSER_TIMEOUT_S)
    assert not missing_colours(picture)
