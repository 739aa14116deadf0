# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Virtual eight-channel sound device: a private PulseAudio server with a null sink."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

DEVICE = 'micarray'
CHANNELS = 8
RATE_HZ = 22_500
# With any other order of positions PulseAudio mixes the channels.
CHANNEL_MAP = 'front-left,front-right,rear-left,rear-right,front-center,lfe,side-left,side-right'
SINK = f'module-null-sink sink_name=array rate={RATE_HZ} channels={CHANNELS} format=s16le channel_map={CHANNEL_MAP}'
ALSA = (
    '</usr/share/alsa/alsa.conf>\n'
    'pcm.micarray {{ type pulse server "{server}" device "array.monitor" hint {{ show on description "8 mics" }} }}\n'
)
START_S = 10.0


def missing_part() -> str:
    """Return the missing programs and libraries for a virtual array, or an empty string."""
    missing = [program for program in ('pulseaudio', 'pactl', 'paplay') if shutil.which(program) is None]
    if ctypes.util.find_library('portaudio') is None:
        missing.append('libportaudio2')
    plugin = 'alsa-lib/libasound_module_pcm_pulse.so'
    if not any(Path('/usr').glob(f'{folder}/{plugin}') for folder in ('lib/*', 'lib', 'lib64')):
        missing.append('libasound2-plugins')
    return f'a virtual microphone array needs {", ".join(missing)}' if missing else ''


class PulseArray:
    """A PulseAudio server with a virtual array. `kill` and `start` unplug and replug the device.

    Attributes:
        environment: Environment variables with which a program finds the device `micarray`.

    """

    def __init__(self) -> None:
        # Not pytest's tmp_path: the path of a socket is limited to 107 characters.
        self._folder = Path(tempfile.mkdtemp(prefix='array-'))
        server = f'unix:{self._folder}/native'
        alsa = self._folder / 'asound.conf'
        alsa.write_text(ALSA.format(server=server), encoding='utf-8')
        self.environment = {
            'ALSA_CONFIG_PATH': str(alsa),
            'PULSE_SERVER': server,
            'PULSE_COOKIE': str(self._folder / 'cookie'),
        }
        self._server_environment = {'XDG_RUNTIME_DIR': str(self._folder), 'HOME': str(self._folder)}
        self._server: subprocess.Popen[bytes] | None = None
        self._players: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start the server and wait until it responds."""
        (self._folder / 'native').unlink(missing_ok=True)
        protocol = f'module-native-protocol-unix socket={self._folder}/native auth-anonymous=1'
        # Without `norewinds` an idle null sink delivers its first samples after two seconds.
        options = ['-n', '--daemonize=no', '--exit-idle-time=-1', '--use-pid-file=no', '--disable-shm=yes']
        self._server = subprocess.Popen(
            ['pulseaudio', *options, '-L', protocol, '-L', f'{SINK} norewinds=1'],
            env={**os.environ, **self.environment, **self._server_environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_S
        while self._run('pactl', 'info').returncode:
            if time.monotonic() > deadline or self._server.poll() is not None:
                msg = f'pulseaudio did not start (exit status {self._server.poll()})'
                raise RuntimeError(msg)
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill the server."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None

    def freeze(self) -> None:
        """Suspend the server."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Resume a suspended server."""
        self._signal(signal.SIGCONT)

    def play(self, samples: NDArray[np.int16]) -> subprocess.Popen[bytes]:
        """Play int16 (8, n) to the microphones, and return the player process."""
        path = self._folder / f'sound-{len(self._players)}.raw'
        path.write_bytes(np.ascontiguousarray(samples.T).tobytes())
        form = [f'--channels={CHANNELS}', f'--rate={RATE_HZ}', '--format=s16le', f'--channel-map={CHANNEL_MAP}']
        player = subprocess.Popen(
            ['paplay', '--device=array', '--raw', *form, str(path)],
            env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._players.append(player)
        return player

    def close(self) -> None:
        """End all processes and remove the files."""
        for player in self._players:
            player.kill()
            player.wait()
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _signal(self, number: int) -> None:
        if self._server is not None:
            self._server.send_signal(number)

    def _run(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command, env={**os.environ, **self.environment}, capture_output=True, check=False)


@contextmanager
def running_array() -> Iterator[PulseArray]:
    """Yield a running array that this process and its children find as `micarray`. Skip the test if it cannot run."""
    if reason := missing_part():
        pytest.skip(reason)
    array = PulseArray()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in array.environment.items():
            patch.setenv(name, value)
        try:
            array.start()
            yield array
        finally:
            array.close()
