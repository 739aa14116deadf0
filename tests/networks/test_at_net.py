# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.networks.at_net import AtNet, AtNetConfig


def test_full_width_trunk_is_resnet_18() -> None:
    network = AtNet()
    count = sum(parameter.numel() for parameter in network.trunk.parameters())
    # ResNet-18 without its classifier has 11,176,512 weights with a stem for 3 channels.
    assert count == 11_176_512 + (8 - 3) * 64 * 49
    assert network.trunk(torch.zeros(1, 8, 128, 128)).shape == (1, 512, 1, 1)


@pytest.mark.parametrize(('cells', 'widths'), [(8, [256, 128, 64]), (32, [256, 128, 64, 64, 64])])
def test_visual_decoder_halves_its_features_down_to_64(cells: int, widths: list[int]) -> None:
    head = AtNet(AtNetConfig(manifold_cells=cells)).heads['depth']
    assert [layer.out_channels for layer in head if isinstance(layer, torch.nn.ConvTranspose2d)] == widths
    assert sum(isinstance(layer, torch.nn.Dropout) for layer in head) == 2


@pytest.mark.parametrize('modalities', [('depth',), ('segmentation',), ('depth', 'segmentation')])
def test_one_head_per_modality(modalities: tuple[str, ...]) -> None:
    network = AtNet(AtNetConfig(mics=3, width=0.125, modalities=modalities, manifold_cells=16, code_dim=10))
    latents = network(torch.randn(2, 3, 128, 128))
    assert {name: tuple(latent.shape) for name, latent in latents.items()} == dict.fromkeys(modalities, (2, 10, 16, 16))


@pytest.mark.parametrize('columns', [1, 4])
def test_only_time_columns_preserve_the_time_of_an_event(columns: int) -> None:
    torch.manual_seed(0)
    trunk = AtNet(AtNetConfig(mics=2, width=0.125, time_columns=columns)).eval().trunk
    early = torch.zeros(1, 2, 128, 128)
    early[..., 40:44] = 1.0
    encoded, later = trunk(early), trunk(early.roll(32, dims=-1))
    assert encoded.shape == (1, 64, 1, columns)
    # The same event a quarter of a second later moves by one of four columns. The mean over all time is equal.
    moved = encoded.roll(1, dims=-1)
    assert (later - moved).norm() < 0.5 * moved.norm()
    assert ((later - encoded).norm() > 0.5 * encoded.norm()) == (columns == 4)


def test_whitening_scales_differences_and_common_signal_equally() -> None:
    generator = torch.Generator().manual_seed(1)
    shared = torch.randn(64, 1, 16, 16, generator=generator)
    own = torch.randn(64, 8, 16, 16, generator=generator)
    features = shared + 0.05 * own - 0.2
    rows = features.transpose(0, 1).reshape(8, -1).double()
    network = AtNet(AtNetConfig(width=0.125))
    network.set_input_statistics(rows.mean(dim=1).float(), torch.cov(rows))
    white = network.trunk[0](features).transpose(0, 1).reshape(8, -1).double()
    torch.testing.assert_close(white.mean(dim=1), torch.zeros(8, dtype=torch.float64), rtol=0, atol=1e-4)
    # The floor on the variances shrinks the smallest differences by a few per cent.
    torch.testing.assert_close(torch.cov(white), torch.eye(8, dtype=torch.float64), rtol=0, atol=0.3)
    assert torch.cov(white).diag().min() > 0.7


def test_whitening_without_statistics_changes_nothing() -> None:
    features = torch.randn(2, 8, 128, 128)
    torch.testing.assert_close(AtNet(AtNetConfig(width=0.125)).trunk[0](features), features)


def test_batch_normalisation_in_place_of_the_whitening_needs_no_statistics() -> None:
    network = AtNet(AtNetConfig(mics=2, width=0.125, input='batch_norm'))
    network.set_input_statistics(torch.zeros(2), torch.eye(2))
    features = 3.0 + 2.0 * torch.randn(8, 2, 64, 64)
    normal = network.trunk[0](features)
    torch.testing.assert_close(normal.mean(dim=(0, 2, 3)), torch.zeros(2), rtol=0, atol=1e-4)
    torch.testing.assert_close(normal.std(dim=(0, 2, 3)), torch.ones(2), rtol=0, atol=1e-3)
    whitened = sum(parameter.numel() for parameter in AtNet(AtNetConfig(mics=2, width=0.125)).parameters())
    assert sum(parameter.numel() for parameter in network.parameters()) == whitened + 2 * 2


def test_an_untrained_head_predicts_the_mean_image() -> None:
    network = AtNet(AtNetConfig(width=0.125))
    mean = torch.randn(64, 8, 8)
    network.set_latent_statistics('depth', mean, torch.full((64,), 1e-6))
    latent = network(torch.randn(2, 8, 128, 128))['depth']
    torch.testing.assert_close(latent, mean.expand_as(latent), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ('changed', 'named'),
    [
        ({'modalities': ['depth', 'smell']}, 'smell'),
        ({'modalities': []}, 'modalities'),
        ({'modalities': ['depth', 'depth']}, 'depth'),
        ({'manifold_cells': 12}, '12'),
        ({'width': 0.0}, 'width'),
        ({'dropout': 1.0}, 'dropout'),
        ({'time_columns': 5}, 'time_columns'),
        ({'input': 'blurring'}, 'blurring'),
        ({'ears': 2}, 'ears'),
    ],
)
def test_invalid_configurations_are_refused_by_name(changed: dict[str, object], named: str) -> None:
    values = {**AtNetConfig().to_dict(), **changed}
    with pytest.raises(NetworkError, match=named):
        AtNetConfig.from_dict(values)


def test_configuration_round_trips_through_json() -> None:
    config = AtNetConfig(width=0.5, modalities=('depth', 'segmentation'))
    assert AtNetConfig.from_dict(config.to_dict()) == config
