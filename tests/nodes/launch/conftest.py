# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The module `launch` of ROS, and stubs of it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.nodes.launch.launch_files import SHARED
from tests.nodes.launch.launch_stubs import stub_modules


@pytest.fixture
def stubs(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Yield the module `launch` with stubs, which show the options of each action."""
    for name, module in stub_modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    yield from imported_again(monkeypatch)


@pytest.fixture(params=['stubs', 'ROS'])
def launch_api(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Yield the module `launch`, once with stubs and once as installed."""
    if request.param == 'stubs':
        yield request.getfixturevalue('stubs')
        return
    pytest.importorskip('launch.actions', reason="needs ROS's launch, which is not on PyPI")
    pytest.importorskip('launch_ros.actions', reason="needs ROS's launch_ros, which is not on PyPI")
    yield from imported_again(monkeypatch)


def imported_again(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Yield the module `launch`. The shared module of the launch files is imported again before and after."""
    monkeypatch.delitem(sys.modules, SHARED, raising=False)
    yield importlib.import_module('launch')
    sys.modules.pop(SHARED, None)
