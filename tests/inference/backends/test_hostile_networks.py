# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks of a manifest that are wrong or absurd are refused before their memory is allocated."""

from __future__ import annotations

import copy
import json
import resource
import time
from dataclasses import replace
from typing import Any

import pytest

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.backends.torch_backend import load_network
from audio_manifold_ros.inference.bundle.bundle import Bundle

CASES: list[tuple[str, Any, str]] = [
    ('at_nets.0.mics', 1 << 40, 'mics from 1 to 64'),
    ('at_nets.0.mics', '8', "mics is '8'"),
    ('at_nets.0.width', 1e300, 'width'),
    ('at_nets.0.width', 4.0, 'more than|other shapes'),
    ('at_nets.0.code_dim', 10**9, 'code_dim from 1 to 1024'),
    ('at_nets.0.manifold_cells', 1 << 30, 'power of two from 2 to 128'),
    ('at_nets.0.modalities', [['depth']], 'modalities'),
    ('at_nets', 7, 'at_nets is 7'),
    ('at_nets', [None], 'at_nets'),
    ('manifolds.depth.features', 10**7, 'features is 10000000: give a positive number up to 1024'),
    ('manifolds.depth.residual_blocks', 10**9, 'residual_blocks is 1000000000: give a positive number up to 32'),
    ('manifolds.depth.features', 1024, 'The networks have more than'),
    ('manifolds.depth.codes', 10**12, 'codes is 1000000000000'),
    ('manifolds.depth.image_size', 1 << 60, 'image_size'),
    ('manifolds.depth.channels', -1, 'channels is -1'),
    ('manifolds.depth', [], 'depth'),
    ('direct', [{'omninet': {'mics': 10**9}}], 'mics is 1000000000'),
    ('direct', [{'omninet': {'fused': [10**9, 10**9]}}], 'fused'),
    ('direct', [{'echo2depth': {'variant': 'visualechoes', 'height': 10**9}}], 'Features are'),
    ('depth.near_m', -1, 'near_m'),
]


@pytest.mark.parametrize(('path', 'value', 'message'), CASES, ids=[f'{path}={value!r:.30}' for path, value, _ in CASES])
def test_wrong_and_absurd_networks_are_named(bundle: Bundle, path: str, value: object, message: str) -> None:

    networks: Any = json.loads(json.dumps(copy.deepcopy(dict(bundle.manifest.networks))))
    *way, last = [int(part) if part.isdigit() else part for part in path.split('.')]
    place = networks
    for part in way:
        place = place[part]
    place[last] = value
    changed = Bundle(bundle.folder, replace(bundle.manifest, networks=networks))
    before_kib, start_s = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(InferenceError, match=message):
        load_network(changed)
    assert time.monotonic() - start_s < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 400_000
