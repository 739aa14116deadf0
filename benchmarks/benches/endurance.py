# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of endurance: ten minutes without a dropped window and without growth of memory and open files.

Measured are the shipped bundle at 30 Hz, alone and with the recorder, the paper's networks in both precisions, and a
half-width pair. `endurance_long` and `endurance_recorded` measure half an hour at 45 Hz. A run is stopped after its
first half minute if the machine is overloaded: more than one window in a hundred was dropped. With the recorder, ten
minutes need 3 GB in the folder for temporary files.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lifecycle_msgs.msg import Transition

from audio_manifold_ros.inference.backends.backend import FLOAT32, INT8
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.pipeline import MAX_AGE_PERIODS
from audio_manifold_ros.nodes.common.perception_client import PERCEPTION
from audio_manifold_ros.processes.cpu_latency import NEVER_SLEEP_US, NO_REQUEST_US, may_request_cpu_latency
from audio_manifold_ros.processes.process_group import ProcessGroup
from audio_manifold_ros.processes.ros_isolation import isolated_environment
from benchmarks.benches.node import SETTLE_S, START_TIMEOUT_S, running_node, write_sound
from benchmarks.harness.figure import Figure, at_least, at_most, not_measured
from benchmarks.harness.processor_pauses import Pause, ProcessorPauses
from benchmarks.harness.short_mode import is_short
from benchmarks.harness.steal_time import StealTime
from benchmarks.support.bundles import (
    STREET,
    half_width_config,
    write_paper_bundle,
    write_random_bundle,
)
from benchmarks.support.subscriber import ImageTimes, Subscriber
from benchmarks.support.window_gaps import pause_figures

LENGTH_S = 600.0
# Part of a run after which memory and files are constant. A run on an overloaded machine ends there.
FIRST_S = 30.0
OVERLOADED_RATIO = 0.01
# A run whose purpose is to test that the bench runs.
SHORT_S, SHORT_FIRST_S = 60.0, 10.0
# Growth of the resident memory after the first part: the allocator returns pages late.
MAX_GROWTH_MB = 5.0
# Shortest pause of a processor that is measured: several short ones delay a window as a long one does.
MIN_PAUSE_S = 0.001
# Images that may be missing for other reasons than a dropped window: the first and the last of a run.
MIN_RECEIVED_RATIO = 0.99
RECORDER_MODULE, RECORDER_START_S, RECORDER = 'audio_manifold_ros.nodes.recorder.recorder', 5.0, 'recorder'
RECORDED = {
    'name': 'endurance',
    'preflight.mode': 'skip',
    'topics': [f'/perception/{name}' for name in ('audio', 'depth/image', 'segmentation/image', 'confidence/image')],
}
LABELS = {PERCEPTION: 'node', RECORDER: 'recorder'}
EVERY_HOP_HZ = 22_500 / 256


@dataclass(frozen=True)
class EnduranceRun:
    """A bundle and the rate that it must sustain.

    Attributes:
        what: Description.
        bundle: The bundle.
        precision: Precision of its networks.
        rate_hz: Requested rate.
        length_s: Duration in seconds.
        is_recorded: Record images and audio of the node at the same time.
        cpu_latency_us: Wake-up latency of the processors that the node requests.

    """

    what: str
    bundle: Bundle
    precision: str
    rate_hz: float
    length_s: float = LENGTH_S
    is_recorded: bool = False
    cpu_latency_us: int = NO_REQUEST_US


@dataclass(frozen=True)
class Resources:
    """Memory and open files of a process.

    Attributes:
        resident_mb: Resident memory.
        open_files: Number of open file descriptors.

    """

    resident_mb: float
    open_files: int


@dataclass(frozen=True)
class Counts:
    """Windows and images of a run.

    Attributes:
        late: Windows that were predicted late, by less than one period.
        dropped: Windows that were dropped.
        rate_hz: Images received per second.
        stolen_percent: Processor time that the host took, None if the system does not report it.
        pauses: Pauses of the processors of at least a millisecond, None if they were not measured.
        images: Times of the received images.

    """

    late: int
    dropped: int
    rate_hz: float
    stolen_percent: float | None = None
    pauses: tuple[Pause, ...] | None = None
    images: Sequence[ImageTimes] = ()


def measure() -> list[Figure]:
    """Return the dropped windows, the received images and the growth of each run."""
    with tempfile.TemporaryDirectory() as folder:
        return measure_runs(_runs(Path(folder)))


def measure_runs(runs: Iterable[EnduranceRun]) -> list[Figure]:
    """Return the figures of runs, one after the other."""
    os.environ.update(isolated_environment())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        sound = write_sound(path / 'street.wav')
        figures = []
        for run in runs:
            length_s, first_s = (SHORT_S, SHORT_FIRST_S) if is_short() else (run.length_s, FIRST_S)
            figures += _run(replace(run, length_s=length_s), first_s, path, sound)
    return figures


def _runs(folder: Path) -> Iterator[EnduranceRun]:
    paper = write_paper_bundle(folder / 'paper')
    yield EnduranceRun('the paper’s two networks', paper, FLOAT32, 45.0)
    yield EnduranceRun('the paper’s two networks, int8', paper, INT8, 60.0)
    yield EnduranceRun(
        'a half-width pair at every hop',
        write_random_bundle(folder / 'half', half_width_config()),
        FLOAT32,
        EVERY_HOP_HZ,
    )
    for is_recorded in (False, True):
        yield shipped_run(30.0, LENGTH_S, is_recorded=is_recorded)


def shipped_run(rate_hz: float, length_s: float, *, is_recorded: bool) -> EnduranceRun:
    """Return a run of the shipped bundle, alone or with the recorder."""
    what = 'models/street and the recorder' if is_recorded else 'models/street'
    return EnduranceRun(what, Bundle.load(STREET), FLOAT32, rate_hz, length_s, is_recorded=is_recorded)


def awake_run(run: EnduranceRun) -> EnduranceRun:
    """Return a run on processors that never sleep, or the same run where this user may not request this."""
    if not may_request_cpu_latency():
        return run
    return replace(run, what=f'{run.what}, processors that never sleep', cpu_latency_us=NEVER_SLEEP_US)


def _run(run: EnduranceRun, first_s: float, folder: Path, sound: Path) -> list[Figure]:
    given = {
        'source.kind': 'file',
        'source.file': str(sound),
        'source.loop': True,
        'precision': run.precision,
        'prediction.rate_hz': run.rate_hz,
        'publish.audio': run.is_recorded,
        'cpu_latency_us': run.cpu_latency_us,
    }
    with tempfile.TemporaryDirectory(dir=folder) as name, running_node(run.bundle, Path(name) / 'node', given) as node:
        subscriber, children, _ = node
        subscriber.change(Transition.TRANSITION_ACTIVATE, START_TIMEOUT_S)
        subscriber.wait(lambda: bool(subscriber.latencies_ms), START_TIMEOUT_S, 'image')
        subscriber.spin(SETTLE_S)
        if run.is_recorded:
            children.start_node(RECORDER, RECORDER_MODULE, {'folder': name, **RECORDED})
            subscriber.spin(RECORDER_START_S)
        before = _counts(subscriber)
        subscriber.latencies_ms.clear()
        subscriber.latency_parts.clear()
        subscriber.image_times.clear()
        began_s, steal, held = time.monotonic(), StealTime(), list[dict[str, Resources]]()
        with ProcessorPauses(MIN_PAUSE_S) as watched:
            for length_s in (first_s, run.length_s):
                subscriber.spin(began_s + length_s - time.monotonic())
                rate_hz = len(subscriber.latencies_ms) / (time.monotonic() - began_s)
                ages_ms = [parts.made for parts in subscriber.latency_parts]
                late, dropped = (now - then for now, then in zip(_counts(subscriber), before, strict=True))
                pauses = watched.pauses()
                children.check()
                held.append({name: _resources(children, name) for name in children.names})
                # A short run only tests that everything is measured, also on a machine that is too slow.
                if dropped > OVERLOADED_RATIO * run.rate_hz * length_s and not is_short():
                    break
    counts = Counts(late, dropped, rate_hz, steal.percent(), pauses, subscriber.image_times)
    return to_figures(run, length_s, counts, ages_ms, growth(held[0], held[-1]) if len(held) > 1 else {})


def _resources(children: ProcessGroup, name: str) -> Resources:
    return Resources(children.resident_mb(name), children.open_files(name))


def growth(first: Mapping[str, Resources], last: Mapping[str, Resources]) -> dict[str, Resources]:
    """Return how much more each process holds at the end."""
    return {
        name: Resources(
            last[name].resident_mb - before.resident_mb,
            last[name].open_files - before.open_files,
        )
        for name, before in first.items()
    }


def to_figures(
    run: EnduranceRun,
    length_s: float,
    counts: Counts,
    ages_ms: Sequence[float],
    grown: Mapping[str, Resources] | None = None,
) -> list[Figure]:
    """Return the figures of a run.

    Args:
        run: The run.
        length_s: Duration that was measured.
        counts: Windows and images of this time.
        ages_ms: Age of each received image when it was made, none on a machine that is overloaded.
        grown: Growth of each process after the first part, none of a run that was stopped there.

    """
    what = f'{run.what}, {run.rate_hz:.1f} Hz for {length_s:g} s'
    oldest, limit_ms = f'{what}: oldest published window', round(MAX_AGE_PERIODS * 1e3 / run.rate_hz, 1)
    stolen = f'{what}: processor time that the host took'
    figures = [
        at_most(f'{what}: windows dropped', counts.dropped, 'windows', 0),
        Figure(f'{what}: windows predicted late, by less than one period', counts.late, 'windows'),
        at_most(oldest, max(ages_ms), 'ms', limit_ms)
        if ages_ms
        else not_measured(oldest, 'ms', 'no image arrived', f'at most {limit_ms:g}'),
        at_least(f'{what}: images received', counts.rate_hz, 'a second', round(MIN_RECEIVED_RATIO * run.rate_hz, 1)),
        not_measured(stolen, '%', 'the system does not report it')
        if counts.stolen_percent is None
        else Figure(stolen, counts.stolen_percent, '%'),
        *pause_figures(what, run.rate_hz, counts.images, counts.pauses),
    ]
    for name, more in (grown or {}).items():
        memory, files = (f'{what}: growth of {held} of the {LABELS[name]}' for held in ('the memory', 'the open files'))
        figures.append(at_most(memory, round(more.resident_mb, 2), 'MB', MAX_GROWTH_MB))
        figures.append(at_most(files, more.open_files, 'files', 0))
    return figures


def _counts(subscriber: Subscriber) -> tuple[int, int]:
    """Return the windows that were predicted late and dropped, from the next diagnostics."""
    dropped = subscriber.wait_for_dropped_count(START_TIMEOUT_S)
    return int(subscriber.value('predictions', 'windows_late')), dropped
