# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The packages that the campaign names are all that its processes import."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from benchmarks.gpu_campaign.packages import FILES, IMPORTS, REQUIREMENTS, pinned_versions

pytestmark = pytest.mark.own_process

MODULES = (
    'benchmarks.gpu_campaign.campaign',
    'benchmarks.gpu_campaign.fill_caches',
    'benchmarks.gpu_campaign.store_bench',
    'benchmarks.gpu_campaign.train_system',
    'benchmarks.benches.network',
    'benchmarks.benches.pipeline',
    'benchmarks.benches.streams',
    'benchmarks.support.librosa_baseline',
    'training.data.simulate',
)
# Other packages are not found, as on a machine without them.
WITHOUT_OTHERS = """
import importlib, importlib.machinery, importlib.metadata, sys
hidden, packages = (set(argument.split(',')) for argument in sys.argv[1:3])
class Visible(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition('.')[0] in hidden else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(importlib.machinery.PathFinder)] = Visible
find = importlib.metadata.Distribution.from_name
def from_name(name):
    if name.lower().replace('_', '-') in packages:
        raise importlib.metadata.PackageNotFoundError(name)
    return find(name)
importlib.metadata.Distribution.from_name = from_name
for module in sys.argv[3:]:
    importlib.import_module(module)
"""


def installed_with(packages: list[str]) -> set[str]:
    """Return the canonical names of packages and of everything that their installation brings."""
    found: set[str] = set()
    waiting = list(packages)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found.add(name)
        try:
            needed = [Requirement(text) for text in requires(name) or ()]
        except PackageNotFoundError:
            continue
        waiting += [need.name for need in needed if need.marker is None or need.marker.evaluate({'extra': ''})]
    return found


def test_every_package_has_a_version_in_the_requirements() -> None:
    assert set(IMPORTS) <= set(pinned_versions()), f'add them to one of {FILES} in {REQUIREMENTS}'


@pytest.mark.slow
def test_the_processes_need_no_other_package() -> None:
    present = installed_with(list(IMPORTS))
    packages_of = {
        module: {canonicalize_name(package) for package in packages}
        for module, packages in packages_distributions().items()
    }
    hidden = [module for module, packages in packages_of.items() if not present & packages]
    assert {'rclpy', 'rosbags', 'sounddevice'} <= set(hidden)
    arguments = [','.join(hidden), ','.join(set().union(*packages_of.values()) - present), *MODULES]
    done = subprocess.run(
        [sys.executable, '-c', WITHOUT_OTHERS, *arguments], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
