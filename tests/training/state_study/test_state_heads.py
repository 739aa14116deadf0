# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Heads on the latents of past windows: start, dependence on the past, and the recurrent form."""

from __future__ import annotations

from typing import cast

import pytest
import torch

from training.state_study.state_heads import PAST, STATE_HEADS, ConvGru

CHANNELS, CELLS = 6, 8


def random_windows(windows: int) -> torch.Tensor:
    return torch.randn(2, windows, CHANNELS, CELLS, CELLS, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize('name', list(STATE_HEADS))
def test_a_head_starts_without_a_correction(name: str) -> None:
    assert not STATE_HEADS[name](CHANNELS)(random_windows(PAST + 5)).any()


@pytest.mark.parametrize(('name', 'reads_past'), [(name, name != 'one window') for name in STATE_HEADS])
def test_only_heads_with_a_past_depend_on_it(name: str, *, reads_past: bool) -> None:
    torch.manual_seed(2)
    head = STATE_HEADS[name](CHANNELS)
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    windows = random_windows(PAST + 1)
    changed = windows.clone()
    changed[:, :-1] += 1
    assert torch.equal(head(windows), head(changed)) is not reads_past


@pytest.mark.parametrize('name', ['mixture', 'convolution'])
def test_a_head_reads_the_stated_number_of_windows(name: str) -> None:
    torch.manual_seed(3)
    head = STATE_HEADS[name](CHANNELS)
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    windows = random_windows(PAST + 5)
    read = cast('int', head.windows)
    assert torch.equal(head(windows), head(windows[:, -read:]))
    earliest = windows.clone()
    earliest[:, -read] += 1
    assert not torch.equal(head(windows), head(earliest))


def test_a_recurrent_head_continues_from_its_state() -> None:
    torch.manual_seed(4)
    head = ConvGru(CHANNELS)
    torch.nn.init.normal_(head.output.weight, std=0.1)
    windows = random_windows(4)
    state = torch.zeros(2, 64, CELLS, CELLS)
    for window in windows.unbind(dim=1):
        state = head.step(window, state)
    expected = head.output(torch.cat([state, windows[:, -1]], dim=1))
    torch.testing.assert_close(head(windows), expected)
