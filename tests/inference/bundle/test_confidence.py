# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.bundle.confidence import ConfidenceModel, ModalityConfidence, joint_probability
from audio_manifold_ros.inference.bundle.confidence_fit import CalibrationSet, cell_means, fit_confidence, fit_modality
from audio_manifold_ros.inference.bundle.correctness import depth_correctness, label_correctness
from audio_manifold_ros.inference.bundle.prediction import NetworkOutput

CELLS = 8


def logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def sample_windows(windows: int, slope: float, pixels: int = 256) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return distances, fractions of correct pixels sampled from a law, and the biases of the law."""
    rng = np.random.default_rng(11)
    bias = rng.normal(0.5, 1.0, (CELLS, CELLS))
    z = rng.standard_normal((windows, CELLS, CELLS))
    probability = logistic(bias - slope * z)
    return np.exp(-2.0 + 0.7 * z), rng.binomial(pixels, probability) / pixels, bias


def make_modality_model(slope: float, bias: float = 0.0) -> ModalityConfidence:
    return ModalityConfidence(((bias,) * CELLS,) * CELLS, slope, 0.0, 1.0)


def test_the_fit_recovers_the_law_of_the_data() -> None:
    distance, correct, bias = sample_windows(windows=600, slope=1.3)
    modality_model = fit_modality(distance, correct)
    assert modality_model.log_distance_mean == pytest.approx(-2.0, abs=0.02)
    assert modality_model.log_distance_std == pytest.approx(0.7, abs=0.02)
    assert modality_model.slope == pytest.approx(1.3, abs=0.05)
    np.testing.assert_allclose(np.array(modality_model.bias), bias, atol=0.12)


def test_a_prediction_with_probability_p_is_correct_in_a_fraction_p() -> None:
    distance, correct, _ = sample_windows(windows=1000, slope=0.8)
    modality_model = fit_modality(distance[:500], correct[:500])
    predicted, found = modality_model.probability(distance[500:]).ravel(), correct[500:].ravel()
    for low in np.arange(0.1, 0.9, 0.1):
        bin_ = (predicted >= low) & (predicted < low + 0.1)
        assert found[bin_].mean() == pytest.approx(predicted[bin_].mean(), abs=0.02)


def test_an_uninformative_or_inverted_distance_gets_no_slope() -> None:
    distance, correct, _ = sample_windows(windows=300, slope=-0.9)
    modality_model = fit_modality(distance, correct)
    assert modality_model.slope == 0.0
    np.testing.assert_allclose(modality_model.probability(distance).mean(), correct.mean(), atol=0.01)


def test_a_constant_distance_leaves_the_probability_of_each_cell() -> None:
    _, correct, _ = sample_windows(windows=300, slope=1.0)
    constant = np.ones_like(correct)
    modality_model = fit_modality(constant, correct)
    assert modality_model.slope == 0.0
    # The prior on the biases pulls the chances of the cells a little towards each other.
    np.testing.assert_allclose(modality_model.probability(constant[0]), correct.mean(axis=0), atol=0.01)
    predicted = ConfidenceModel({'depth': modality_model}, 0.0).image(
        NetworkOutput(distances={'depth': constant[0]}), 128, 128
    )
    assert np.isfinite(predicted).all()
    assert np.ptp(predicted) > 0.3


def test_cells_without_known_or_with_one_sided_pixels_stay_sensible() -> None:
    distance, correct, _ = sample_windows(windows=50, slope=1.0)
    correct[:, 0, 0] = 1.0
    correct[:, 0, 1] = 0.0
    correct[:, 0, 2] = np.nan
    modality_model = fit_modality(distance, correct)
    bias = np.array(modality_model.bias)
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
def test_confidence_is_a_probability_and_never_rises_with_a_distance(
    slopes: tuple[float, float], biases: tuple[float, float], independence: float, seed: int
) -> None:
    laws = {
        'depth': make_modality_model(slopes[0], biases[0]),
        'segmentation': make_modality_model(slopes[1], biases[1]),
    }
    model = ConfidenceModel(laws, independence)
    rng = np.random.default_rng(seed)
    near, other = (np.exp(rng.normal(0, 2, (CELLS, CELLS))).astype(np.float32) for _ in range(2))
    far = near * np.exp(np.abs(rng.normal(0, 1, near.shape))).astype(np.float32)
    for first, second in (((near, other), (far, other)), ((other, near), (other, far))):
        images = [
            model.image(NetworkOutput(distances=dict(zip(('depth', 'segmentation'), pair, strict=True))), 128, 128)
            for pair in (first, second)
        ]
        assert all(image.shape == (128, 128) and image.dtype == np.float32 for image in images)
        assert all(image.min() >= 0 and image.max() <= 1 for image in images)
        assert (images[1] <= images[0] + 1e-6).all()


def test_the_image_is_the_linear_interpolation_between_the_centres_of_the_cells() -> None:
    distance = np.ones((CELLS, CELLS), dtype=np.float32)
    distance[:, 4:] = np.e
    image = ConfidenceModel({'depth': make_modality_model(1.0)}, 0.0).image(
        NetworkOutput(distances={'depth': distance}), 128, 128
    )
    high, low = 0.5, logistic(np.array(-1.0))
    np.testing.assert_allclose(image[:, :56], high, atol=1e-6)
    np.testing.assert_allclose(image[:, 72:], low, atol=1e-6)
    between = high + (low - high) * (np.arange(16) + 0.5) / 16
    np.testing.assert_allclose(image[:, 56:72], np.broadcast_to(between, (128, 16)), atol=1e-6)


@pytest.mark.parametrize('independence', [0.0, 0.4, 1.0])
def test_the_fit_finds_the_dependence_of_modalities(independence: float) -> None:
    rng = np.random.default_rng(4)
    distances, correct = {}, {}
    for name in ('depth', 'segmentation'):
        z = rng.standard_normal((800, CELLS, CELLS))
        distances[name], correct[name] = np.exp(z), logistic(0.8 - z)
    both = joint_probability(list(correct.values()), independence)
    model = fit_confidence(CalibrationSet(distances, correct, both))
    assert model.independence == pytest.approx(independence, abs=0.03)
    np.testing.assert_allclose(model.probability(distances), both, atol=0.03)


def test_right_pixels_of_depth() -> None:
    ground_truth = np.array([10.0, 10.0, 10.0, 10.0, np.nan, np.nan], dtype=np.float32)
    predicted = np.array([12.5, 12.6, 7.5, np.nan, np.nan, 60.0], dtype=np.float32)
    np.testing.assert_array_equal(depth_correctness(predicted, ground_truth), [1, 0, 1, 0, 1, 0])


def test_right_pixels_of_labels() -> None:
    ground_truth, predicted = np.array([13, 13, 255], dtype=np.uint8), np.array([13, 0, 0], dtype=np.uint8)
    np.testing.assert_array_equal(label_correctness(predicted, ground_truth), [1, 0, np.nan])


def test_cell_means_leave_out_unknown_pixels() -> None:
    pixels = np.zeros((2, 4, 4))
    pixels[0, :2, :2] = [[1, np.nan], [0, np.nan]]
    pixels[1, 2:, 2:] = np.nan
    np.testing.assert_array_equal(cell_means(pixels, 2), [[[0.5, 0], [0, 0]], [[0, 0], [0, np.nan]]])


def test_data_that_do_not_belong_together_are_refused() -> None:
    distance, correct, _ = sample_windows(windows=3, slope=1.0)
    with pytest.raises(InferenceError, match='shapes'):
        CalibrationSet({'depth': distance[:2]}, {'depth': correct}, correct)
    with pytest.raises(InferenceError, match='negative'):
        CalibrationSet({'depth': -distance}, {'depth': correct}, correct)
