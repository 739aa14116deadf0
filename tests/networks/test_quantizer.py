# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
import torch

from audio_manifold_ros.networks.quantizer import (
    LAPLACE_EPSILON,
    VectorQuantizer,
    assignment_sums,
    kmeans,
    nearest_codes,
)


def make_quantizer(codes: int = 5, code_dim: int = 3, decay: float = 0.9) -> VectorQuantizer:
    torch.manual_seed(0)
    quantizer = VectorQuantizer(codes, code_dim, decay)
    quantizer.start(torch.randn(200, code_dim))
    return quantizer


def test_nearest_code_and_its_distance_are_those_of_a_full_search() -> None:
    quantizer = make_quantizer()
    latent = torch.randn(2, 3, 4, 4)
    found = quantizer.quantize(latent)
    squares = (latent[:, None] - quantizer.codebook[None, :, :, None, None]).square().sum(dim=2)
    torch.testing.assert_close(found.codes, squares.argmin(dim=1))
    torch.testing.assert_close(found.distance, squares.amin(dim=1) / 3)
    torch.testing.assert_close(found.values, quantizer.lookup(found.codes))


def test_gradient_passes_straight_through() -> None:
    quantizer = make_quantizer().eval()
    latent = torch.randn(1, 3, 2, 2, requires_grad=True)
    weight = torch.randn(1, 3, 2, 2)
    (quantizer(latent).values * weight).sum().backward()
    torch.testing.assert_close(latent.grad, weight)


def test_moving_averages_follow_the_formula() -> None:
    quantizer = make_quantizer()
    latent = torch.randn(4, 3, 4, 4)
    counts, sums = quantizer.counts.clone(), quantizer.sums.clone()
    codes = quantizer.quantize(latent).codes
    vectors = latent.permute(0, 2, 3, 1).reshape(-1, 3)
    for code in range(5):
        mine = vectors[codes.flatten() == code]
        counts[code] = 0.9 * counts[code] + 0.1 * len(mine)
        sums[code] = 0.9 * sums[code] + 0.1 * mine.sum(dim=0)
    smoothed = (counts + LAPLACE_EPSILON) / (counts.sum() + 5 * LAPLACE_EPSILON) * counts.sum()
    quantizer(latent)
    torch.testing.assert_close(quantizer.counts, counts)
    torch.testing.assert_close(quantizer.codebook, sums / smoothed[:, None])


def test_codebook_does_not_change_outside_training() -> None:
    quantizer = make_quantizer().eval()
    before = quantizer.codebook.clone()
    quantizer(torch.randn(4, 3, 4, 4))
    torch.testing.assert_close(quantizer.codebook, before, rtol=0, atol=0)


def test_codebook_converges_to_the_centres_of_its_latents() -> None:
    quantizer = make_quantizer(codes=2, code_dim=1, decay=0.5)
    quantizer.start(torch.tensor([[0.0], [1.0]]))
    for _ in range(60):
        quantizer(torch.tensor([3.0, 5.0, 13.0, 15.0]).reshape(1, 1, 2, 2))
    assert sorted(round(float(code), 3) for code in quantizer.codebook[:, 0]) == [4.0, 14.0]


def test_latents_pass_unquantised_until_the_start() -> None:
    quantizer = VectorQuantizer(4, 3)
    latent = torch.randn(1, 3, 2, 2)
    assert quantizer(latent).values is latent
    quantizer.start(torch.randn(50, 3))
    assert not torch.equal(quantizer(latent).values, latent)


def test_kmeans_finds_separate_clusters() -> None:
    torch.manual_seed(1)
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
    vectors = (centres[:, None] + 0.1 * torch.randn(4, 50, 2)).reshape(-1, 2)
    found = kmeans(vectors, 4)
    assert (torch.cdist(centres, found).amin(dim=1) < 0.2).all()


def test_kmeans_uses_every_centre_on_skewed_data() -> None:
    torch.manual_seed(2)
    vectors = torch.cat([torch.randn(2000, 8) * 0.01, torch.randn(40, 8) * 3])
    codes = nearest_codes(vectors, kmeans(vectors, 16))
    assert len(codes.unique()) == 16


def test_dead_codes_restart_where_the_codebook_is_worst() -> None:
    torch.manual_seed(3)
    quantizer = VectorQuantizer(4, 2)
    quantizer.start(torch.randn(100, 2) * 0.1)
    quantizer.codebook[3] = 1000.0
    latent = torch.randn(2, 2, 8, 8) * 0.1
    latent[0, :, 0, 0] = 50.0
    quantizer(latent)
    assert quantizer.restart_dead_codes(latent) == 1
    torch.testing.assert_close(quantizer.codebook[3], torch.tensor([50.0, 50.0]))
    quantizer(latent)
    assert quantizer.restart_dead_codes(latent) == 0


def test_assignment_sums_of_nothing_are_zero() -> None:
    counts, sums = assignment_sums(torch.ones(3, 2), torch.tensor([1, 1, 3]), 5)
    assert counts.tolist() == [0, 2, 0, 1, 0]
    assert sums[:, 0].tolist() == [0, 2, 0, 1, 0]


def test_state_holds_the_whole_codebook() -> None:
    quantizer, other = make_quantizer(), VectorQuantizer(5, 3)
    other.load_state_dict(quantizer.state_dict())
    latent = torch.randn(1, 3, 4, 4)
    torch.testing.assert_close(other.eval()(latent).values, quantizer.eval()(latent).values)
