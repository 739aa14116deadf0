# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
import torch

from audio_manifold_ros.networks.loss_vector_quantizer import COMMITMENT, LossVectorQuantizer


def test_the_codebook_starts_uniform_about_zero() -> None:
    codebook = LossVectorQuantizer(64, 64).codebook.detach()
    assert float(codebook.abs().max()) <= 1 / 64
    assert float(codebook.std()) > 0.5 / 64


def test_losses_and_gradients_are_those_of_the_formula() -> None:
    torch.manual_seed(0)
    quantizer = LossVectorQuantizer(5, 3)
    torch.nn.init.normal_(quantizer.codebook)
    encoded = torch.randn(2, 3, 4, 4, requires_grad=True)
    weight = torch.randn(2, 3, 4, 4)
    found = quantizer(encoded)
    (COMMITMENT * quantizer.penalty(encoded, found) + (weight * found.values).sum()).backward()
    codes = quantizer.codebook.detach()[found.codes].permute(0, 3, 1, 2)
    gap = encoded.detach() - codes
    torch.testing.assert_close(found.values.detach(), codes)
    # Straight-through gradient plus the gradient of the commitment.
    torch.testing.assert_close(encoded.grad, weight + COMMITMENT * 2 * gap / gap.numel())
    pulled = torch.zeros(5, 3).index_add_(0, found.codes.flatten(), gap.permute(0, 2, 3, 1).reshape(-1, 3))
    torch.testing.assert_close(quantizer.codebook.grad, -2 * pulled / gap.numel())


def test_gradients_move_the_codes_to_the_centres_of_the_latents() -> None:
    quantizer = LossVectorQuantizer(2, 1)
    with torch.no_grad():
        quantizer.codebook.copy_(torch.tensor([[0.0], [1.0]]))
    latents = torch.tensor([3.0, 5.0, -15.0, -13.0]).reshape(1, 1, 2, 2)
    optimizer = torch.optim.SGD(quantizer.parameters(), lr=0.125)
    for _ in range(40):
        optimizer.zero_grad()
        quantizer.penalty(latents, quantizer(latents)).backward()
        optimizer.step()
    torch.testing.assert_close(quantizer.codebook.detach().flatten().sort().values, torch.tensor([-14.0, 4.0]))
