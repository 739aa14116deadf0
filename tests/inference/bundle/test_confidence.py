# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.inference.bundle.confidence import ConfidenceModel, ModalityConfidence, joint_chance
from audio_manifold_ros.inference.bundle.confidence_fit import (
    CalibrationSet,
    cell_means,
    depth_right,
    fit_confidence,
    fit_modality,
    labels_right,
)
from audio_manifold_ros.inference.bundle.prediction import NetworkOutput
from audio_manifold_ros.inference.errors import InferenceError

CELLS = 8


def logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def drawn(windows: int, slope: float, pixels: int = 256) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return distances, fractions of right pixels drawn from a law, and the law's biases."""
    rng = np.random.default_rng(11)
    bias = rng.normal(0.5, 1.0, (CELLS, CELLS))
    z = rng.standard_normal((windows, CELLS, CELLS))
    chance = logistic(bias - slope * z)
    return np.exp(-2.0 + 0.7 * z), rng.binomial(pixels, chance) / pixels, bias


def law_of(slope: float, bias: float = 0.0) -> ModalityConfidence:
    return ModalityConfidence(((bias,) * CELLS,) * CELLS, slope, 0.0, 1.0)


def test_the_fit_recovers_the_law_that_drew_the_data() -> None:
    distance, right, bias = drawn(windows=600, slope=1.3)
    law = fit_modality(distance, right)
    assert law.log_distance_mean == pytest.approx(-2.0, abs=0.02)
    assert law.log_distance_std == pytest.approx(0.7, abs=0.02)
    assert law.slope == pytest.approx(1.3, abs=0.05)
    np.testing.assert_allclose(np.array(law.bias), bias, atol=0.12)


def test_what_is_said_with_chance_p_is_right_in_p_of_the_cases() -> None:
    distance, right, _ = drawn(windows=1000, slope=0.8)
    law = fit_modality(distance[:500], right[:500])
    said, found = law.chance(distance[500:]).ravel(), right[500:].ravel()
    for low in np.arange(0.1, 0.9, 0.1):
        bin_ = (said >= low) & (said < low + 0.1)
        assert found[bin_].mean() == pytest.approx(said[bin_].mean(), abs=0.02)


def test_a_distance_that_says_nothing_or_the_contrary_gets_no_slope() -> None:
    distance, right, _ = drawn(windows=300, slope=-0.9)
    law = fit_modality(distance, right)
    assert law.slope == 0.0
    np.testing.assert_allclose(law.chance(distance).mean(), right.mean(), atol=0.01)


def test_a_distance_that_never_changes_leaves_the_chance_of_each_cell() -> None:
    _, right, _ = drawn(windows=300, slope=1.0)
    constant = np.ones_like(right)
    law = fit_modality(constant, right)
    assert law.slope == 0.0
    # The prior on the biases pulls the chances of the cells a little towards each other.
    np.testing.assert_allclose(law.chance(constant[0]), right.mean(axis=0), atol=0.01)
    said = ConfidenceModel({'depth': law}, 0.0).image(NetworkOutput(None, None, constant[0], None), 128, 128)
    assert np.isfinite(said).all()
    assert np.ptp(said) > 0.3


def test_cells_without_known_or_with_one_sided_pixels_stay_sensible() -> None:
    distance, right, _ = drawn(windows=50, slope=1.0)
    right[:, 0, 0] = 1.0
    right[:, 0, 1] = 0.0
    right[:, 0, 2] = np.nan
    law = fit_modality(distance, right)
    bias = np.array(law.bias)
    assert np.isfinite(bias).all()
    assert np.abs(bias).max() < 10
    others = np.delete(bias.ravel(), 2)
    assert bias[0, 2] == pytest.approx(others.mean(), abs=0.05)


@settings(deadline=None, max_examples=30)
@given(
    slopes=st.tuples(st.floats(0, 5), st.floats(0, 5)),
    biases=st.tuples(st.floats(-5, 5), st.floats(-5, 5)),
    independence=st.floats(0, 1),
    seed=st.integers(0, 100),
)
def test_confidence_is_a_chance_and_never_rises_with_a_distance(
    slopes: tuple[float, float], biases: tuple[float, float], independence: float, seed: int
) -> None:
    laws = {'depth': law_of(slopes[0], biases[0]), 'segmentation': law_of(slopes[1], biases[1])}
    model = ConfidenceModel(laws, independence)
    rng = np.random.default_rng(seed)
    near, other = (np.exp(rng.normal(0, 2, (CELLS, CELLS))).astype(np.float32) for _ in range(2))
    far = near * np.exp(np.abs(rng.normal(0, 1, near.shape))).astype(np.float32)
    for first, second in (((near, other), (far, other)), ((other, near), (other, far))):
        images = [model.image(NetworkOutput(None, None, *pair), 128, 128) for pair in (first, second)]
        assert all(image.shape == (128, 128) and image.dtype == np.float32 for image in images)
        assert all(image.min() >= 0 and image.max() <= 1 for image in images)
        assert (images[1] <= images[0] + 1e-6).all()


def test_the_image_is_the_linear_interpolation_between_the_centres_of_the_cells() -> None:
    distance = np.ones((CELLS, CELLS), dtype=np.float32)
    distance[:, 4:] = np.e
    image = ConfidenceModel({'depth': law_of(1.0)}, 0.0).image(NetworkOutput(None, None, distance, None), 128, 128)
    high, low = 0.5, logistic(np.array(-1.0))
    np.testing.assert_allclose(image[:, :56], high, atol=1e-6)
    np.testing.assert_allclose(image[:, 72:], low, atol=1e-6)
    between = high + (low - high) * (np.arange(16) + 0.5) / 16
    np.testing.assert_allclose(image[:, 56:72], np.broadcast_to(between, (128, 16)), atol=1e-6)


@pytest.mark.parametrize('independence', [0.0, 0.4, 1.0])
def test_the_fit_finds_how_far_modalities_err_together(independence: float) -> None:
    rng = np.random.default_rng(4)
    distances, right = {}, {}
    for name in ('depth', 'segmentation'):
        z = rng.standard_normal((800, CELLS, CELLS))
        distances[name], right[name] = np.exp(z), logistic(0.8 - z)
    both = joint_chance(list(right.values()), independence)
    model = fit_confidence(CalibrationSet(distances, right, both))
    assert model.independence == pytest.approx(independence, abs=0.03)
    np.testing.assert_allclose(model.chance(distances), both, atol=0.03)


def test_right_pixels_of_depth() -> None:
    truth = np.array([10.0, 10.0, 10.0, 10.0, np.nan, np.nan], dtype=np.float32)
    said = np.array([12.5, 12.6, 7.5, np.nan, np.nan, 60.0], dtype=np.float32)
    np.testing.assert_array_equal(depth_right(said, truth), [1, 0, 1, 0, 1, 0])


def test_right_pixels_of_labels() -> None:
    truth, said = np.array([13, 13, 255], dtype=np.uint8), np.array([13, 0, 0], dtype=np.uint8)
    np.testing.assert_array_equal(labels_right(said, truth), [1, 0, np.nan])


def test_cell_means_leave_out_unknown_pixels() -> None:
    pixels = np.zeros((2, 4, 4))
    pixels[0, :2, :2] = [[1, np.nan], [0, np.nan]]
    pixels[1, 2:, 2:] = np.nan
    np.testing.assert_array_equal(cell_means(pixels, 2), [[[0.5, 0], [0, 0]], [[0, 0], [0, np.nan]]])


def test_data_that_do_not_belong_together_are_refused() -> None:
    distance, right, _ = drawn(windows=3, slope=1.0)
    with pytest.raises(InferenceError, match='shapes'):
        CalibrationSet({'depth': distance[:2]}, {'depth': right}, right)
    with pytest.raises(InferenceError, match='negative'):
        CalibrationSet({'depth': -distance}, {'depth': right}, right)
