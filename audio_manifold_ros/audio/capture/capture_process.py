# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Child process that owns PortAudio, so that its hangs and crashes do not affect the node.

`CaptureClient` starts it. It imports neither ROS nor numpy nor torch. It ends with its parent, or when the parent
kills it. Without a device it waits until the parent asks it to retry.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
import time
from typing import Any

from audio_manifold_ros.audio.capture.capture_ring import CaptureJob, RingWriter
from audio_manifold_ros.common.errors import AudioError
from audio_manifold_ros.processes.parent_death import end_with_parent

MIN_LATENCY_S = 0.04
PARENT_CHECK_S = 1.0
NICE_INCREMENT = -11


def main() -> None:
    """Capture the job of the command line, and again after each failure."""
    # The kernel ends this process with its parent, even while it is stopped. The thread of the commands does it where
    # the kernel cannot.
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A late callback loses samples. Without the permission to raise the priority the usual one is kept.
    with contextlib.suppress(OSError):
        os.nice(NICE_INCREMENT)
    job = CaptureJob.from_json(sys.argv[1])
    retry = threading.Event()
    threading.Thread(target=_watch_commands, args=(job.parent_pid, retry), daemon=True).start()
    writer = RingWriter(job)
    while True:
        try:
            _capture(job, writer)
            reason = f'Device {job.device!r} has ended its stream: check its cable and the audio server.'
        except AudioError as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001 - every failure is reported to the parent
            reason = f'Device {job.device!r} cannot be captured: {error!r}.'
        writer.failed(reason, time.monotonic_ns())
        retry.wait()
        retry.clear()


def _capture(job: CaptureJob, writer: RingWriter) -> None:
    """Stream until the device ends.

    Raises:
        AudioError: PortAudio is missing, or the device cannot be opened as requested.

    """
    is_loaded = 'sounddevice' in sys.modules
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        msg = f'Cannot load PortAudio: {error}. Install it, on Ubuntu with: apt-get install libportaudio2'
        raise AudioError(msg) from None
    if is_loaded:
        _rescan_devices(sounddevice)
    announced, finished = threading.Event(), threading.Event()
    monotonic_ns = time.monotonic_ns

    def callback(data: Any, frames: int, _time: Any, status: Any) -> None:
        if announced.is_set() and frames == job.block_samples:
            writer.write_block(data, monotonic_ns(), overflow=status.input_overflow)

    index = _device_index(sounddevice, job)
    try:
        with sounddevice.RawInputStream(
            device=index,
            samplerate=job.sample_rate_hz,
            channels=job.channels,
            blocksize=job.block_samples,
            dtype='int16',
            latency=max(MIN_LATENCY_S, 2 * job.block_samples / job.sample_rate_hz),
            callback=callback,
            finished_callback=finished.set,
        ):
            writer.opened(monotonic_ns())
            announced.set()
            finished.wait()
    except sounddevice.PortAudioError as error:
        msg = f'Device {job.device!r} cannot be opened ({error}): check whether another program uses it.'
        raise AudioError(msg) from None


def _rescan_devices(sounddevice: Any) -> None:
    """Make PortAudio list the devices again. It lists them only when it is initialised."""
    with contextlib.suppress(sounddevice.PortAudioError):
        sounddevice._terminate()  # noqa: SLF001 - there is no public function
    sounddevice._initialize()  # noqa: SLF001


def _device_index(sounddevice: Any, job: CaptureJob) -> int:
    """Return the index of the device by name, and check that it supports the job."""
    devices = list(enumerate(sounddevice.query_devices()))
    inputs = [(index, device) for index, device in devices if device['max_input_channels'] > 0]
    exact = [entry for entry in inputs if entry[1]['name'] == job.device]
    partial = [entry for entry in inputs if job.device.lower() in entry[1]['name'].lower()]
    matches = exact or partial
    if len(matches) != 1:
        found = 'No input device is' if not matches else f'{len(matches)} input devices are'
        names = ', '.join(repr(device['name']) for _, device in inputs) or 'none'
        msg = f'{found} called {job.device!r}. Input devices: {names}. Give one of these names or a unique part of it.'
        raise AudioError(msg)
    index, device = matches[0]
    if job.channels > device['max_input_channels']:
        msg = (
            f'Device {device["name"]!r} has {device["max_input_channels"]} input channels, {job.channels} were '
            'requested: request fewer or choose another device.'
        )
        raise AudioError(msg)
    try:
        sounddevice.check_input_settings(index, job.channels, 'int16', samplerate=job.sample_rate_hz)
    except sounddevice.PortAudioError as error:
        msg = (
            f'Device {device["name"]!r} refuses {job.channels} channels of 16 bits at {job.sample_rate_hz} Hz '
            f'({error}): use its default rate of {device["default_samplerate"]:.0f} Hz, or check whether another '
            'program uses it.'
        )
        raise AudioError(msg) from None
    return int(index)


def _watch_commands(parent_pid: int, retry: threading.Event) -> None:
    """Set `retry` when the parent asks for it. End the process when the parent has closed the pipe or ended."""
    while os.getppid() == parent_pid:
        readable, _, _ = select.select([sys.stdin], [], [], PARENT_CHECK_S)
        if readable:
            if not os.read(0, 1):
                break
            retry.set()
    # Not sys.exit: the cleanup of PortAudio may hang on a device that was removed.
    os._exit(0)


if __name__ == '__main__':
    main()
