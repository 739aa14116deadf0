# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of a demo: share of frames better than the prior, and their table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('rclpy')

from audio_manifold_ros.cli.console import SafeConsole
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.demo.demo import Demo
from audio_manifold_ros.demo.demo_frame import DemoFrame, GroundTruth
from audio_manifold_ros.demo.options import parse_options
from audio_manifold_ros.demo.score_table import score_table
from audio_manifold_ros.demo.summary import FRAMES_BETTER, score
from audio_manifold_ros.evaluation.controls.pixel_prior import PRIOR_FILE, PixelPrior
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.bundle_location import find_bundle
from audio_manifold_ros.inference.bundle_rig import BundleRig

pytestmark = pytest.mark.ros
SHAPE = (16, 16)
ROAD, CAR = 0, 13


def depth(metres: float) -> np.ndarray:
    return np.full(SHAPE, metres, np.float32)


def labels(cars: int) -> np.ndarray:
    """Return labels of road with rows of a car."""
    found = np.full(SHAPE, ROAD, np.uint8)
    found[:cars] = CAR
    return found


def frame(depth_m: float, cars: int, *, has_ground_truth: bool = True) -> DemoFrame:
    """Return a prediction of a wall at 10 m and a car of 4 rows."""
    truth = GroundTruth(stamp_ns=0, depth_m=depth(10.0), labels=labels(4)) if has_ground_truth else None
    return DemoFrame(
        stamp_ns=0,
        depth_m=depth(depth_m),
        labels=labels(cars),
        confidence=np.ones(SHAPE, np.float32),
        spectrogram=np.zeros((4, 4), np.uint8),
        ground_truth=truth,
    )


PRIOR = PixelPrior(depth_m=depth(12.0), labels=labels(2), images=1)
FRAMES = [frame(10.0, 4), frame(11.0, 1), frame(13.0, 3), frame(9.0, 0), frame(30.0, 8, has_ground_truth=False)]


def test_the_share_of_frames_better_than_the_prior() -> None:
    scores = score(FRAMES, PRIOR)
    assert scores['depth'][FRAMES_BETTER] == 0.75
    assert scores['segmentation'][FRAMES_BETTER] == 0.5
    assert scores['depth']['abs_rel_prior'] == pytest.approx(0.2, abs=1e-5)


def test_without_a_prior_or_ground_truth_there_is_no_share() -> None:
    assert FRAMES_BETTER not in score(FRAMES, None)['depth']
    assert score(FRAMES[-1:], PRIOR) == {}


def test_the_table_states_model_prior_and_share() -> None:
    columns = [list(column.cells) for column in score_table(score(FRAMES, PRIOR)).columns]
    assert [column[0] for column in columns] == ['abs_rel', '0.125', '0.200', '75%']
    assert [column[1:] for column in columns][3] == ['50%', '']


def test_the_prior_is_that_of_the_camera_of_the_rig(tmp_path: Path) -> None:
    rig = resource_path('calibration/usb_ring')
    options = parse_options(['--rig', str(rig), '--out', str(tmp_path)])
    demo = Demo(options, SafeConsole())
    bundle = BundleRig.open(Bundle.load(find_bundle(options.bundle)), rig).bundle
    of_rig, of_bundle = PixelPrior.of_bundle(bundle), PixelPrior.load(bundle.folder / PRIOR_FILE)
    assert demo.prior is not None
    assert of_rig is not None
    assert np.array_equal(demo.prior.depth_m, of_rig.depth_m)
    # The camera of this rig is at a third of the height.
    assert demo.prior.depth_m[-10:].mean() < 0.5 * of_bundle.depth_m[-10:].mean()
