# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmarks: `audio-manifold bench [BENCH ...]` measures and writes benchmarks/README.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from audio_manifold_ros.cli.parser import command_parser
from benchmarks.harness.figure import BenchResult, FigureValues
from benchmarks.harness.machine import describe_machine
from benchmarks.harness.report import read_results, render_page, write_results
from benchmarks.harness.short_mode import SHORT_VARIABLE
from benchmarks.harness.steal_time import StealTime

THREAD_VARIABLES = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')


@dataclass(frozen=True)
class Bench:
    """A bench: a module of this package with a function `measure() -> list[Figure]`.

    Attributes:
        title: Description of the measurement.
        cores: Number of cores and threads of its process.

    """

    title: str
    cores: int


BENCHES = {
    'features': Bench('features of 8 microphones, 1 s: mel features, resized to 128 × 128, and spatial features', 1),
    'simulation': Bench('sound and images of full streets', 1),
    'loader': Bench('windows for training: features, depth and labels', 1),
    'training_step': Bench('a training step on a CPU: freed memory kept or returned to the system', 1),
    'network': Bench('depth and segmentation of one window', 2),
    'pipeline': Bench('a hop of sound → images, compared with a librosa pipeline and the arithmetic floor', 2),
    'node': Bench('sound of a street → perception node → subscriber, processes over DDS', 2),
    'start': Bench('start of the perception node by phase, time to the first image, memory', 2),
    'recorder': Bench('sensors of a car → recorder → bag, processes over DDS', 2),
    'health': Bench('false alarms and detection of broken microphones on simulated drives', 2),
    'calibration': Bench('order, polarity, delays, gains and faults of random rigs in simulated streets', 2),
    'geometry': Bench('positions of microphones from claps around random rigs in simulated streets', 1),
    'sync': Bench('clock offset of a camera from claps in audio and video', 1),
    'precision': Bench('int8 and float32 convolutions: speed and scores', 2),
    'latency': Bench('last sample of a hop → image in another process, stage by stage', 2),
    'cpu_latency': Bench('latency and steal time with and without sleep of the processors, in alternation', 2),
    'obstacles': Bench('scan and detections from sound, against those from the true images of streets', 1),
    'endurance': Bench(
        'ten minutes without a dropped window, for models/street, the paper’s networks and a half-width pair', 2
    ),
    'endurance_long': Bench('half an hour at 45 Hz without a dropped window, for models/street', 2),
    'endurance_recorded': Bench(
        'half an hour at 45 Hz without a dropped window, for models/street and the recorder', 2
    ),
    'streams': Bench('1 to 16 arrays on one machine', 2),
    'scaling': Bench('cost against window, hop, channels and manifold', 1),
    'systems': Bench('one window by every system of the tables', 1),
    'conversion': Bench('bags into drives: eight microphones, 128 × 128 labels and depth', 1),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the benches and write the results; returns 1 if one of them failed."""
    parser = command_parser('bench')
    parser.add_argument('bench', nargs='*', metavar='BENCH', help=f'some of: {", ".join(BENCHES)} (default: all)')
    parser.add_argument('--short', action='store_true', help='only test that they run; store nothing')
    options = parser.parse_args(arguments)
    names = options.bench or list(BENCHES)
    unknown = sorted(set(names) - set(BENCHES))
    if unknown:
        parser.error(f'unknown bench {", ".join(map(repr, unknown))}: choose from {", ".join(BENCHES)}')
    if options.short:
        os.environ[SHORT_VARIABLE] = '1'
    failed = []
    for name in names:
        print(f'▸ {name}: {BENCHES[name].title}', file=sys.stderr)
        result = measure_bench(name)
        if result is None:
            failed.append(name)
            continue
        print(render_page({name: result}).partition('## ')[2])
        if not options.short:
            _store(name, result)
    if failed:
        print(f'✗ {", ".join(failed)} failed; the reason is above. Earlier results were kept.', file=sys.stderr)
    return 1 if failed else 0


def measure_bench(name: str) -> BenchResult | None:
    """Run one bench in its own process and return its result, None if it failed."""
    steal = StealTime()
    figures = run_bench(name)
    if figures is None:
        return None
    return {
        'title': BENCHES[name].title,
        'measured_at': datetime.now(timezone.utc).strftime('%Y-%m-%d'),
        'cores': BENCHES[name].cores,
        'machine': describe_machine(),
        'stolen_percent': steal.percent(),
        'figures': figures,
    }


def run_bench(name: str) -> list[FigureValues] | None:
    """Run one bench in its own process and return its figures, None if it failed."""
    environment = os.environ | dict.fromkeys(THREAD_VARIABLES, str(BENCHES[name].cores))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'figures.json'
        command = [sys.executable, '-m', 'benchmarks.harness.bench_process', name, str(BENCHES[name].cores), str(path)]
        if subprocess.run(command, env=environment, check=False).returncode:
            return None
        figures: list[FigureValues] = json.loads(path.read_text(encoding='utf-8'))
        return figures


def _store(name: str, result: BenchResult) -> None:
    """Add a result to the stored ones. Another bench may have stored its results meanwhile."""
    results = read_results() | {name: result}
    write_results({name: results[name] for name in BENCHES if name in results})


if __name__ == '__main__':
    sys.exit(main())
