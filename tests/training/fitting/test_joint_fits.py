# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Joint fits of small networks to windows of simulated streets, with the real trainer."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from audio_manifold_ros.common.errors import TrainingError
from training.config.experiment_configuration import TrainingConfig
from training.config.fit_configuration import CodebookConfig, FitConfig
from training.config.joint_configuration import JointConfig
from training.fitting.checkpoints import AVERAGE_PREFIX, BEST, LAST, load_checkpoint, network_weights
from training.fitting.fit_history import FitHistory
from training.fitting.fit_joint import fit_joint
from training.fitting.fitted_networks import load_perception
from training.fitting.joint_module import JointModule

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

FIT = FitConfig(batch_size=4, steps=15, learning_rate=3e-3, schedule='one_cycle', validate_every_steps=5)


@pytest.fixture
def joint_config(config: TrainingConfig) -> TrainingConfig:
    """Return a small experiment with a joint fit from random weights."""
    return replace(config, joint=JointConfig(average=0.9), joint_fit=FIT, codebook=CodebookConfig(0.25, 4, 256, 3))


def test_a_joint_fit_learns_and_continues_from_the_weights_of_a_run(joint_config: TrainingConfig) -> None:
    best = fit_joint(joint_config, FIT)
    curves = FitHistory.read(best.parent).curves
    assert curves['train/loss'][-1][1] < 0.9 * curves['train/loss'][0][1]
    first = load_perception(joint_config)
    assert all(codebook.started for codebook in first.codebooks.values())
    run = best.parents[1]
    (run / 'config.json').write_text(json.dumps(joint_config.to_dict()))
    joint = replace(joint_config.joint or JointConfig(), start=str(run), frozen=('depth',))
    second = replace(joint_config, joint=joint, output=f'{run}_again')
    fit_joint(second, replace(FIT, steps=3, validate_every_steps=3))
    continued, before = load_perception(second).state_dict(), first.state_dict()
    changed = {name.rsplit('.', 1)[0] for name in before if not torch.equal(before[name], continued[name])}
    assert not any(name.startswith(('decoders.depth', 'codebooks.depth')) for name in changed - {'codebooks.depth'})
    torch.testing.assert_close(continued['codebooks.depth.codebook'], before['codebooks.depth.codebook'])
    assert {'decoders.segmentation.0', 'codebooks.segmentation', 'at_nets.0.trunk.1'} <= changed
    others = replace(second, at_nets=(replace(second.at_nets[0], width=0.25),))
    with pytest.raises(TrainingError, match='make them equal'):
        fit_joint(others, FIT)


def test_an_interrupted_joint_fit_resumes_with_equal_results(
    joint_config: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = JointModule.training_step

    def failing(module: JointModule, batch: dict[str, torch.Tensor], batch_idx: int) -> torch.Tensor:
        if module.global_step == 5:
            msg = 'power failure'
            raise RuntimeError(msg)
        return step(module, batch, batch_idx)  # type: ignore[arg-type]

    monkeypatch.setattr(JointModule, 'training_step', failing)
    at_net = replace(joint_config.at_nets[0], modalities=('depth',))
    fit = replace(FIT, steps=9, validate_every_steps=3)
    joint_config = replace(
        joint_config, at_nets=(at_net,), manifolds={'depth': joint_config.manifolds['depth']}, joint_fit=fit
    )
    with pytest.raises(RuntimeError, match='power failure'):
        fit_joint(joint_config, fit)
    monkeypatch.undo()
    resumed = fit_joint(joint_config, fit, resume=True)
    undisturbed = fit_joint(replace(joint_config, output=f'{joint_config.output}_undisturbed'), fit)
    assert FitHistory.read(resumed.parent).curves == FitHistory.read(undisturbed.parent).curves
    for name in (BEST, LAST):
        found, expected = (load_checkpoint(path.with_name(name)) for path in (resumed, undisturbed))
        for prefix in ('network.', AVERAGE_PREFIX):
            weights, others = network_weights(found, prefix), network_weights(expected, prefix)
            assert all(torch.equal(weights[key], others[key]) for key in others)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'frozen': ('depth',)}, 'and `start` with their weights'),
        ({'frozen': ('normals',), 'start': 'models/paper_8x8'}, "give modalities of \\['depth', 'segmentation'\\]"),
        ({'start_trunk': 'models/street'}, 'give it without `start`, in an experiment with `spatial`'),
    ],
)
def test_a_joint_fit_with_wrong_starting_weights_is_refused(
    config: TrainingConfig, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(TrainingError, match=message):
        replace(config, joint=JointConfig(**changes))  # type: ignore[arg-type]
