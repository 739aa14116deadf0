# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stored predictions of an unfinished evaluation, so that a killed evaluation continues with its next batch."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.files import atomic_write
from audio_manifold_ros.inference.backends.backend import named_output
from audio_manifold_ros.inference.bundle.prediction import NetworkOutput

FOLDER = 'scoring'
KEY_DIGITS = 16
Outputs = Mapping[str, Sequence[NetworkOutput]]


class ScoredBatches:
    """Folder with the predictions of each batch of an evaluation.

    The name of the folder depends on the networks and the windows. Files of another evaluation are never used.
    """

    def __init__(self, output: Path | str, provenance: Mapping[str, object]) -> None:
        """Select the folder of an evaluation.

        Args:
            output: Output folder of the experiment.
            provenance: Result of `describe_provenance`.

        """
        key = hashlib.sha256(json.dumps(provenance, sort_keys=True).encode()).hexdigest()[:KEY_DIGITS]
        self.folder = Path(output) / FOLDER / key

    def load_or_predict(self, number: int, predict: Callable[[], Outputs]) -> Outputs:
        """Return the stored predictions of a batch, or compute and store them.

        Args:
            number: Number of the batch, from 0.
            predict: Function that returns the predictions of the batch by variant.

        """
        path = self.folder / f'{number:06d}.npz'
        try:
            return _unpack(path)
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            # The batch has not been scored yet, or its file is cut.
            outputs = predict()
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as partial, partial.open('wb') as file:
            np.savez_compressed(file, **_pack(outputs))  # type: ignore[arg-type]
        return outputs

    def remove(self) -> None:
        """Remove the predictions of this and of earlier evaluations of the experiment."""
        shutil.rmtree(self.folder.parent, ignore_errors=True)


def _pack(outputs: Outputs) -> dict[str, NDArray[np.generic]]:
    """Return an array for each variant and each output of the networks, named `variant.output`."""
    arrays = {}
    for variant, windows in outputs.items():
        tensors = [window.tensors() for window in windows]
        for name in tensors[0] if tensors else ():
            arrays[f'{variant}.{name}'] = np.stack([found[name] for found in tensors])
    return arrays


def _unpack(path: Path) -> Outputs:
    # NumPy leaves a damaged file open when it opens it itself.
    with path.open('rb') as file, np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    variants: dict[str, dict[str, NDArray[np.generic]]] = {}
    for name, array in arrays.items():
        variant, _, output = name.partition('.')
        variants.setdefault(variant, {})[output] = array
    return {
        variant: [
            named_output({name: values[window] for name, values in found.items()})
            for window in range(len(next(iter(found.values()))))
        ]
        for variant, found in variants.items()
    }
