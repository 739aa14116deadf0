# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verdict on scores: comparison with the prior and with shuffled audio."""

from __future__ import annotations

from training.experiment.verdict import describe, worse_than_prior

GOOD = {'abs_rel': 0.2, 'abs_rel_prior': 0.3, 'abs_rel_shuffled': 0.4, 'abs_rel_mirrored': 0.25}
BAD = {'miou': 0.2, 'miou_prior': 0.3, 'miou_shuffled': 0.2, 'miou_mirrored': None}


def test_the_verdict_names_each_modality() -> None:
    lines = describe({'windows': 7, 'depth': GOOD, 'segmentation': BAD}, leaks=False)
    assert lines == [
        'scores of 7 test windows:',
        (
            '  depth: abs_rel 0.200 (smaller is better); median prior 0.300, shuffled audio 0.400, '
            'mirrored microphones 0.250'
        ),
        (
            '  segmentation: miou 0.200 (larger is better); median prior 0.300, shuffled audio 0.200, '
            'mirrored microphones –'
        ),
        'verdict: beats the prior: depth yes, segmentation no; uses the audio: depth yes, segmentation no',
    ]


def test_a_leak_is_part_of_the_verdict() -> None:
    assert 'LEAKS' in describe({'windows': 7, 'depth': GOOD, 'segmentation': {}}, leaks=True)[-1]


def test_only_modalities_worse_than_the_prior_are_warned_of() -> None:
    assert worse_than_prior({'depth': GOOD, 'segmentation': {}}) == ''
    warning = worse_than_prior({'depth': GOOD, 'segmentation': BAD})
    assert 'segmentation (miou 0.200, prior 0.300)' in warning
    assert 'depth' not in warning
    assert 'depth (abs_rel –, prior 0.300)' in worse_than_prior({'depth': {**GOOD, 'abs_rel': None}})
