# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bundles whose networks take the prior of the camera of the rig."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.evaluation.controls.pixel_prior import PixelPrior
from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle_rig import BundleRig
from audio_manifold_ros.inference.tensorrt.rtx_build import rtx_key
from tests.inference.spatial_bundle import SHORT, write_spatial_bundle

OCTAGON, USB_RING = resource_path('calibration/roof_octagon'), resource_path('calibration/usb_ring')


@pytest.fixture(scope='module')
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Bundle of a small network on spatial maps."""
    return write_spatial_bundle(tmp_path_factory.mktemp('camera') / 'spatial')


def random_window() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 1, SHORT.size).astype(np.float32)


def test_the_camera_of_the_bundle_needs_no_other_prior(bundle: Bundle) -> None:
    used = BundleRig.open(bundle, OCTAGON)
    assert used.bundle.view is None
    assert used.bundle.prior_inputs() is None
    assert not used.warning


def test_the_images_of_another_camera_start_at_its_own_ground(bundle: Bundle) -> None:
    low = BundleRig.open(bundle, USB_RING).bundle
    prior, own = PixelPrior.of_bundle(low), PixelPrior.of_bundle(replace(bundle, view=bundle.prior_table.view))  # type: ignore[union-attr]
    assert prior is not None
    assert own is not None
    rows = slice(96, None)
    np.testing.assert_allclose(prior.depth_m[rows], own.depth_m[rows] / 3, rtol=0.02)  # 0.5 m instead of 1.5 m
    found, high = (OnnxBackend(each, 1).run(random_window()).depth_m for each in (low, bundle))
    assert found is not None
    assert high is not None
    assert np.abs(found - high).mean() > 0.5
    torch_depth_m = open_backend(low, 'torch').run(random_window()).depth_m
    assert torch_depth_m is not None
    np.testing.assert_allclose(found, torch_depth_m, rtol=2e-3)


def test_vehicles_are_in_the_directions_of_another_camera(bundle: Bundle) -> None:
    assert bundle.prior_table is not None
    view = bundle.prior_table.view
    assert view is not None
    wide = bundle.with_view(replace(view, camera=replace(view.camera, fx=0.5 * view.camera.fx)))
    azimuths_rad = wide.steered_azimuths_rad()
    assert azimuths_rad is not None
    assert azimuths_rad[0, 0] > 1.1
    assert bundle.steered_azimuths_rad() is None
    found, own = (OnnxBackend(each, 1).run(random_window()).vehicles for each in (wide, bundle))
    expected = open_backend(wide, 'torch').run(random_window()).vehicles
    assert found is not None
    assert own is not None
    assert expected is not None
    # The rounding of the logits changes probabilities close to 0 by more than 1e-4 of their value.
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    assert np.abs(found / own - 1).max() > 5e-4


def test_a_rig_without_a_camera_file_has_the_camera_of_the_bundle(bundle: Bundle, tmp_path: Path) -> None:
    for name in ('mic_array.yaml', 'extrinsics.yaml'):
        shutil.copy(USB_RING / name, tmp_path / name)
    without, given = BundleRig.open(bundle, tmp_path), BundleRig.open(bundle, USB_RING)
    assert without.camera == given.camera
    assert without.bundle.view == given.bundle.view


def test_a_camera_out_of_range_is_a_warning(bundle: Bundle, tmp_path: Path) -> None:
    shutil.copytree(OCTAGON, tmp_path / 'rig')
    text = (tmp_path / 'rig' / 'extrinsics.yaml').read_text()
    (tmp_path / 'rig' / 'extrinsics.yaml').write_text(text.replace('[0.4, 0.0, 1.5]', '[0.4, 0.0, 4.0]'))
    warning = BundleRig.open(bundle, tmp_path / 'rig').warning
    assert 'The camera is 4.00 m above the ground' in warning


def test_what_cannot_take_another_camera_refuses_it(bundle: Bundle) -> None:
    shipped = Bundle.load(resource_path('models/street'))
    with pytest.raises(InferenceError, match="for the camera of the bundle only: choose the precision 'float32'"):
        OnnxBackend(BundleRig.open(shipped, USB_RING).bundle, precision='int8')
    low = BundleRig.open(bundle, USB_RING).bundle
    with pytest.raises(InferenceError, match='camera of the bundle'):
        rtx_key(low, 'fp32', '1.0')
    assert rtx_key(bundle, 'fp32', '1.0').networks_sha256
