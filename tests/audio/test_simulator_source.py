# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Simulator source: the audio of the drive on the device channels of the rig."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.audio.preprocessor import AudioPreprocessor
from audio_manifold_ros.audio.simulator_source import SimulatorSource
from audio_manifold_ros.audio.source import SourceState
from audio_manifold_ros.common.errors import AudioError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.simulation.drive import Drive

SEED = 900_123
SECONDS = 0.3


def read_all(source: SimulatorSource) -> list[AudioBlock]:
    blocks = []
    while source.status().state is SourceState.STREAMING:
        if (block := source.read(1.0)) is not None:
            blocks.append(block)
    return blocks


@pytest.mark.parametrize('block_samples', [256, 1000])
def test_blocks_equal_the_rendered_drive(block_samples: int) -> None:
    source = SimulatorSource(SEED, lambda: 7, realtime=False, block_samples=block_samples, duration_s=SECONDS)
    source.open()
    blocks = read_all(source)
    source.close()
    expected = Drive(SEED).audio(0, 6750)
    np.testing.assert_allclose(np.concatenate([b.samples for b in blocks], axis=1), expected, atol=4e-5)
    assert expected.std() > 1e-4
    assert [block.first_sample for block in blocks] == list(range(0, 6750, block_samples))
    assert blocks[1].stamp_ns == 7 + block_samples * 10**9 // 22_500
    assert source.status().state is SourceState.CLOSED


def test_the_preprocessor_undoes_the_wiring_of_the_rig(tmp_path: Path) -> None:
    rig = tmp_path / 'rig'
    shutil.copytree(resource_path('calibration/roof_octagon'), rig)
    data = yaml.safe_load((rig / 'mic_array.yaml').read_text(encoding='utf-8'))
    for number, entry in enumerate(data['microphones']):
        entry.update(device_channel=9 - number, gain_db=number - 3.0, polarity=(-1) ** number)
    (rig / 'mic_array.yaml').write_text(yaml.safe_dump(data), encoding='utf-8')
    source = SimulatorSource(SEED, time.time_ns, realtime=False, duration_s=0.1, rig=rig)
    source.open()
    preprocessor = AudioPreprocessor(Drive(SEED, rig).array, source.sample_rate_hz, source.sample_rate_hz)
    assert source.channels == 10
    outs = [preprocessor.process(block) for block in read_all(source)]
    output = np.concatenate([out.samples for out in outs if out is not None], axis=1)
    np.testing.assert_allclose(output, Drive(SEED, rig).audio(0, 2250), atol=4e-5)
    source.close()


def test_blocks_are_paced_in_real_time() -> None:
    source = SimulatorSource(SEED, time.time_ns, block_samples=2250)
    source.open()
    start_s = time.monotonic()
    assert [source.read(2.0).first_sample for _ in range(5)] == [0, 2250, 4500, 6750, 9000]
    assert time.monotonic() - start_s > 0.48
    source.close()


def test_invalid_parameters_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match='block_samples is 0'):
        SimulatorSource(1, time.time_ns, block_samples=0)
    with pytest.raises(AudioError, match='duration_s is -1'):
        SimulatorSource(1, time.time_ns, duration_s=-1)
    source = SimulatorSource(1, time.time_ns, rig=tmp_path / 'absent')
    with pytest.raises(AudioError, match='absent'):
        source.open()
    assert source.status().state is SourceState.CLOSED
