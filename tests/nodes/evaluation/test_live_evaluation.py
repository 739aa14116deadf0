# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node, which receives a bag over DDS, makes the same predictions as offline inference."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.resource_paths import resource_path
from tests.bags.sound_bag import SoundBag

pytestmark = [pytest.mark.ros, pytest.mark.slow]


def evaluate(drive: Path, bundle: Path, out: Path, *more: str) -> dict:
    command = [
        sys.executable,
        '-m',
        'audio_manifold_ros.nodes.evaluation.evaluate_bag',
        str(drive),
        '--bundle',
        str(bundle),
    ]
    options = ['--out', str(out), '--backend', 'onnx', '--threads', '1', *more]
    done = subprocess.run([*command, *options], check=False, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads((out / 'metrics.json').read_text(encoding='utf-8')))


@pytest.mark.timeout(600)
def test_live_agrees_with_offline_on_every_prediction(small_bundle: Path, tmp_path: Path) -> None:
    """With stamp jitter, a lost block, a restart, another sample rate and a camera clock offset."""
    rig = shutil.copytree(resource_path('calibration/roof_octagon'), tmp_path / 'rig')
    extrinsics = (rig / 'extrinsics.yaml').read_text(encoding='utf-8')
    (rig / 'extrinsics.yaml').write_text(
        extrinsics.replace('audio_time_offset_s: 0.0', 'audio_time_offset_s: 0.085'), encoding='utf-8'
    )
    sound = SoundBag(seconds=4.0, rate_hz=48_000, block_samples=1024, lost=frozenset({60}), restart_block=125)
    drive = sound.write(tmp_path / 'drive')
    live = evaluate(drive, small_bundle, tmp_path / 'live', '--live', '--rate', '10', '--rig', str(rig))
    offline = evaluate(drive, small_bundle, tmp_path / 'offline', '--rate', '10', '--rig', str(rig))
    agreement = live['agreement']
    assert agreement['agrees'], agreement
    assert agreement['compared'] == live['predictions'] == offline['predictions'] == offline['audio_usage']['predicted']
    assert agreement['compared'] >= 10
    assert agreement['stamps_differ'] == agreement['missing'] == agreement['unexpected'] == 0
    assert max(agreement['worst_depth_m'], agreement['worst_confidence']) <= 1e-4
    assert live['audio_usage'] == offline['audio_usage']
    assert live['audio_usage']['gaps'] >= 1
    assert live['audio_usage']['restarts'] == 1
    assert live['scores'] == offline['scores']
    assert live['curves'] == offline['curves']
    page = (tmp_path / 'live' / 'report.html').read_text(encoding='utf-8')
    assert 'agree on every prediction' in page


# A node whose predictions take longer than their period.
ON_A_SLOW_MACHINE = """
import sys
from audio_manifold_ros.nodes.evaluation import evaluate_bag, live_evaluation
live_evaluation.PERCEPTION_MODULE = 'tests.nodes.slow_node'
live_evaluation.PREDICTION_TIMEOUT_S = 3.0
sys.exit(evaluate_bag.main(sys.argv[1:]))
"""


@pytest.mark.timeout(400)
def test_a_machine_that_does_not_sustain_the_rate_is_told_a_rate_that_it_sustains(
    small_bundle: Path, tmp_path: Path
) -> None:
    drive = SoundBag(seconds=6.0, image_rate_hz=0.0).write(tmp_path / 'drive')
    options = ['--bundle', str(small_bundle), '--out', str(tmp_path / 'live'), '--backend', 'onnx', '--threads', '1']
    done = subprocess.run(
        [sys.executable, '-c', ON_A_SLOW_MACHINE, str(drive), *options, '--live', '--rate', '30'],
        check=False,
        capture_output=True,
        text=True,
        timeout=280,
        env={**os.environ, 'SLOW_BACKEND_S': '0.4'},
    )
    assert done.returncode == 1, done.stdout + done.stderr
    words = re.search(
        r'sustains ([\d.]+) predictions a second, and 30 are requested: .* Give --rate ([\d.]+) or less',
        ' '.join(done.stderr.split()),
    )
    assert words is not None, done.stderr
    sustained_hz, advised_hz = map(float, words.groups())
    assert 0.1 <= advised_hz < sustained_hz < 1 / 0.4
    assert not (tmp_path / 'live' / 'metrics.json').exists()


@pytest.mark.timeout(400)
def test_audio_of_another_message_type_goes_through_the_node(small_bundle: Path, tmp_path: Path) -> None:
    sound = SoundBag(seconds=1.6, image_rate_hz=0.0)
    drive = sound.write_raw_audio(tmp_path / 'foreign', '/microphones')
    live = evaluate(drive, small_bundle, tmp_path / 'live', '--live', '--rate', '10')
    assert live['agreement']['agrees'], live['agreement']
    assert live['agreement']['compared'] >= 4
    assert any('no sample index' in warning for warning in live['warnings'])


class DyingMicrophones(SoundBag):
    """A bag in which two channels die after a second and come back after two."""

    def samples(self) -> np.ndarray:
        samples = super().samples()
        samples[[2, 5], self.rate_hz : 2 * self.rate_hz] = 0
        return samples


@pytest.mark.timeout(400)
def test_live_agrees_with_offline_for_spatial_features_while_microphones_die_and_come_back(
    spatial_bundle: Path, tmp_path: Path
) -> None:
    drive = DyingMicrophones(seconds=6.0).write(tmp_path / 'drive')
    live = evaluate(drive, spatial_bundle, tmp_path / 'live', '--live', '--rate', '10')
    agreement = live['agreement']
    assert agreement['agrees'], agreement
    assert agreement['compared'] == live['audio_usage']['predicted'] >= 40
    # Each of the two is left out from within a second after its death to three seconds after its return.
    assert set(live['audio_usage']['untrusted']) == {'mic_2', 'mic_5'}
    assert all(30 <= count <= 45 for count in live['audio_usage']['untrusted'].values())
