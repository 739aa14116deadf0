# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pixel prior compared with numpy's median and a count of classes over all images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.evaluation.controls.pixel_prior import PixelPrior, PixelPriorBuilder
from audio_manifold_ros.modalities.modality_images import ModalityImages


def _images(count: int = 301) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    depth_m = np.exp(rng.normal(2.5, 0.6, (count, 6, 5))).clip(1, 80).astype(np.float32)
    depth_m[rng.random(depth_m.shape) < 0.3] = np.nan
    depth_m[:, 0, 0] = np.nan
    labels = rng.choice([0, 2, 2, 13, 255], depth_m.shape).astype(np.uint8)
    labels[:, 0, 0] = 255
    return depth_m, labels


def _prior() -> PixelPrior:
    builder = PixelPriorBuilder(6, 5)
    for depth_m, labels in zip(*_images(), strict=True):
        builder.add(ModalityImages(depth_m, labels))
    return builder.build()


def test_the_prior_is_median_depth_and_most_frequent_class() -> None:
    depth_m, labels = _images()
    prior = _prior()
    expected = np.nanmedian(depth_m.reshape(len(depth_m), -1)[:, 1:], axis=0)
    # Bins are 0.86 % wide, and 200 samples leave the median itself uncertain by the distance to its neighbours.
    np.testing.assert_allclose(prior.depth_m.ravel()[1:], expected, rtol=0.02)
    assert prior.depth_m[0, 0] == 80
    counts = np.stack([(labels == c).sum(axis=0) for c in range(19)])
    np.testing.assert_array_equal(prior.labels.ravel()[1:], counts.argmax(axis=0).ravel()[1:])
    assert prior.labels[0, 0] == 255
    assert prior.images == 301


def test_the_prior_of_one_image_is_that_image() -> None:
    depth_m, labels = _images(1)
    builder = PixelPriorBuilder(6, 5)
    builder.add(ModalityImages(depth_m[0], labels[0]))
    prior = builder.build()
    np.testing.assert_allclose(prior.depth_m, np.nan_to_num(depth_m[0], nan=80.0), rtol=0.0045)
    np.testing.assert_array_equal(prior.labels, labels[0])


def test_a_prior_is_read_as_it_was_written_and_always_the_same_bytes(tmp_path: Path) -> None:
    prior = _prior()
    prior.save(tmp_path / 'a.npz')
    prior.save(tmp_path / 'b.npz')
    read = PixelPrior.load(tmp_path / 'a.npz')
    np.testing.assert_array_equal(read.depth_m, prior.depth_m)
    np.testing.assert_array_equal(read.labels, prior.labels)
    assert (read.images, read.depth_m.dtype, read.labels.dtype) == (301, np.float32, np.uint8)
    assert (tmp_path / 'a.npz').read_bytes() == (tmp_path / 'b.npz').read_bytes()


def test_damaged_and_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / 'prior.npz'
    _prior().save(path)
    whole = path.read_bytes()
    for content in (b'', b'hello', whole[:50], whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(EvaluationError, match=r'prior\.npz'):
            PixelPrior.load(path)
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 0xFF
    path.write_bytes(changed)
    with pytest.raises(EvaluationError, match=r'prior\.npz.* it is damaged'):
        PixelPrior.load(path)
    np.savez_compressed(path, version=1, depth_m=np.zeros(1 << 25, np.float32), labels=[0], images=1)
    with pytest.raises(EvaluationError, match='states an array of 134217728 bytes, more than 67108864'):
        PixelPrior.load(path)
    np.savez(path, version=1, depth_m=np.zeros((2, 2), np.float32), labels=np.zeros((3, 2), np.uint8), images=1)
    with pytest.raises(EvaluationError, match=r'\(3, 2\)'):
        PixelPrior.load(path)
    with pytest.raises(EvaluationError, match='absent'):
        PixelPrior.load(tmp_path / 'absent.npz')


def test_an_empty_prior_and_images_of_another_size_are_refused() -> None:
    builder = PixelPriorBuilder(6, 5)
    with pytest.raises(EvaluationError, match='needs training images'):
        builder.build()
    with pytest.raises(EvaluationError, match=r'\(5, 6\)'):
        builder.add(ModalityImages(np.ones((5, 6))))


def test_the_best_constant_depth_has_the_smallest_mean_relative_error() -> None:
    rng = np.random.default_rng(2)
    depth_m = np.exp(rng.normal(2.2, 0.8, (400, 3, 3))).clip(1, 80).astype(np.float32)
    builder = PixelPriorBuilder(3, 3)
    for image in depth_m:
        builder.add(ModalityImages(image, np.zeros((3, 3), np.uint8)))
    constants, median = builder.build_constants(), builder.build()
    candidates = np.exp(np.linspace(0, np.log(80), 2000))
    for row in range(3):
        for column in range(3):
            truth = depth_m[:, row, column].astype(float)
            losses = (np.abs(truth[:, None] - candidates) / truth[:, None]).mean(axis=0)
            found = np.abs(truth - constants.depth_m[row, column]) / truth
            assert found.mean() <= losses.min() * 1.002
            assert constants.depth_m[row, column] < median.depth_m[row, column]


def test_the_best_constant_classes_have_a_larger_mean_iou_than_the_most_frequent_ones() -> None:
    rng = np.random.default_rng(3)
    # A car is never the most frequent class, but likelier in the right half.
    share = np.repeat(np.linspace(0.05, 0.45, 10)[None], 10, axis=0)
    labels = np.where(rng.random((300, 10, 10)) < share, 13, 0).astype(np.uint8)
    builder = PixelPriorBuilder(10, 10)
    for image in labels:
        builder.add(ModalityImages(np.full((10, 10), 5, np.float32), image))
    assert not (builder.build().labels == 13).any()
    found = builder.build_constants().labels

    def mean_iou(constant: np.ndarray) -> float:
        pairs = [(labels == index, constant == index) for index in (0, 13)]
        return float(np.mean([(true & found).sum() / (true | found).sum() for true, found in pairs]))

    best = max(mean_iou(np.where(share >= limit, 13, 0)) for limit in np.linspace(0, 0.5, 40))
    assert mean_iou(found) > mean_iou(builder.build().labels) + 0.05
    assert mean_iou(found) > 0.97 * best
