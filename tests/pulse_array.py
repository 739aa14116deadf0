# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A real eight-channel sound device without a sound card: a private PulseAudio server with a virtual array."""

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
# With any other order of the positions PulseAudio mixes channels.
CHANNEL_MAP = 'front-left,front-right,rear-left,rear-right,front-center,lfe,side-left,side-right'
SINK = f'module-null-sink sink_name=array rate={RATE_HZ} channels={CHANNELS} format=s16le channel_map={CHANNEL_MAP}'
ALSA = (
    '</usr/share/alsa/alsa.conf>\n'
    'pcm.micarray {{ type pulse server "{server}" device "array.monitor" hint {{ show on description "8 mics" }} }}\n'
)
START_S = 10.0


def missing_part() -> str:
    """Return what this machine lacks for a virtual array, or an empty string."""
    missing = [program for program in ('pulseaudio', 'pactl', 'paplay') if shutil.which(program) is None]
    if ctypes.util.find_library('portaudio') is None:
        missing.append('libportaudio2')
    plugin = 'alsa-lib/libasound_module_pcm_pulse.so'
    if not any(Path('/usr').glob(f'{folder}/{plugin}') for folder in ('lib/*', 'lib', 'lib64')):
        missing.append('libasound2-plugins')
    return f'a virtual microphone array needs {", ".join(missing)}' if missing else ''


class PulseArray:
    """The server; `kill` and `start` unplug and replug the device.

    Attributes:
        environment: What the environment of a program must hold to find the device `micarray`.

    """

    def __init__(self) -> None:
        # Not pytest's tmp_path: the name of a socket may have 107 characters at most.
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
        """Start the server and wait until it answers."""
        (self._folder / 'native').unlink(missing_ok=True)
        protocol = f'module-native-protocol-unix socket={self._folder}/native auth-anonymous=1'
        # Without `norewinds` an idle null sink sleeps for two seconds before it delivers anything.
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
        """End the server without warning."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None

    def freeze(self) -> None:
        """Let the server hang."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a hanging server go on."""
        self._signal(signal.SIGCONT)

    def play(self, samples: NDArray[np.int16]) -> subprocess.Popen[bytes]:
        """Let the microphones hear int16 (8, n); return the player."""
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
        """End everything and remove its files."""
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
    """Give a running array that this process and its children find as `micarray`; skip the test where it cannot run."""
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
