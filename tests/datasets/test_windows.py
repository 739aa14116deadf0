# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Windows contain recorded audio only, are at the right position, and every image is counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import DatasetError
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.windows import cut_windows
from audio_manifold_ros.features.spec import FeatureSpec

SPEC = FeatureSpec(
    sample_rate_hz=1000, window_samples=1000, n_fft=128, win_samples=128, hop_samples=50, mel_bands=16, f_max_hz=500.0
)


@dataclass
class SyntheticRecording:
    """Substitute for the parts of a drive that `cut_windows` uses."""

    first_sample: int
    end_sample: int
    gaps: NDArray[np.int64]
    image_samples: NDArray[np.int64]
    before: int = 0
    after: int = 0
    sample_rate_hz: int = 1000
    path: Path = field(default_factory=lambda: Path('drive.h5'))

    @property
    def correction(self) -> SyntheticRecording:
        """Samples that the delays of the rig need around a window."""
        return self


@st.composite
def recordings(draw: st.DrawFn) -> SyntheticRecording:
    first = draw(st.integers(0, 5000))
    end = first + draw(st.integers(1, 8000))
    bounds = sorted(draw(st.sets(st.integers(first + 1, end), max_size=8)))
    gaps = np.array(list(zip(bounds[::2], bounds[1::2], strict=False)), dtype=np.int64).reshape(-1, 2)
    images = sorted(draw(st.sets(st.integers(0, end + 2000), max_size=20)))
    before, after = draw(st.integers(0, 50)), draw(st.integers(0, 50))
    return SyntheticRecording(first, end, gaps, np.array(images, dtype=np.int64), before, after)


@settings(deadline=None, max_examples=200)
@given(recordings(), st.sampled_from([0.0, 0.3, 0.5, 1.0]))
def test_windows_equal_those_from_a_map_of_recorded_samples(recording: SyntheticRecording, position: float) -> None:
    is_recorded = np.zeros(recording.end_sample + 5000, dtype=bool)
    is_recorded[recording.first_sample : recording.end_sample] = True
    for start, stop in recording.gaps:
        is_recorded[start:stop] = False
    cut = cut_windows(recording, SPEC, position)
    expected = []
    for image, sample in enumerate(recording.image_samples.tolist()):
        first = sample - round(position * 1000)
        start, stop = first - recording.before, first + 1000 + recording.after
        if start >= 0 and is_recorded[start:stop].all():
            expected.append((image, first))
    assert [(w.image, w.first_sample) for w in cut.windows] == expected
    assert len(cut.windows) + sum(cut.dropped.values()) == len(recording.image_samples)


def test_images_without_a_window_are_counted_by_reason(make_drive: Callable[..., Path]) -> None:
    path = make_drive(runs=((0, 3000), (3500, 6000)), images=(499, 500, 2500, 2501, 3200, 4000, 5500, 5501))
    with DriveReader(path) as drive:
        cut = cut_windows(drive, SPEC)
    assert [w.image for w in cut.windows] == [1, 2, 5, 6]
    assert [w.first_sample for w in cut.windows] == [0, 2000, 3500, 5000]
    assert cut.dropped == {'before_start': 1, 'after_end': 1, 'gap': 2}


def test_another_rate_and_a_wrong_position_are_refused(make_drive: Callable[..., Path]) -> None:
    with DriveReader(make_drive(rate_hz=1001)) as drive, pytest.raises(DatasetError, match='1001 Hz'):
        cut_windows(drive, SPEC)
    with DriveReader(make_drive()) as drive, pytest.raises(DatasetError, match=r'1\.5'):
        cut_windows(drive, SPEC, 1.5)
