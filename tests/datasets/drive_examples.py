# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from audio_manifold_ros.datasets.drive_attributes import DriveAttributes
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.datasets.rig_files import RigFiles

NATIVE_NAMES = ('native_depth_m', 'native_labels')
RIG_FOLDER = Path(__file__).parents[2] / 'calibration' / 'roof_octagon'


@pytest.fixture(scope='session')
def rig() -> RigFiles:
    return RigFiles.from_folder(RIG_FOLDER)


@pytest.fixture
def make_drive(rig: RigFiles, tmp_path: Path) -> Callable[..., Path]:
    """Write a drive of white noise with images of 6 × 5 pixels at given samples."""

    def make(
        name: str = 'drive',
        *,
        runs: tuple[tuple[int, int], ...] = ((0, 3000),),
        images: tuple[int, ...] = (500, 1500),
        rate_hz: int = 1000,
        rig_text: RigFiles = rig,
        attributes: DriveAttributes | None = None,
        stamps_ns: tuple[int, ...] = (),
        native: bool = False,
    ) -> Path:
        path = tmp_path / f'{name}.h5'
        writer = DriveWriter(
            path,
            drive_id=name,
            rig=rig_text,
            sample_rate_hz=rate_hz,
            channels=8,
            provenance={'origin': 'test'},
            first_sample=runs[0][0],
            attributes=attributes,
        )
        missing = list(attributes.missing_channels) if attributes else []
        with writer:
            for first, end in runs:
                samples = audio_of(first, end)
                samples[missing] = 0
                writer.add_audio(samples, first)
            for number, sample in enumerate(images):
                more = dict(zip(NATIVE_NAMES, native_of(sample), strict=True)) if native else {}
                stamp_ns = stamps_ns[number] if stamps_ns else None
                writer.add_image(sample, *images_of(sample), **more, stamp_ns=stamp_ns)
        return path

    return make


def audio_of(first: int, end: int) -> NDArray[np.int16]:
    """Return int16 (8, sample) noise that depends on the absolute sample index only."""
    index = np.arange(first, end, dtype=np.uint64)[None, :] * 8 + np.arange(8, dtype=np.uint64)[:, None]
    return ((index * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(48)).astype(np.uint16).view(np.int16)


def images_of(sample: int) -> tuple[NDArray[np.float16], NDArray[np.uint8]]:
    rng = np.random.default_rng(sample)
    depth_m = rng.uniform(1, 80, (6, 5)).astype(np.float16)
    depth_m[0] = np.nan
    return depth_m, rng.integers(0, 19, (6, 5), dtype=np.uint8)


def native_of(sample: int) -> tuple[NDArray[np.float16], NDArray[np.uint8]]:
    """Return depth and labels of sizes of their own."""
    rng = np.random.default_rng(sample + 1)
    return rng.uniform(0.1, 100, (7, 12)).astype(np.float16), rng.integers(0, 19, (9, 14), dtype=np.uint8)
