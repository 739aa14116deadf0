# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.yaml_edit import edit_values

TEXT = """# An array.
version: 1   # of the file
microphones:
  - name: a
    gain_db: 0.0  # as measured
    position_m:
      - 1.0
      - 2.0
  - {name: b, gain_db: 1.5}
"""


def test_changes_values_and_keeps_comments() -> None:
    edited = edit_values(TEXT, 'here', {('microphones', 0, 'gain_db'): -2.5, ('microphones', 1, 'gain_db'): 1e-7})
    assert edited == TEXT.replace('gain_db: 0.0', 'gain_db: -2.5').replace('gain_db: 1.5', 'gain_db: 0.0000001')


def test_changes_block_lists() -> None:
    edited = edit_values(TEXT, 'here', {('microphones', 0, 'position_m'): [0.5, -1.0]})
    assert yaml.safe_load(edited)['microphones'][0]['position_m'] == [0.5, -1.0]
    assert '# as measured' in edited


def test_adds_keys_in_their_order_in_blocks_and_braces() -> None:
    values = {
        ('microphones', 0, 'delay'): 0.25,
        ('microphones', 0, 'std', 'delay'): 0.01,
        ('microphones', 1, 'delay'): -3.0,
        ('rate',): 48_000,
    }
    data = yaml.safe_load(edit_values(TEXT, 'here', values))
    assert list(data['microphones'][0])[-2:] == ['delay', 'std']
    assert data['microphones'][0]['std'] == {'delay': 0.01}
    assert data['microphones'][1] == {'name': 'b', 'gain_db': 1.5, 'delay': -3.0}
    assert data['rate'] == 48_000


def test_adds_keys_to_mappings_that_end_together() -> None:
    text = 'a: 1\nlist:\n  - name: x\n'
    edited = edit_values(text, 'here', {('b',): 2, ('list', 0, 'c'): 3, ('list', 0, 'd'): 4})
    assert edited == 'a: 1\nlist:\n  - name: x\n    c: 3\n    d: 4\nb: 2\n'


@pytest.mark.parametrize('path', [('microphones', 7, 'gain_db'), ('microphones', 'a'), ('version', 'major')])
def test_refuses_missing_places(path: tuple[str | int, ...]) -> None:
    with pytest.raises(RigError, match='here: has no'):
        edit_values(TEXT, 'here', {path: 1})


def test_refuses_a_text_that_is_not_yaml() -> None:
    with pytest.raises(RigError, match='Cannot read'):
        edit_values('a: [1', 'here', {('a',): 1})


@settings(deadline=None, max_examples=30)
@given(
    st.dictionaries(
        st.tuples(
            st.just('microphones'), st.integers(0, 7), st.sampled_from(['gain_db', 'delay_samples', 'polarity', 'name'])
        ),
        st.one_of(st.floats(-50, 50).map(lambda v: round(v, 6)), st.integers(-9, 9), st.text('abc ', max_size=5)),
        max_size=6,
    )
)
def test_what_is_written_is_read_and_nothing_else_changes(values: dict[tuple[str | int, ...], object]) -> None:
    text = (resource_path('calibration/roof_octagon') / 'mic_array.yaml').read_text(encoding='utf-8')
    expected = yaml.safe_load(text)
    for (_, index, key), value in values.items():
        expected['microphones'][index][key] = value
    assert yaml.safe_load(edit_values(text, 'octagon', values)) == expected
