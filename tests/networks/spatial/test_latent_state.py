# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""State over time: no correction at the start, missing windows, and refused sizes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.networks.perception_network import PerceptionConfig
from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig
from audio_manifold_ros.networks.spatial.latent_state import LatentState
from audio_manifold_ros.networks.spatial.state_config import LatentStateConfig
from tests.inference.spatial_bundle import make_spatial_network

CHANNELS = 6
STATE = LatentStateConfig(past=3, step_hops=2, channels=8, reduced=4)


def make_state() -> LatentState:
    """Return a state with random weights, a mean and a deviation."""
    torch.manual_seed(1)
    state = LatentState(CHANNELS, STATE)
    torch.nn.init.normal_(state.head.output.weight, std=0.1)
    state.mean.fill_(2.0)
    state.deviation.fill_(0.5)
    return state


def random_latents(*shape: int) -> torch.Tensor:
    return 2 + torch.randn(*shape, generator=torch.Generator().manual_seed(2))


def test_a_new_state_changes_nothing() -> None:
    latents, past = random_latents(2, CHANNELS, 8, 8), random_latents(2, 3, 4, 8, 8)
    assert torch.equal(LatentState(CHANNELS, STATE)(latents, past)[0], latents)


def test_each_earlier_window_has_an_effect() -> None:
    state = make_state()
    latents, past = random_latents(1, CHANNELS, 8, 8), random_latents(1, 3, 4, 8, 8)
    for window in range(3):
        changed = past.clone()
        changed[:, window] += 0.5
        assert not torch.allclose(state(latents, past)[0], state(latents, changed)[0])


def test_a_missing_window_differs_from_an_average_one() -> None:
    state = make_state()
    latents, missing = random_latents(1, CHANNELS, 8, 8), torch.zeros(1, 3, 4, 8, 8)
    average = missing.clone()
    average[..., 0, 0] += 1e-6
    # Missing windows have a mask. Windows at the mean of all latents do not.
    assert not torch.allclose(state(latents, missing)[0], state(latents, average)[0], atol=1e-3)


def test_the_correction_has_the_scale_of_the_latents() -> None:
    state, scaled = make_state(), make_state()
    scaled.deviation.fill_(5.0)
    scaled.mean.fill_(20.0)
    latents, past = random_latents(1, CHANNELS, 8, 8), random_latents(1, 3, 4, 8, 8)
    torch.testing.assert_close(scaled(10 * latents, past)[0], 10 * state(latents, past)[0])
    torch.testing.assert_close(scaled(10 * latents, past)[1], state(latents, past)[1])


def test_the_state_of_a_stream_is_the_head_on_its_windows() -> None:
    state = make_state()
    windows = random_latents(1, 4, CHANNELS, 8, 8)
    past = torch.stack([state(window, torch.zeros(1, 3, 4, 8, 8))[1] for window in windows[:, :3].unbind(dim=1)], dim=1)
    torch.testing.assert_close(past[0], state.reduced(windows[0, :3]))
    normalised = (windows - state.mean) / state.deviation
    expected = windows[:, -1] + state.head(normalised) * state.deviation
    torch.testing.assert_close(state(windows[:, -1], past)[0], expected)


def test_networks_without_earlier_windows_equal_those_with_zeros() -> None:
    network = make_spatial_network(state=STATE)
    assert network.spatial is not None
    features = torch.randn(2, network.spatial.config.size, generator=torch.Generator().manual_seed(3))
    size = STATE.past * 4 * 64
    with torch.no_grad():
        alone = network(features)
        zeros = network(torch.cat([features, torch.zeros(2, size)], dim=1))
        past = network(torch.cat([features, torch.ones(2, size)], dim=1))
    for ours, theirs in zip(alone, zeros, strict=True):
        assert torch.equal(ours, theirs)
    names = network.config.output_names
    assert names[-2:] == ('vehicles', 'latents')
    assert not torch.equal(past[names.index('depth_m')], alone[names.index('depth_m')])
    # Latents for later windows do not depend on earlier ones: an error cannot grow.
    assert torch.equal(past[-1], alone[-1])


def test_a_configuration_survives_json() -> None:
    config = make_spatial_network(state=STATE).config
    assert PerceptionConfig.from_dict(config.to_dict()) == config
    assert 'state' not in replace(config, state=None).to_dict()


@pytest.mark.parametrize('changes', [{'past': 0}, {'past': 65}, {'step_hops': 0}, {'channels': 1000}, {'reduced': 0}])
def test_sizes_out_of_range_are_refused(changes: dict[str, int]) -> None:
    ((name, value),) = changes.items()
    with pytest.raises(NetworkError, match=rf'state\.{name} is {value}: give a whole number from 1 to'):
        LatentStateConfig(**changes)


def test_a_state_without_latents_is_refused() -> None:
    with pytest.raises(NetworkError, match='no latents of spatial maps: leave it out'):
        PerceptionConfig(spatial=SpatialNetworkConfig(), state=STATE)
