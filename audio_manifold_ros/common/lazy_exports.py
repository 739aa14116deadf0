# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lazy public names of a package: a name in `__all__` is imported from its module at its first use.

Importing a package therefore imports neither PyTorch nor ROS, and costs nothing for names that are not used.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping


def lazy_exports(package: str, modules: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package.

    Args:
        package: The `__name__` of the package.
        modules: Module relative to the package, for example `capture.device_source`, and the names that it exports,
            separated by spaces.

    """
    sources = {name: module for module, names in modules.items() for name in names.split()}

    def get(name: str) -> object:
        if name not in sources:
            msg = f'module {package!r} has no attribute {name!r}'
            raise AttributeError(msg)
        value: object = getattr(importlib.import_module(f'{package}.{sources[name]}'), name)
        setattr(sys.modules[package], name, value)
        return value

    return get, lambda: sorted({*vars(sys.modules[package]), *sources})
