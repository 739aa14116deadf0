# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Packages that the campaign needs besides torch, found without importing them.

This module needs the standard library only, so that a bare machine gets a list and not a traceback.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[2] / 'requirements'
FILES = ('run.txt', 'train.txt', 'dev.txt')
TORCH = 'torch'
# Names of the imports of each package. The versions are in the requirements of the project.
IMPORTS = {
    TORCH: 'torch',
    'numpy': 'numpy',
    'scipy': 'scipy',
    'numba': 'numba',
    'pyyaml': 'yaml',
    'h5py': 'h5py',
    'opencv-python-headless': 'cv2',
    'safetensors': 'safetensors',
    'psutil': 'psutil',
    'rich': 'rich',
    'jinja2': 'jinja2',
    'onnx': 'onnx',
    'onnxruntime': 'onnxruntime',
    'lightning': 'lightning',
    'tensorboard': 'tensorboard',
    'librosa': 'librosa',
    'pytest': 'pytest',
    'pytest-timeout': 'pytest_timeout',
}


def missing_packages() -> list[str]:
    """Return the packages that cannot be imported, with the versions of the requirements."""
    versions = pinned_versions()
    return [
        f'{package}=={versions[package]}'
        for package, module in IMPORTS.items()
        if importlib.util.find_spec(module) is None
    ]


def pinned_versions() -> dict[str, str]:
    """Return the version of each package that the requirements name."""
    found: dict[str, str] = {}
    for name in FILES:
        text = (REQUIREMENTS / name).read_text(encoding='utf-8')
        for package, version in re.findall(r'^([\w-]+)==([\w.+]+)', text, re.MULTILINE):
            found.setdefault(package, version)
    return found


def describe_missing(missing: list[str]) -> str:
    """Return the message of a machine on which packages are missing: what, and how they come there."""
    carried = [requirement for requirement in missing if not requirement.startswith(f'{TORCH}==')]
    lines = ['torch is missing: take a machine with a CUDA build of torch.'] if len(carried) < len(missing) else []
    return '\n'.join([*lines, *([_describe_transport(carried)] if carried else [])])


def _describe_transport(carried: list[str]) -> str:
    packages = ' '.join(carried)
    return (
        f'{len(carried)} packages are missing: {packages}\n'
        'On a machine with a network and the same Python, processor and system:\n'
        f'  python -m pip download --only-binary=:all: -c requirements/constraints.txt -d wheels {packages}\n'
        '  rm -f wheels/torch-* wheels/nvidia_* wheels/triton-*\n'
        'Copy the folder into the checkout of this machine, and install from it next to the torch of this machine:\n'
        '  python -m venv --system-site-packages gpu_env\n'
        f'  gpu_env/bin/python -m pip install --no-index --find-links wheels {packages}\n'
        '  gpu_env/bin/python -m benchmarks.gpu_campaign --out results'
    )
