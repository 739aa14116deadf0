# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""H.264 video and its sound through the program ffmpeg, if the user has installed it.

The project neither contains nor requires ffmpeg: it runs the one on PATH as a separate program.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import IO

import numpy as np

from audio_manifold_ros.common.array_types import RgbImage
from audio_manifold_ros.common.errors import EvaluationError

# In order of preference: software encoders run everywhere.
ENCODERS = ('libx264', 'libopenh264')
PROBE_TIMEOUT_S = 20.0
FINISH_TIMEOUT_S = 600.0
MAX_MESSAGE = 400
COMMON = ('-nostdin', '-hide_banner', '-loglevel', 'error', '-y')


@lru_cache(maxsize=8)
def find_encoder(program: str | None) -> str | None:
    """Return the H.264 encoder of an ffmpeg program, or None without one.

    Args:
        program: Path of the program, for example `shutil.which('ffmpeg')`. None has no encoder.

    """
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, '-hide_banner', '-encoders'],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = set(done.stdout.decode(errors='replace').split())
    return next((encoder for encoder in ENCODERS if encoder in words), None)


def ffmpeg_program() -> str | None:
    """Return the path of ffmpeg, or None if it is not on PATH."""
    return shutil.which('ffmpeg')


class FfmpegEncoder:
    """Incremental writer of an H.264 file. Frames are sent to ffmpeg through a pipe."""

    def __init__(self, program: str, encoder: str, path: Path, rate_hz: float, size: tuple[int, int]) -> None:
        """Start ffmpeg.

        Args:
            program: Path of ffmpeg.
            encoder: A name of `ENCODERS`.
            path: The file to write.
            rate_hz: Frames per second.
            size: Columns and rows, both even.

        Raises:
            EvaluationError: ffmpeg cannot be started.

        """
        self._path = path
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        quality = ('-crf', '20') if encoder == 'libx264' else ('-b:v', '3M')
        raw = ('-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', f'{size[0]}x{size[1]}', '-r', f'{rate_hz:.6f}', '-i', '-')
        codec = ('-an', '-c:v', encoder, *quality, '-pix_fmt', 'yuv420p', '-movflags', '+faststart')
        command = [program, *COMMON[1:], *raw, *codec, '-f', 'mp4', f'file:{path}']
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._errors
            )
        except OSError as error:
            self._errors.close()
            msg = f'Cannot start {program!r}: {error.strerror}. Repair ffmpeg, or remove it from PATH.'
            raise EvaluationError(msg) from None

    def write(self, frame: RgbImage) -> None:
        """Append a frame, uint8 (row, column, 3), red first.

        Raises:
            EvaluationError: ffmpeg has ended.

        """
        if self._process.stdin is None:
            return
        try:
            self._process.stdin.write(np.ascontiguousarray(frame).tobytes())
        except (BrokenPipeError, OSError):
            raise self._failure() from None

    def finish(self) -> None:
        """Complete the file.

        Raises:
            EvaluationError: ffmpeg failed, or does not end.

        """
        try:
            self._process.communicate(timeout=FINISH_TIMEOUT_S)
        except (subprocess.TimeoutExpired, BrokenPipeError, OSError):
            raise self._failure() from None
        if self._process.returncode:
            raise self._failure()
        self._errors.close()

    def abort(self) -> None:
        """End ffmpeg. The file is incomplete."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        self._errors.close()

    def _failure(self) -> EvaluationError:
        self._process.kill()
        self._process.wait()
        text = '' if self._errors.closed else _tail(self._errors)
        self.abort()
        return EvaluationError(_failed(self._path, self._process.returncode, text))


def add_sound(program: str, video: Path, sound: Path) -> None:
    """Add a WAV file to a video. The images are copied unchanged, and the sound becomes AAC. The write is atomic.

    Raises:
        EvaluationError: ffmpeg failed. The video stays without sound.

    """
    partial = video.with_name(f'.{video.name}.sound.partial')
    streams = ('-map', '0:v:0', '-map', '1:a:0', '-c:v', 'copy', '-c:a', 'aac', '-b:a', '160k', '-shortest')
    inputs = ('-i', f'file:{video}', '-i', f'file:{sound}')
    command = [program, *COMMON, *inputs, *streams, '-movflags', '+faststart', '-f', 'mp4', f'file:{partial}']
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=FINISH_TIMEOUT_S, check=False
        )
        if done.returncode:
            raise EvaluationError(_failed(video, done.returncode, done.stderr.decode(errors='replace')))
        # The sound of a drive is private.
        partial.chmod(0o600)
        partial.replace(video)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EvaluationError(_failed(video, -1, str(error))) from None
    finally:
        partial.unlink(missing_ok=True)


def _tail(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(1 << 16).decode(errors='replace')


def _failed(path: Path, status: int, text: str) -> str:
    printable = ''.join(letter if letter.isprintable() else ' ' for letter in text.strip())[-MAX_MESSAGE:]
    return (
        f'ffmpeg could not write {str(path)!r} (status {status}): {printable or "no message"}. '
        'Check free space and permissions, or remove ffmpeg from PATH to write MPEG-4 Part 2 without it.'
    )
