# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Limit on the parameters of networks while they are built from a configuration that may be wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch.nn.modules import module

from audio_manifold_ros.common.errors import NetworkError


@contextmanager
def limit_parameters(count: int, remedy: str) -> Iterator[None]:
    """Stop building networks in this thread as soon as they have more than `count` parameters.

    Args:
        count: Greatest number of parameters of the networks that are built in the block.
        remedy: A sentence with the remedy.

    Raises:
        NetworkError: The networks have more parameters, or the memory does not suffice.

    """
    built, thread = 0, threading.get_ident()

    def count_parameter(_module: Any, _name: str, parameter: Any) -> None:
        nonlocal built
        if parameter is None or threading.get_ident() != thread:
            return
        built += parameter.numel()
        if built > count:
            msg = f'The networks have more than {count} parameters. {remedy}'
            raise NetworkError(msg)

    handle = module.register_module_parameter_registration_hook(count_parameter)
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        # torch reports a failed allocation as a RuntimeError.
        msg = f'The networks cannot be built: {error}. {remedy}'
        raise NetworkError(msg) from None
    finally:
        handle.remove()
