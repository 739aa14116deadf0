# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames show every image in its cell, and the MP4 file has one frame per snapshot at the speed of the drive."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from audio_manifold_ros.common.class_ids import CLASS_COLOURS
from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.drawing.colormaps import colour_depth, colour_labels
from audio_manifold_ros.drawing.images import BACKGROUND
from audio_manifold_ros.evaluation.reporting.contact_sheet import Snapshot
from audio_manifold_ros.evaluation.reporting.ffmpeg_encoder import ffmpeg_program, find_encoder
from audio_manifold_ros.evaluation.reporting.video import (
    CELL_HEIGHT,
    CELL_WIDTH,
    GAP,
    LEGEND,
    SWATCH,
    TOP_VIEW_SIZE,
    Mp4Writer,
    draw_frame,
    has_sound,
    write_video,
)
from audio_manifold_ros.modalities.modality_images import ModalityImages
from audio_manifold_ros.networks.vehicle_map import VehiclePosition


def _snapshot(time_s: float = 0.0, depth_m: float = 4.0) -> Snapshot:
    features = np.random.default_rng(0).normal(size=(8, 128, 128)).astype(np.float32)
    images = ModalityImages(np.full((128, 128), depth_m, np.float32), np.full((128, 128), 13, np.uint8))
    return Snapshot(time_s, features, ModalityImages(), images, None)


def test_each_image_fills_its_cell_and_missing_ones_stay_dark() -> None:
    frame = draw_frame(_snapshot(), '', (0.0, 1.0))
    assert frame.shape[0] % 2 == frame.shape[1] % 2 == 0
    for colour in (colour_depth(np.array([[4.0]], np.float32)), colour_labels(np.array([[13]], np.uint8))):
        area = (frame == colour[0, 0]).all(axis=2).sum()
        assert CELL_HEIGHT * CELL_WIDTH <= area < 1.02 * CELL_HEIGHT * CELL_WIDTH  # the spectrogram shares colours
    assert (frame == BACKGROUND).all(axis=2).sum() >= 3 * CELL_HEIGHT * CELL_WIDTH


def test_a_video_has_one_frame_per_snapshot_at_the_speed_of_the_drive(tmp_path: Path) -> None:
    path = tmp_path / 'drive.mp4'
    write_video(path, [_snapshot(index * 0.25, depth_m=4.0 + index) for index in range(9)], 'title')
    video = cv2.VideoCapture(str(path))
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(4.0)
    assert int(video.get(cv2.CAP_PROP_FRAME_COUNT)) == 9
    video.release()


def _fake_ffmpeg(folder: Path, encoders: str, status: int = 0) -> Path:
    """Write a program that lists encoders, records its arguments and the size of its input, and copies its sound."""
    program = folder / 'ffmpeg'
    program.write_text(
        f"""#!{sys.executable}
import json, pathlib, sys
if '-encoders' in sys.argv:
    print({encoders!r})
    sys.exit(0)
data = sys.stdin.buffer.read() if '-' in sys.argv else b''
with pathlib.Path({str(folder / 'calls')!r}).open('a') as calls:
    calls.write(json.dumps([sys.argv[1:], len(data)]) + chr(10))
pathlib.Path(sys.argv[-1].removeprefix('file:')).write_bytes(b'video')
if {status}:
    print('disk \x1b[31mfull', file=sys.stderr)
sys.exit({status})
"""
    )
    program.chmod(0o700)
    return program


def test_a_video_is_h264_with_the_ffmpeg_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fake_ffmpeg(tmp_path, ' V....D libx264  H.264')
    monkeypatch.setenv('PATH', str(tmp_path))
    path = tmp_path / '-a b.mp4'
    frame = draw_frame(_snapshot(), 'title', (0.0, 1.0))
    with Mp4Writer(path, 'title', 10.0) as video:
        for index in range(3):
            video.add(_snapshot(index / 10))
    assert (video.codec, video.note) == ('h264', '')
    assert video.add_sound(tmp_path / 'drive.wav') == ''
    assert path.stat().st_mode & 0o077 == 0
    encode, mux = [json.loads(line) for line in (tmp_path / 'calls').read_text().splitlines()]
    assert encode[1] == 3 * frame.nbytes
    assert encode[0][encode[0].index('-s') + 1] == f'{frame.shape[1]}x{frame.shape[0]}'
    assert encode[0][-1] == f'file:{path}'
    assert f'file:{tmp_path / "drive.wav"}' in mux[0]
    assert sorted(tmp_path.glob('.*')) == []


def test_a_failing_ffmpeg_is_named_with_its_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fake_ffmpeg(tmp_path, ' V....D libx264  H.264', status=3)
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(EvaluationError, match=r'status 3\): disk  \[31mfull\. Check free space') as failed:
        write_video(tmp_path / 'drive.mp4', [_snapshot(index / 10) for index in range(3)], 'title')
    assert '\x1b' not in str(failed.value)


@pytest.mark.parametrize('encoders', [None, ' V....D mpeg4  MPEG-4'], ids=['no ffmpeg', 'no encoder'])
def test_without_ffmpeg_the_codec_of_opencv_is_used_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoders: str | None
) -> None:
    if encoders is not None:
        _fake_ffmpeg(tmp_path, encoders)
    monkeypatch.setenv('PATH', str(tmp_path))
    path = tmp_path / 'drive.mp4'
    assert 'install ffmpeg' in write_video(path, [_snapshot(index / 10) for index in range(3)], 'title')
    assert path.stat().st_size > 1000
    assert 'no sound' in Mp4Writer(path, 'title', 10.0).add_sound(tmp_path / 'drive.wav')


def test_a_video_of_snapshots_has_sound_where_ffmpeg_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshots, sound = [_snapshot(index / 10) for index in range(3)], tmp_path / 'drive.wav'
    monkeypatch.setenv('PATH', str(tmp_path))
    assert not has_sound()
    note = write_video(tmp_path / 'drive.mp4', snapshots, 'title', sound)
    assert 'MPEG-4 Part 2' in note
    assert 'no sound' in note
    _fake_ffmpeg(tmp_path, ' V....D libx264  H.264')
    find_encoder.cache_clear()
    assert has_sound()
    assert write_video(tmp_path / 'drive.mp4', snapshots, 'title', sound) == ''
    _, mux = [json.loads(line) for line in (tmp_path / 'calls').read_text().splitlines()]
    assert f'file:{sound}' in mux[0]


@pytest.mark.skipif(not find_encoder(ffmpeg_program()), reason='needs ffmpeg with an H.264 encoder on PATH')
def test_the_installed_ffmpeg_writes_h264_with_sound(tmp_path: Path) -> None:
    path, sound = tmp_path / 'drive.mp4', tmp_path / 'drive.wav'
    soundfile.write(sound, 0.5 * np.sin(np.arange(22_050) * 0.1), 22_050)
    with Mp4Writer(path, 'title', 10.0) as video:
        for index in range(10):
            video.add(_snapshot(index / 10))
    video.add_sound(sound)
    capture = cv2.VideoCapture(str(path))
    assert int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) == 10
    assert int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, 'little') in {b'h264', b'avc1'}
    capture.release()
    assert b'mp4a' in path.read_bytes()


def test_the_legend_shows_every_class() -> None:
    legend = draw_frame(_snapshot(), '', (0.0, 1.0))[-LEGEND:]
    for colour in CLASS_COLOURS.values():
        assert (legend == colour).all(axis=2).sum() >= SWATCH * SWATCH


def test_the_top_view_of_the_vehicles_is_right_of_the_images() -> None:
    without, shown = _snapshot(), replace(_snapshot(), vehicles=[VehiclePosition('bus', 1.0, 20.0)])
    plain, frame = (draw_frame(snapshot, '', (0.0, 1.0)) for snapshot in (without, shown))
    assert frame.shape == (plain.shape[0], plain.shape[1] + TOP_VIEW_SIZE + GAP, 3)
    assert frame.shape[1] % 2 == 0
    view = frame[:-LEGEND, plain.shape[1] :]
    assert (view == CLASS_COLOURS['bus']).all(axis=2).sum() > 50
