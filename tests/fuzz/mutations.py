# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mutations of files: bytes, values of YAML and JSON trees, and hostile texts."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import yaml

HOSTILE_BYTES = (
    b'\x00',
    b'\xff' * 4,
    b'\x00' * 8,
    b'\xff' * 8,
    b'\x7f\xff\xff\xff',
    b'\x80',
    b'\r\n',
    b'\x1b[2J',
    b'../',
)
HOSTILE_VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**31,
    2**63,
    10**400,
    -(10**18),
    0.5,
    float('nan'),
    float('inf'),
    1e308,
    '',
    ' ',
    '../outside.bin',
    '/etc/passwd',
    '~',
    '${HOME}',
    '\x1b[31mred',
    'a' * 5000,
    'ünïcödé\u202e',
    [],
    {},
    [[]],
    {'': ''},
    [0] * 2000,
    {'key': {'key': {'key': 1}}},
)
ALIAS_BOMB = 'a: &a [x, x, x, x, x, x, x, x, x]\n' + ''.join(
    f'{chr(98 + n)}: &{chr(98 + n)} [{", ".join(["*" + chr(97 + n)] * 9)}]\n' for n in range(10)
)
MERGE_BOMB = 'a: &a {x: 1}\n' + ''.join(
    f'{chr(98 + n)}: &{chr(98 + n)}\n  <<: [{", ".join(["*" + chr(97 + n)] * 9)}]\n' for n in range(10)
)
HOSTILE_YAML = (
    ALIAS_BOMB,
    MERGE_BOMB,
    '[' * 20_000,
    '{a: ' * 5_000,
    'a: 1\na: 2\n',
    'a: 010\nb: 1:30\nc: 2024-01-01\n',
    '!!python/object/apply:os.system [echo]\n',
    'a: ' + '9' * 100_000 + '\n',
    '? ' * 3_000,
    '--- 1\n--- 2\n',
    '\x00',
    '%YAML 9.9\n---\na: 1\n',
    'a: !!binary "////"\n',
    '- ' * 10_000,
)
HOSTILE_JSON = (
    '[' * 50_000,
    '{"a":' * 5_000,
    '{"a": 1, "a": 2}',
    '{"a": 1e999}',
    '{"a": NaN}',
    '{"a": ' + '9' * 100_000 + '}',
    '{"a": "' + '\\u0000' * 1_000 + '"}',
    '{' + ', '.join(['"a": 1'] * 50_000) + '}',
    '"' + 'a' * 1_000_000 + '"',
    '',
    'null',
    '\ufeff{}',
)


def mutate_bytes(data: bytes, rng: np.random.Generator) -> bytes:
    """Return `data` with one to four random changes: bits, cuts, copies, insertions or overwritten numbers."""
    mutated = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.integers(0, max(len(mutated), 1)))
        length = int(min(2 ** rng.integers(0, 12), max(len(mutated) - at, 0)))
        match int(rng.integers(0, 7)):
            case 0 if mutated:
                mutated[at] ^= 1 << int(rng.integers(0, 8))
            case 1:
                del mutated[at : at + length]
            case 2:
                del mutated[at:]
            case 3:
                mutated[at:at] = mutated[at : at + length]
            case 4:
                mutated[at:at] = HOSTILE_BYTES[int(rng.integers(0, len(HOSTILE_BYTES)))]
            case 5:
                hostile = HOSTILE_BYTES[int(rng.integers(0, len(HOSTILE_BYTES)))]
                mutated[at : at + len(hostile)] = hostile
            case _:
                mutated[at : at + length] = rng.integers(0, 256, length, dtype=np.uint8).tobytes()
    return bytes(mutated)


def mutate_values(values: Any, rng: np.random.Generator) -> Any:
    """Return a copy of a tree of plain values in which one to three nodes are replaced, removed, added or renamed."""
    tree = [copy.deepcopy(values)]
    for _ in range(int(rng.integers(1, 4))):
        nodes = list(_nodes(tree))
        parent, key = nodes[int(rng.integers(0, len(nodes)))]
        hostile = copy.deepcopy(HOSTILE_VALUES[int(rng.integers(0, len(HOSTILE_VALUES)))])
        action = int(rng.integers(0, 6))
        if action <= 2 or parent is tree:
            parent[key] = hostile
        elif action == 3:
            del parent[key]
        elif isinstance(parent, dict):
            parent[f'{key}{"x" * (action == 4)}'] = parent.pop(key) if action == 4 else hostile
            parent.setdefault(str(hostile)[:50], hostile)
        else:
            parent.insert(int(key), hostile)
    return tree[0]


def mutate_yaml(data: bytes, rng: np.random.Generator) -> bytes:
    """Return a YAML file with mutated values, mutated text, or a hostile text appended."""
    match int(rng.integers(0, 4)):
        case 0:
            return mutate_bytes(data, rng)
        case 1:
            hostile = HOSTILE_YAML[int(rng.integers(0, len(HOSTILE_YAML)))]
            return (hostile if rng.integers(0, 2) else data.decode() + '\n' + hostile).encode()
        case _:
            return yaml.safe_dump(mutate_values(yaml.safe_load(data), rng), allow_unicode=True).encode()


def mutate_json(data: bytes, rng: np.random.Generator) -> bytes:
    """Return a JSON file with mutated values, mutated text, or a hostile text in its place."""
    match int(rng.integers(0, 4)):
        case 0:
            return mutate_bytes(data, rng)
        case 1:
            return HOSTILE_JSON[int(rng.integers(0, len(HOSTILE_JSON)))].encode()
        case _:
            return json.dumps(mutate_values(json.loads(data), rng)).encode()


def _nodes(tree: Any) -> Any:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in list(items):
        yield tree, key
        if isinstance(value, dict | list):
            yield from _nodes(value)
