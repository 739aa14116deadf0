# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_manifold_ros.inference.bundle.prediction import NetworkOutput
from audio_manifold_ros.inference.temporal_smoothing import SmoothedImages, smooth

TIME_CONSTANT_S = 0.1
TOWARDS_CAMERA = (0.0, 0.0, -1.0)


def output(depth_m: float = 10.0, label: int = 0, normal: tuple[float, float, float] = TOWARDS_CAMERA) -> NetworkOutput:
    return NetworkOutput(
        depth_m=np.full((2, 3), depth_m, np.float32),
        labels=np.full((2, 3), label, np.uint8),
        normals=np.broadcast_to(np.array(normal, np.float32), (2, 3, 3)),
        distances={},
    )


def stream(outputs: list[NetworkOutput], period_s: float = 0.02) -> NetworkOutput:
    """Return the last of the smoothed outputs."""
    state: SmoothedImages | None = None
    smoothed = outputs[0]
    for number, found in enumerate(outputs):
        smoothed, state = smooth(state, found, number * period_s, TIME_CONSTANT_S)
    return smoothed


def test_the_first_images_stay_as_they_are() -> None:
    first = output(12.5, 13)
    smoothed, _ = smooth(None, first, 1.0, TIME_CONSTANT_S)
    assert smoothed is first


@given(depth_m=st.floats(1.0, 80.0), label=st.integers(0, 18), count=st.integers(1, 8))
def test_equal_images_do_not_change(depth_m: float, label: int, count: int) -> None:
    smoothed = stream([output(depth_m, label)] * count)
    np.testing.assert_allclose(smoothed.depth_m, depth_m, rtol=1e-5)
    assert (smoothed.labels == label).all()
    np.testing.assert_allclose(smoothed.normals, output().normals, atol=1e-6)


@pytest.mark.parametrize('period_s', [0.01, 0.02, 0.05])
def test_a_step_of_depth_has_63_percent_of_its_effect_on_the_logarithm_after_the_time_constant(period_s: float) -> None:
    steps = round(TIME_CONSTANT_S / period_s)
    smoothed = stream([output(10.0)] + [output(20.0)] * steps, period_s)
    assert smoothed.depth_m is not None
    expected = np.exp(np.log(10.0) + (1 - np.exp(-1)) * np.log(2.0))
    np.testing.assert_allclose(smoothed.depth_m, expected, rtol=1e-5)
    assert smoothed.depth_m.dtype == np.float32


@given(st.lists(st.floats(1.0, 80.0), min_size=1, max_size=12))
def test_smoothed_depth_stays_between_the_extremes(depths_m: list[float]) -> None:
    smoothed = stream([output(depth_m) for depth_m in depths_m])
    assert smoothed.depth_m is not None
    assert np.all(smoothed.depth_m >= min(depths_m) * (1 - 1e-5))
    assert np.all(smoothed.depth_m <= max(depths_m) * (1 + 1e-5))


def test_a_class_of_one_image_does_not_appear_and_a_lasting_one_does_after_ln_2_of_the_time_constant() -> None:
    assert (stream([output(label=2)] * 5 + [output(label=13)]).labels == 2).all()
    needed = int(np.ceil(TIME_CONSTANT_S * np.log(2) / 0.02))
    assert (stream([output(label=2)] + [output(label=13)] * (needed - 1)).labels == 2).all()
    assert (stream([output(label=2)] + [output(label=13)] * needed).labels == 13).all()


@given(st.lists(st.sampled_from([0, 2, 13]), min_size=1, max_size=15))
def test_a_smoothed_class_is_one_of_the_predicted_ones(labels: list[int]) -> None:
    smoothed = stream([output(label=label) for label in labels])
    assert smoothed.labels is not None
    assert smoothed.labels.dtype == np.uint8
    assert set(np.unique(smoothed.labels)) <= set(labels)


def test_after_a_long_pause_the_images_are_the_new_ones() -> None:
    smoothed = stream([output(10.0, 2), output(40.0, 13)], period_s=20 * TIME_CONSTANT_S)
    np.testing.assert_allclose(smoothed.depth_m, 40.0, rtol=1e-5)
    assert (smoothed.labels == 13).all()


def test_normals_stay_unit_vectors_even_if_they_cancel() -> None:
    opposite = [output(normal=(0.0, 0.0, -1.0)), output(normal=(0.0, 0.0, 1.0))]
    turned = [output(normal=(0.0, 0.0, -1.0)), output(normal=(1.0, 0.0, 0.0))]
    for outputs in (opposite, turned):
        smoothed = stream(outputs, period_s=TIME_CONSTANT_S * np.log(2))
        np.testing.assert_allclose(np.linalg.norm(smoothed.normals, axis=-1), 1.0, atol=1e-5)


@given(seed=st.integers(0, 2**32 - 1))
def test_noise_is_reduced_like_by_a_first_order_filter(seed: int) -> None:
    rng, weight = np.random.default_rng(seed), -np.expm1(-0.02 / TIME_CONSTANT_S)
    depths_m = np.exp(rng.normal(2.0, 0.1, 40)).astype(np.float32)
    smoothed = stream([output(float(depth_m)) for depth_m in depths_m])
    expected = reduce(lambda before, new: before + weight * (new - before), np.log(depths_m.astype(float)))
    np.testing.assert_allclose(np.log(smoothed.depth_m), expected, atol=1e-4)
