# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The device source against real PortAudio and a real PulseAudio server that is killed, frozen and restarted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.audio.capture import capture_client
from audio_manifold_ros.audio.capture.device_source import DeviceSource
from audio_manifold_ros.audio.source import SourceState
from audio_manifold_ros.common.errors import AudioError
from tests.pulse_array import CHANNELS, DEVICE, RATE_HZ, PulseArray

BLOCK = 512
RECOVERY_S = 2.0

pytestmark = pytest.mark.timeout(120)


def make(device: str = DEVICE, rate_hz: int = RATE_HZ, channels: int = CHANNELS) -> DeviceSource:
    return DeviceSource(device, rate_hz, channels, BLOCK, clock_ns=time.time_ns)


@pytest.fixture(scope='module')
def recovery_s(pulse_array: PulseArray) -> float:
    """Return the allowed time of a recovery: two seconds, or more if opening alone takes longer."""
    source = make()
    started_s = time.monotonic()
    source.open()
    opening_s = time.monotonic() - started_s
    source.close()
    return max(RECOVERY_S, 0.8 + 3 * opening_s)


@pytest.fixture
def source(pulse_array: PulseArray, recovery_s: float) -> Iterator[DeviceSource]:
    source = make()
    source.open()
    yield source
    source.close()


def next_block(source: DeviceSource, timeout_s: float = 5.0) -> AudioBlock:
    block = source.read(timeout_s)
    assert block is not None, source.status()
    return block


def read_until_lost(source: DeviceSource, block: AudioBlock, timeout_s: float = 3.0) -> tuple[int, float]:
    """Read after `block`. Return the end index of the last block and the time of its arrival."""
    end_sample, came_s = block.end_sample, time.monotonic()
    deadline = time.monotonic() + timeout_s
    while source.status().state is not SourceState.LOST:
        assert time.monotonic() < deadline, source.status()
        following = source.read(0.05)
        if following is not None:
            end_sample, came_s = following.end_sample, time.monotonic()
    return end_sample, came_s


def assert_recovers(source: DeviceSource, end_sample: int, came_s: float, within_s: float) -> None:
    """Check that blocks arrive `within_s`, and that the lost time is counted in the index."""
    lost_before = source.status().samples_lost
    block = next_block(source, within_s)
    now_s = time.monotonic()
    lost = block.first_sample - end_sample
    assert lost == pytest.approx((now_s - came_s) * RATE_HZ - BLOCK, abs=0.1 * within_s * RATE_HZ)
    status = source.status()
    assert (status.state, status.restarts, status.samples_lost - lost_before) == (SourceState.STREAMING, 1, lost)
    end_sample = block.end_sample
    for _ in range(20):
        block = next_block(source)
        assert block.first_sample == end_sample
        end_sample = block.end_sample


def test_eight_distinct_channels_arrive_bit_exact_and_in_order(source: DeviceSource, pulse_array: PulseArray) -> None:
    sound = np.random.default_rng(0).integers(-32768, 32768, (CHANNELS, RATE_HZ), dtype=np.int16)
    sound[:, 0] = 1000 + np.arange(CHANNELS)
    next_block(source)
    player = pulse_array.play(sound)
    received = [next_block(source)]
    while player.poll() is None or len(received) < 2.5 * RATE_HZ / BLOCK:
        received.append(next_block(source))
        assert received[-1].first_sample == received[-2].end_sample
    samples = np.concatenate([block.samples for block in received], axis=1)
    assert samples.dtype == np.float32
    start = int(np.flatnonzero(samples.any(axis=0))[0])
    np.testing.assert_array_equal(samples[:, start : start + RATE_HZ] * 32768, sound)
    assert not samples[:, :start].any()
    assert not samples[:, start + RATE_HZ :].any()
    status = source.status()
    assert (status.samples_lost, status.overflows, status.restarts) == (0, 0, 0)


def test_stamps_are_the_capture_time_of_the_first_sample(source: DeviceSource) -> None:
    blocks = [next_block(source) for _ in range(60)]
    age_s = (time.time_ns() - blocks[-1].stamp_ns) / 1e9
    assert BLOCK / RATE_HZ < age_s < 0.5
    line_s = [block.stamp_ns / 1e9 - block.first_sample / RATE_HZ for block in blocks[20:]]
    assert np.ptp(line_s) < 0.02


def test_a_killed_server_is_survived(source: DeviceSource, pulse_array: PulseArray, recovery_s: float) -> None:
    block = next_block(source)
    pulse_array.kill()
    end_sample, came_s = read_until_lost(source, block)
    assert DEVICE in source.status().message
    assert source.read(1.5) is None
    assert source.status().state is SourceState.LOST
    pulse_array.start()
    assert_recovers(source, end_sample, came_s, recovery_s)


def test_a_hung_server_is_survived(source: DeviceSource, pulse_array: PulseArray, recovery_s: float) -> None:
    block = next_block(source)
    pulse_array.freeze()
    try:
        end_sample, came_s = read_until_lost(source, block)
        assert source.read(2.5) is None
    finally:
        pulse_array.thaw()
    assert_recovers(source, end_sample, came_s, recovery_s)


def test_a_killed_capture_process_is_replaced(source: DeviceSource, recovery_s: float) -> None:
    block = next_block(source)
    pid = source.capture_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    end_sample, came_s = read_until_lost(source, block)
    assert_recovers(source, end_sample, came_s, recovery_s)
    assert source.capture_pid not in {None, pid}


def test_a_stalled_reader_counts_the_missed_samples(pulse_array: PulseArray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture_client, 'HELD_S', 0.4)
    source = make()
    source.open()
    end_sample, came_s = next_block(source).end_sample, time.monotonic()
    time.sleep(1.5)
    block = next_block(source)
    lost = block.first_sample - end_sample
    assert lost == source.status().samples_lost
    assert lost == pytest.approx(1.1 * RATE_HZ, abs=0.4 * RATE_HZ)
    while time.monotonic() < came_s + 2.5:
        following = next_block(source)
        assert following.first_sample == block.end_sample
        block = following
    assert source.status().restarts == 0
    assert block.end_sample - end_sample == pytest.approx(2.5 * RATE_HZ, abs=0.2 * RATE_HZ)
    source.close()


@pytest.mark.parametrize(
    ('device', 'rate_hz', 'channels', 'message'),
    [
        ('no such thing', RATE_HZ, CHANNELS, "'no such thing'. Input devices: .*'micarray'"),
        ('a', RATE_HZ, CHANNELS, "[2-9] input devices are called 'a'"),
        (DEVICE, RATE_HZ, 99, "'micarray' has .* input channels, 99 were requested"),
        (DEVICE, 700_000, CHANNELS, 'refuses 8 channels of 16 bits at 700000 Hz'),
    ],
)
def test_unsupported_devices_rates_and_channels_are_refused(
    pulse_array: PulseArray, device: str, rate_hz: int, channels: int, message: str
) -> None:
    source = DeviceSource(device, rate_hz, channels, rate_hz // 50, clock_ns=time.time_ns)
    with pytest.raises(AudioError, match=message):
        source.open()
    assert source.status().state is SourceState.CLOSED
    assert source.capture_pid is None
    assert source.read(0) is None


@pytest.mark.parametrize(
    ('change', 'message'),
    [({'rate_hz': 10}, 'sample_rate_hz is 10'), ({'channels': 0}, 'channels is 0'), ({'block': 5000}, 'block_samples')],
)
def test_values_out_of_range_are_refused(change: dict[str, int], message: str) -> None:
    values = {'rate_hz': RATE_HZ, 'channels': CHANNELS, 'block': BLOCK, **change}
    with pytest.raises(AudioError, match=message):
        DeviceSource(DEVICE, values['rate_hz'], values['channels'], values['block'], clock_ns=time.time_ns)


def test_the_capture_process_imports_neither_numpy_nor_ros(source: DeviceSource) -> None:
    next_block(source)
    maps = Path(f'/proc/{source.capture_pid}/maps').read_text(encoding='utf-8')
    assert 'libportaudio' in maps
    assert not [name for name in ('numpy', 'torch', 'rclpy', 'librcl') if name in maps]


@pytest.mark.parametrize('stop', [False, True])
def test_the_capture_process_ends_with_its_parent(pulse_array: PulseArray, *, stop: bool) -> None:
    program = (
        'import os, signal, time\n'
        'from audio_manifold_ros.audio.capture.device_source import DeviceSource\n'
        f'source = DeviceSource({DEVICE!r}, {RATE_HZ}, {CHANNELS}, {BLOCK}, clock_ns=time.time_ns)\n'
        'source.open()\n'
        'assert source.read(5) is not None\n'
        'print(source.capture_pid, flush=True)\n'
        f'if {stop}: os.kill(source.capture_pid, signal.SIGSTOP)\n'
        'os.kill(os.getpid(), signal.SIGKILL)\n'
    )
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    process = Path(f'/proc/{int(done.stdout)}/cmdline')
    wait_for(lambda: not process.exists() or not process.read_bytes())


def test_the_capture_process_outlives_the_thread_that_opened_the_source(pulse_array: PulseArray) -> None:
    source = make()
    thread = threading.Thread(target=source.open)
    thread.start()
    thread.join()
    pid = source.capture_pid
    for _ in range(5):
        next_block(source)
    assert source.capture_pid == pid
    source.close()


@pytest.mark.timeout(300)
def test_opening_and_closing_leaks_nothing(pulse_array: PulseArray) -> None:
    source = make()
    source.open()
    source.close()
    before = process_resources()
    for cycle in range(50):
        source.open()
        if cycle % 10 == 0:
            assert next_block(source).first_sample == 0
        source.close()
        source.close()
    assert process_resources() == before
    assert source.status().state is SourceState.CLOSED


def process_resources() -> tuple[int, int, list[str], int]:
    """Return threads, descriptors, children and mapped shared memory of this process."""
    own = Path('/proc/self')
    children = (own / 'task' / str(os.getpid()) / 'children').read_text(encoding='utf-8').split()
    mapped = (own / 'maps').read_text(encoding='utf-8').count('/dev/shm')  # noqa: S108
    return threading.active_count(), sum(1 for _ in (own / 'fd').iterdir()), children, mapped


def wait_for(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
