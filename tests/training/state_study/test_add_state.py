# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A state over time for a bundle: the new bundle runs, has scores with and without earlier windows, and its card."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.backends.torch_backend import load_network
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.networks.spatial.latent_state import StateHead
from audio_manifold_ros.networks.spatial.state_config import LatentStateConfig
from training.state_study.add_state import main, with_state
from training.state_study.drive_latents import encode_drives
from training.state_study.fit_state import LatentDecoder, score_head
from training.state_study.score_state import reduced_past
from training.state_study.study import split_drives


@pytest.fixture(scope='module')
def added(state_drives: Path, street_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    work = tmp_path_factory.mktemp('work')
    arguments = ['--drives', str(state_drives), '--bundle', str(street_bundle.folder), '--work', str(work)]
    assert main([*arguments, '--output', str(work / 'with_state'), '--steps', '3', '--workers', '1']) == 0
    return Bundle.load(work / 'with_state')


def test_the_bundle_has_a_state(added: Bundle, street_bundle: Bundle) -> None:
    manifest = added.manifest
    assert manifest.name == 'with_state'
    assert manifest.state == LatentStateConfig()
    assert manifest.past_shape == (8, 32, 8, 8)
    assert manifest.features == street_bundle.manifest.features
    assert '10 drives in 3 steps' in str(manifest.training['state over time'])
    # The int8 graph of the other networks would ignore the state.
    assert 'model.int8.onnx' not in manifest.files
    assert street_bundle.manifest.state is None


def test_the_card_states_the_past_and_both_scores(added: Bundle) -> None:
    card = (added.folder / 'README.md').read_text()
    assert 'latents of 8 earlier windows, 0.25 s apart' in card
    assert 'without earlier windows' in card
    scores = json.loads((added.folder / 'metrics.json').read_text())
    assert scores['windows'] == 2
    for variant in ('', '_no_past', '_camera_prior', '_mirrored', '_shuffled'):
        assert scores['depth'][f'abs_rel{variant}'] > 0


def test_the_depth_is_that_of_the_fit_and_the_classes_are_those_of_the_bundle(
    added: Bundle, state_drives: Path, street_bundle: Bundle
) -> None:
    latents = encode_drives(street_bundle, state_drives, added.folder.parent / 'latents', 1)
    training, tested = split_drives(latents)
    network = load_network(added)
    assert network.state is not None
    decoder = LatentDecoder(load_network(street_bundle), training)
    expected, before = (score_head(head, decoder, tested) for head in (network.state.head, None))
    scores = json.loads((added.folder / 'metrics.json').read_text())
    # Weights and latents in half precision.
    assert scores['depth']['abs_rel'] == pytest.approx(expected.abs_rel.mean(), rel=0.02)
    np.testing.assert_array_equal(expected.correct, before.correct)
    assert not np.array_equal(expected.abs_rel, before.abs_rel)


def test_a_new_state_changes_no_image(street_bundle: Bundle, state_drives: Path, tmp_path: Path) -> None:
    network = load_network(street_bundle)
    latents = encode_drives(street_bundle, state_drives, tmp_path, 1)
    extended = with_state(network, LatentDecoder(network, latents), StateHead(128))
    assert network.spatial is not None
    features = torch.randn(1, network.spatial.config.size)
    assert extended.state is not None
    past = torch.from_numpy(reduced_past(extended.state, latents.latents[0, :8]))[None]
    with torch.no_grad():
        ours, theirs = extended(torch.cat([features, past], dim=1)), network(features)
    for one, other in zip(ours, theirs, strict=False):
        torch.testing.assert_close(one, other)


def test_the_graph_uses_the_past(added: Bundle) -> None:
    backend = OnnxBackend(added, 1)
    size = added.manifest.features.input_shape(8)[0]
    features = np.random.default_rng(4).normal(size=size).astype(np.float32)
    past = np.random.default_rng(5).normal(size=8 * 32 * 64).astype(np.float32)
    alone, with_past = backend.run(features), backend.run(np.concatenate([features, past]))
    assert not np.array_equal(alone.depth_m, with_past.depth_m)
    np.testing.assert_array_equal(alone.latents, with_past.latents)
