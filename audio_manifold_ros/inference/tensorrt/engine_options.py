# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Options of torch-tensorrt that the installed version has, by the signatures of its functions (from 2.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import InferenceError

if TYPE_CHECKING:
    from collections.abc import Collection

# Options that the result depends on. A version without one of them would ignore it silently.
REQUIRED_OPTIONS: dict[str, bool | int | str] = {
    # One engine for everything: parts in torch are slow, and early exporters lose them.
    'require_full_compilation': True,
    # With fewer operations than this the compiler returns its input. The default is 5.
    'min_block_size': 1,
    # The search for the nearest code needs single precision. TF32 has 10 bits.
    'disable_tf32': True,
}
# Options that help, or that state a default.
PREFERRED_OPTIONS: dict[str, bool | int | str] = {
    'truncate_double': True,
    'optimization_level': 3,
    'hardware_compatible': False,
    'version_compatible': False,
    'immutable_weights': True,
    'cache_built_engines': False,
    'reuse_cached_engines': False,
    # The engine keeps the types of the graph. Version 2.13 has no such option and always keeps them.
    # `enabled_precisions` is never given: it is refused from 2.10 on and ignored from 2.13 on, which would give an
    # engine in single precision.
    'use_explicit_typing': True,
}


def compile_options(parameters: Collection[str], version: str) -> dict[str, bool | int | str]:
    """Return the options of `torch_tensorrt.dynamo.compile`, without the inputs and the timing cache.

    Args:
        parameters: Names of the parameters in its signature.
        version: Version in messages.

    Raises:
        InferenceError: A required option is missing.

    """
    missing = sorted({*REQUIRED_OPTIONS, 'arg_inputs'} - set(parameters))
    if missing:
        msg = (
            f'torch-tensorrt {version} has no options {missing}, which it would ignore silently: '
            'use a version from 2.8 to 2.13, or a newer release of this package.'
        )
        raise InferenceError(msg)
    return {**REQUIRED_OPTIONS, **{name: value for name, value in PREFERRED_OPTIONS.items() if name in parameters}}


def timing_cache_options(parameters: Collection[str], timing_cache: str) -> dict[str, bool | int | str]:
    """Return the option of the timing cache. Its default is a folder that all users of a machine share."""
    return {'timing_cache_path': timing_cache} if 'timing_cache_path' in parameters else {}


def save_options(parameters: Collection[str], version: str) -> dict[str, bool | int | str]:
    """Return the options of `torch_tensorrt.save`, without the inputs.

    Raises:
        InferenceError: An option is missing.

    """
    # Without retracing, versions before 2.10 use an exporter that may drop the inputs of a part.
    options: dict[str, bool | int | str] = {'output_format': 'exported_program', 'retrace': True}
    missing = sorted({*options, 'arg_inputs'} - set(parameters))
    if missing:
        msg = f'The save of torch-tensorrt {version} has no options {missing}: use a version from 2.8 to 2.13.'
        raise InferenceError(msg)
    return options


def debugger_options(version: str, folder: str) -> dict[str, bool | int | str]:
    """Return the options of `torch_tensorrt.dynamo.Debugger` with which engines report the type of each layer.

    Before 2.12 they do so only with a profile.
    """
    old = _major_minor(version) < (2, 12)
    return {'log_level': 'error', 'engine_builder_monitor': False, 'save_engine_profile': old, 'logging_dir': folder}


def _major_minor(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version. A part that is not a number counts as 0."""
    parts = version.split('+', maxsplit=1)[0].split('.')[:2]
    return tuple(int(part) if part.isdigit() else 0 for part in parts)
