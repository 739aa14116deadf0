# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What torch-tensorrt is told, of what the installed version knows: from 2.8 on, by its own signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audio_manifold_ros.common.errors import InferenceError

if TYPE_CHECKING:
    from collections.abc import Collection

# What the result depends on: a version that does not know one of these would swallow it without a word.
REQUIRED_OPTIONS: dict[str, Any] = {
    # All in one engine, or none: what falls back to torch is slow, and early exporters lose it.
    'require_full_compilation': True,
    # With fewer operations than this the compiler hands back what it was given; its default is 5.
    'min_block_size': 1,
    # The search for the nearest code is in single precision, which 10 bits are not.
    'disable_tf32': True,
}
# What helps, or states a default.
PREFERRED_OPTIONS: dict[str, Any] = {
    'truncate_double': True,
    'optimization_level': 3,
    'hardware_compatible': False,
    'version_compatible': False,
    'immutable_weights': True,
    'cache_built_engines': False,
    'reuse_cached_engines': False,
    # The engine keeps the types of the graph. Where it is missing (2.13) they are always kept. `enabled_precisions`
    # is never given: it is refused from 2.10, and from 2.13 ignored, so that an engine would be single precision.
    'use_explicit_typing': True,
}


def compile_options(parameters: Collection[str], version: str) -> dict[str, Any]:
    """Return the options of `torch_tensorrt.dynamo.compile`, but for the inputs and the timing cache.

    Args:
        parameters: Names in its signature.
        version: For messages.

    Raises:
        InferenceError: It lacks an option that cannot be done without.

    """
    missing = sorted({*REQUIRED_OPTIONS, 'arg_inputs'} - set(parameters))
    if missing:
        msg = (
            f'torch-tensorrt {version} has no options {missing}, which it would ignore silently: '
            'use a version from 2.8 to 2.13, or a newer release of this package.'
        )
        raise InferenceError(msg)
    return {**REQUIRED_OPTIONS, **{name: value for name, value in PREFERRED_OPTIONS.items() if name in parameters}}


def timing_cache_options(parameters: Collection[str], timing_cache: str) -> dict[str, Any]:
    """Return what tells the compiler where to write: its default is a folder that all users of a machine share."""
    return {'timing_cache_path': timing_cache} if 'timing_cache_path' in parameters else {}


def save_options(parameters: Collection[str], version: str) -> dict[str, Any]:
    """Return the options of `torch_tensorrt.save`, but for the inputs.

    Raises:
        InferenceError: It lacks one of them.

    """
    # Without retracing, versions before 2.10 use an exporter that may drop what feeds a part.
    options = {'output_format': 'exported_program', 'retrace': True}
    missing = sorted({*options, 'arg_inputs'} - set(parameters))
    if missing:
        msg = f'The save of torch-tensorrt {version} has no options {missing}: use a version from 2.8 to 2.13.'
        raise InferenceError(msg)
    return options


def debugger_options(version: str, folder: str) -> dict[str, Any]:
    """Return the options of `torch_tensorrt.dynamo.Debugger` that make engines tell the type of each layer.

    Before 2.12 they do so only where a profile is kept.
    """
    old = _major_minor(version) < (2, 12)
    return {'log_level': 'error', 'engine_builder_monitor': False, 'save_engine_profile': old, 'logging_dir': folder}


def _major_minor(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version; what is none counts as 0."""
    parts = version.split('+', maxsplit=1)[0].split('.')[:2]
    return tuple(int(part) if part.isdigit() else 0 for part in parts)
