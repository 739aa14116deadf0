# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fourier transforms of several channels in single or double precision, without the other modules of SciPy.

`import scipy.fft` also imports `scipy.special`, `scipy.linalg` and `scipy.sparse`: 390 modules and 42 MB, a quarter of
the memory of the node. The transforms are in one extension module, which is loaded by itself where SciPy has it.
numpy.fft takes 1.7 times as long for single precision.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXTENSION = 'scipy.fft._pocketfft.pypocketfft'
# Scaling of the extension: none, or 1 / n.
UNSCALED, SCALED = 0, 2
LAST_AXIS = (-1,)
THREADS = 1


def real_transform(samples: NDArray[Any]) -> NDArray[Any]:
    """Return the transforms of real samples (…, sample), (…, bin), in their precision."""
    spectrum: NDArray[Any] = _TRANSFORMS.r2c(samples, LAST_AXIS, True, UNSCALED, None, THREADS)
    return spectrum


def scaled_transform(values: NDArray[Any]) -> NDArray[Any]:
    """Return the transforms of complex values (…, sample), divided by their length."""
    spectrum: NDArray[Any] = _TRANSFORMS.c2c(values, LAST_AXIS, True, SCALED, None, THREADS)
    return spectrum


def inverse_transform(spectra: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """Return the inverse transforms of spectra (…, bin) without a division by their length.

    Args:
        spectra: Complex spectra.
        out: Array for the result, which may be `spectra`.

    """
    values: NDArray[Any] = _TRANSFORMS.c2c(spectra, LAST_AXIS, False, UNSCALED, out, THREADS)
    return values


def fast_length(samples: int) -> int:
    """Return the smallest length from `samples` on whose complex transform is fast."""
    return int(_TRANSFORMS.good_size(samples, False))


class PackageTransforms:
    """The transforms of `scipy.fft`, by the names of the extension module. For versions of SciPy without it."""

    def __init__(self) -> None:
        """Import the package."""
        self._fft = import_module('scipy.fft')

    def r2c(self, samples: NDArray[Any], axes: tuple[int], *_: object) -> Any:
        """Return the transforms of real samples."""
        return self._fft.rfft(samples, axis=axes[0], workers=THREADS)

    def c2c(self, values: NDArray[Any], axes: tuple[int], forward: bool, *_: object) -> Any:  # noqa: FBT001
        """Return the transforms of complex values, divided by their length, or unscaled inverse ones."""
        transform = self._fft.fft if forward else self._fft.ifft
        return transform(values, axis=axes[0], norm='forward', workers=THREADS)

    def good_size(self, samples: int, _: bool) -> Any:  # noqa: FBT001
        """Return the smallest fast length from `samples` on."""
        return self._fft.next_fast_len(samples)


def load_transforms() -> Any:
    """Return the extension module of the transforms, without its package if that is not imported yet."""
    if EXTENSION in sys.modules:
        return sys.modules[EXTENSION]
    package = find_spec('scipy')
    folders = [] if package is None else package.submodule_search_locations or []
    files = (
        Path(folder, 'fft', '_pocketfft', f'pypocketfft{suffix}') for folder in folders for suffix in EXTENSION_SUFFIXES
    )
    path = next((file for file in files if file.is_file()), None)
    spec = None if path is None else spec_from_file_location(EXTENSION, path)
    if spec is None or spec.loader is None:
        return PackageTransforms()
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    # A later import of scipy.fft takes the same module.
    sys.modules[EXTENSION] = module
    return module


_TRANSFORMS = load_transforms()
