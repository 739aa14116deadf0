# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A pipeline in its own process: `python -m benchmarks.support.subprocess_pipeline BUNDLE BACKEND DEVICE THREADS`.

Each input line is a number of predictions to make. Each output line is the statistics of these predictions as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Protocol, final

import numpy as np
import psutil

from audio_manifold_ros.inference.bundle.bundle import Bundle
from benchmarks.harness.energy import EnergyMeter

NAIVE = 'naive'


class BenchmarkPipeline(Protocol):
    """The interface of a measured pipeline."""

    def step(self) -> dict[str, float]:
        """Process a hop and predict; return the seconds of each stage, `all` for the sum."""


@dataclass
class RunStats:
    """Statistics of predictions.

    Attributes:
        seconds: Times of each stage of each prediction; `all` is the sum.
        joules: Energy that the machine used; None if it is not measured.
        memory_mb: Resident memory of the process at the end.

    """

    seconds: dict[str, list[float]] = field(default_factory=dict)
    joules: float | None = None
    memory_mb: float = 0.0

    @property
    def predictions(self) -> int:
        """Number of predictions."""
        return len(self.seconds['all'])

    @property
    def rate(self) -> float:
        """Predictions per second, one after the other."""
        return self.predictions / sum(self.seconds['all'])

    def percentile_s(self, stage: str, percent: float) -> float:
        """Return a percentile of the times of a stage."""
        return float(np.percentile(self.seconds[stage], percent))

    def add(self, other: RunStats) -> None:
        """Append further statistics."""
        for stage, seconds in other.seconds.items():
            self.seconds.setdefault(stage, []).extend(seconds)
        self.memory_mb = other.memory_mb
        if other.joules is not None:
            self.joules = (self.joules or 0.0) + other.joules


@final
class SubprocessPipeline:
    """Client of the process of a pipeline; a context manager."""

    def __init__(self, bundle: Bundle, backend: str, device: str, threads: int) -> None:
        """Start the process."""
        command = [
            sys.executable,
            '-m',
            'benchmarks.support.subprocess_pipeline',
            str(bundle.folder),
            backend,
            device,
            str(threads),
        ]
        self._name = f'{backend} on {device}'
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, predictions: int) -> RunStats:
        """Run a number of predictions.

        Raises:
            RuntimeError: The process ended. The reason is in its error output.

        """
        sent, received = self._process.stdin, self._process.stdout
        assert sent is not None
        assert received is not None
        try:
            sent.write(f'{predictions}\n')
            sent.flush()
        except BrokenPipeError:
            pass
        line = received.readline()
        if not line:
            msg = f'{self._name} ended unexpectedly; its error output is above.'
            raise RuntimeError(msg)
        return RunStats(**json.loads(line))

    def __enter__(self) -> SubprocessPipeline:
        """Return the client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def _open(bundle: Bundle, backend: str, device: str, threads: int) -> BenchmarkPipeline:
    """Import only what the pipeline needs, because its memory is measured."""
    if backend == NAIVE:
        from benchmarks.support.librosa_baseline import LibrosaPipeline

        return LibrosaPipeline(bundle, device, threads)
    from benchmarks.support.streaming_pipeline import StreamingPipeline

    return StreamingPipeline(bundle, backend, device, threads)


def main(folder: str, backend: str, device: str, threads: str) -> None:
    """Predict as often as each input line requests."""
    bundle = Bundle.load(Path(folder))
    pipeline = _open(bundle, backend, device, int(threads))
    meter = EnergyMeter()
    for line in sys.stdin:
        meter.joules()
        steps = [pipeline.step() for _ in range(int(line))]
        stats = {
            'seconds': {stage: [step[stage] for step in steps] for stage in steps[0]},
            'joules': meter.joules(),
            'memory_mb': psutil.Process().memory_info().rss / 1e6,
        }
        print(json.dumps(stats), flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
