# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.tensorrt.engine_options import (
    compile_options,
    debugger_options,
    save_options,
    timing_cache_options,
)
from tests.inference.tensorrt.torch_tensorrt_signatures import COMPILE, DEBUGGER, SAVE

VERSIONS = tuple(COMPILE)


@pytest.mark.parametrize('version', VERSIONS)
def test_every_version_receives_only_its_options(version: str) -> None:
    options = {**compile_options(COMPILE[version], version), **timing_cache_options(COMPILE[version], 'timing.bin')}
    assert set(options) <= set(COMPILE[version])
    assert set(save_options(SAVE[version], version)) <= set(SAVE[version])
    assert set(debugger_options(version, 'folder')) <= set(DEBUGGER[version])


@pytest.mark.parametrize('version', VERSIONS)
def test_all_or_nothing_is_compiled_and_no_precision_is_asked_for(version: str) -> None:
    options = compile_options(COMPILE[version], version)
    assert options['require_full_compilation'] is True
    assert options['min_block_size'] == 1
    assert options['disable_tf32'] is True
    assert 'enabled_precisions' not in options
    assert save_options(SAVE[version], version)['retrace'] is True


@pytest.mark.parametrize('version', ['2.8.0', '2.10.0', '2.12.1'])
def test_types_are_explicit_where_that_is_an_option(version: str) -> None:
    assert compile_options(COMPILE[version], version)['use_explicit_typing'] is True
    assert 'use_explicit_typing' not in compile_options(COMPILE['2.13.0'], '2.13.0'), 'there it is the only way'


def test_the_shared_folder_of_the_compiler_is_never_used() -> None:
    for version in VERSIONS:
        assert timing_cache_options(COMPILE[version], '/mine/timing.bin') == {'timing_cache_path': '/mine/timing.bin'}


def test_options_are_plain_values_of_the_key() -> None:
    for version in VERSIONS:
        assert all(type(value) in {bool, int, str} for value in compile_options(COMPILE[version], version).values())


@pytest.mark.parametrize('lost', ['require_full_compilation', 'min_block_size', 'disable_tf32', 'arg_inputs'])
def test_a_version_without_a_required_option_is_refused(lost: str) -> None:
    future: list[Any] = [name for name in COMPILE['2.13.0'] if name != lost]
    with pytest.raises(InferenceError, match=rf"3\.0 has no options \['{lost}'\]"):
        compile_options(future, '3.0')


def test_a_save_that_does_not_retrace_is_refused() -> None:
    with pytest.raises(InferenceError, match=r"\['retrace'\]"):
        save_options(['module', 'file_path', 'output_format', 'arg_inputs'], '3.0')


@pytest.mark.parametrize('version', ['2.8.0', '2.10.0', '2.11.0+cu130'])
def test_old_versions_must_profile_to_tell_their_types(version: str) -> None:
    assert debugger_options(version, 'folder')['save_engine_profile'] is True


@pytest.mark.parametrize('version', ['2.12.1', '2.13.0', '3.1.0a0'])
def test_new_versions_tell_their_types_without_a_profile(version: str) -> None:
    options = debugger_options(version, 'folder')
    assert options['save_engine_profile'] is False
    assert options['logging_dir'] == 'folder'
