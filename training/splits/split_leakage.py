# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measurement of train/test leakage of a split: exact and near duplicates by drive, time and audio content."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.windows import cut_windows
from audio_manifold_ros.features.kinds import AnyFeatureSpec
from audio_manifold_ros.processes.process_pool import fresh_pool
from training.data.split_file import SPLITS, SplitFile

NEAR_NS, FAR_NS = 40_000_000, NS_PER_S
# Stamps from September 2001 on are Unix time, one clock for all drives. Others count from the start of their drive.
MIN_EPOCH_STAMP_NS = 10**18
DIGEST_BYTES = 16
TEST = SPLITS[-1]
_Job = tuple[Path, AnyFeatureSpec, float, bool]


@dataclass(frozen=True)
class PairLeakage:
    """Overlap of the windows of one part of a split with those of another part.

    Attributes:
        learnt: The reference part, which is used for training or validation.
        judged: The part whose windows are counted.
        windows: Number of its windows.
        same_instant: Windows whose image has the time of an image of the reference part.
        within_40_ms: Windows whose image is at most 0.04 s from one of the reference part.
        within_1_s: Windows whose image is at most 1 s from one of the reference part.
        audio_overlaps: Windows that overlap in time with one of the reference part.
        audio_identical: Windows whose audio is byte for byte equal to one of the reference part. Silence does not
            count. It is 0 if audio was not compared.
        shared_drives: Drives with windows in both parts.

    """

    learnt: str
    judged: str
    windows: int
    same_instant: int
    within_40_ms: int
    within_1_s: int
    audio_overlaps: int
    audio_identical: int
    shared_drives: tuple[str, ...]

    @property
    def leaks(self) -> bool:
        """True if the parts overlap."""
        return bool(self.within_1_s or self.audio_overlaps or self.audio_identical or self.shared_drives)

    @property
    def invalidates_test(self) -> bool:
        """True if the overlap invalidates test scores. Overlap of validation with train only affects selection."""
        return self.judged == TEST and self.leaks


@dataclass(frozen=True)
class LeakageReport:
    """Leakage of a split.

    Attributes:
        split: Name of the split.
        says_so: The file itself declares that it leaks.
        windows: Number of windows of each part, and of no part as `none`.
        entries_without_window: Number of entries of the file without a window.
        pairs: Validation and test compared with train, and test compared with validation.

    """

    split: str
    says_so: bool
    windows: dict[str, int]
    entries_without_window: int
    pairs: tuple[PairLeakage, ...]

    @property
    def leaks(self) -> bool:
        """True if test scores on this split are invalid."""
        return self.says_so or any(pair.invalidates_test for pair in self.pairs)

    @property
    def validation_overlaps_train(self) -> bool:
        """True if validation overlaps with train, so that an overfitted checkpoint may be selected."""
        return any(pair.leaks and not pair.invalidates_test for pair in self.pairs)

    def to_dict(self) -> dict[str, object]:
        """Return the report as plain values."""
        return {'leaks': self.leaks, **asdict(self)}


@dataclass(frozen=True)
class _Windows:
    """The windows of one drive: stamps int64 (window,) and a digest of the audio of each window, empty for silence.

    `simulated` is True for a drive of the simulator.
    """

    drive_id: str
    stamps_ns: NDArray[np.int64]
    digests: tuple[bytes, ...]
    simulated: bool = False

    @property
    def keys(self) -> list[tuple[str, int]]:
        """Drive id and stamp of each window, as in split files."""
        return [(self.drive_id, stamp_ns) for stamp_ns in self.stamps_ns.tolist()]

    @property
    def clock(self) -> str:
        """Clock of its stamps: '' for Unix time, otherwise the drive id.

        A simulated street has its own clock, although its stamps look like Unix time: it is a recording of its own.
        """
        if self.simulated:
            return self.drive_id
        by_day = len(self.stamps_ns) and int(self.stamps_ns.min()) >= MIN_EPOCH_STAMP_NS
        return '' if by_day else self.drive_id


def measure_leakage(
    drives: Mapping[str, Path],
    split: SplitFile,
    spec: AnyFeatureSpec,
    frame_position: float = 0.5,
    workers: int = 1,
    *,
    compare_audio: bool = False,
) -> LeakageReport:
    """Measure the leakage of a split on the windows that are used for training.

    Args:
        drives: The drive files by drive id.
        split: The split.
        spec: Feature specification with the length and rate of the windows.
        frame_position: Position of the image in the window, 0 to 1.
        workers: Number of processes that read the drives.
        compare_audio: Also compare the audio of all windows byte for byte, which reads all drives completely.

    Raises:
        DatasetError: A drive cannot be read, or the split names drives that do not exist.

    """
    split.check_drives(drives)
    read = list(_read_all([(path, spec, frame_position, compare_audio) for path in drives.values()], workers))
    members = {name: [_select_windows(split.members(name, drive.keys), drive) for drive in read] for name in SPLITS}
    counts = {name: sum(len(drive.stamps_ns) for drive in members[name]) for name in SPLITS}
    unassigned = sum(split.assigned_splits(drive.keys).count(None) for drive in read)
    return LeakageReport(
        split.name,
        split.leaks,
        {**counts, 'none': unassigned},
        _count_entries_without_window(split, read),
        _compare_all(members, spec),
    )


def compare_windows(
    members: Mapping[str, Sequence[tuple[str, int]]], spec: AnyFeatureSpec, simulated: Collection[str] = ()
) -> tuple[PairLeakage, ...]:
    """Compare windows by drive and time, without their audio.

    Args:
        members: Drive id and image time in ns of each window, by part.
        spec: Feature specification with the length of the windows.
        simulated: Ids of simulated drives. Each has its own clock.

    """
    return _compare_all({name: _by_drive(windows, simulated) for name, windows in members.items()}, spec)


def simulated_drives(drives: Mapping[str, Path]) -> frozenset[str]:
    """Return the ids of the drives that come from the simulator.

    Raises:
        DatasetError: A drive cannot be read.

    """
    found = set()
    for drive_id, path in drives.items():
        with DriveReader(path) as drive:
            if _is_simulated(drive):
                found.add(drive_id)
    return frozenset(found)


def _is_simulated(drive: DriveReader) -> bool:
    return drive.provenance.get('origin') == 'simulation' or drive.provenance.get('source') == 'simulator'


def _by_drive(windows: Sequence[tuple[str, int]], simulated: Collection[str]) -> list[_Windows]:
    stamps_ns: dict[str, list[int]] = defaultdict(list)
    for drive_id, stamp_ns in windows:
        stamps_ns[drive_id].append(stamp_ns)
    return [
        _Windows(drive_id, np.array(stamps, dtype=np.int64), (b'',) * len(stamps), drive_id in simulated)
        for drive_id, stamps in stamps_ns.items()
    ]


def _compare_all(members: Mapping[str, Sequence[_Windows]], spec: AnyFeatureSpec) -> tuple[PairLeakage, ...]:
    length_ns = spec.window_samples * NS_PER_S // spec.sample_rate_hz
    return tuple(_compare(members, pair, length_ns) for pair in combinations(SPLITS, 2))


def _read_all(jobs: Sequence[_Job], workers: int) -> Iterator[_Windows]:
    if workers < 2 or len(jobs) < 2:
        yield from map(_read, jobs)
        return
    with fresh_pool(min(workers, len(jobs))) as pool:
        yield from pool.map(_read, jobs, chunksize=1 + len(jobs) // (16 * workers))


def _read(job: _Job) -> _Windows:
    path, spec, frame_position, compare_audio = job
    with DriveReader(path) as drive:
        windows = cut_windows(drive, spec, frame_position).windows
        stamps_ns = drive.image_stamps_ns[[window.image for window in windows]]
        learnt_digests = (
            (drive.raw(window.first_sample, spec.window_samples) for window in windows) if compare_audio else ()
        )
        digests = tuple(map(_digest, learnt_digests)) or (b'',) * len(windows)
        return _Windows(drive.drive_id, stamps_ns, digests, _is_simulated(drive))


def _digest(audio: NDArray[np.int16]) -> bytes:
    return hashlib.blake2b(audio.tobytes(), digest_size=DIGEST_BYTES).digest() if audio.any() else b''


def _select_windows(numbers: Sequence[int], drive: _Windows) -> _Windows:
    digests = tuple(drive.digests[number] for number in numbers)
    return _Windows(drive.drive_id, drive.stamps_ns[list(numbers)], digests, drive.simulated)


def _compare(members: Mapping[str, Sequence[_Windows]], pair: tuple[str, str], length_ns: int) -> PairLeakage:
    learnt, judged = (members[name] for name in pair)
    distances_ns = _nearest_distances_ns(learnt, judged)
    learnt_digests = {digest for drive in learnt for digest in drive.digests if digest}
    drives = [{drive.drive_id for drive in part if len(drive.stamps_ns)} for part in (learnt, judged)]
    return PairLeakage(
        *pair,
        windows=len(distances_ns),
        same_instant=int(np.sum(distances_ns == 0)),
        within_40_ms=int(np.sum(distances_ns <= NEAR_NS)),
        within_1_s=int(np.sum(distances_ns <= FAR_NS)),
        audio_overlaps=int(np.sum(distances_ns < length_ns)),
        audio_identical=sum(digest in learnt_digests for drive in judged for digest in drive.digests),
        shared_drives=tuple(sorted(drives[0] & drives[1])),
    )


def _nearest_distances_ns(learnt: Sequence[_Windows], judged: Sequence[_Windows]) -> NDArray[np.int64]:
    """Return the distance in ns of each judged image from the nearest learnt one on the same clock."""
    clocks: dict[str, list[NDArray[np.int64]]] = defaultdict(list)
    for drive in learnt:
        clocks[drive.clock].append(drive.stamps_ns)
    learnt_stamps_ns = {clock: np.sort(np.concatenate(stamps)) for clock, stamps in clocks.items()}
    no_stamps = np.empty(0, dtype=np.int64)
    return np.concatenate(
        [no_stamps, *(_nearest(drive.stamps_ns, learnt_stamps_ns.get(drive.clock, no_stamps)) for drive in judged)]
    )


def _nearest(stamps_ns: NDArray[np.int64], reference_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    if not len(reference_ns):
        return np.full(len(stamps_ns), np.iinfo(np.int64).max)
    after = np.searchsorted(reference_ns, stamps_ns)
    sides = [reference_ns[np.clip(place, 0, len(reference_ns) - 1)] for place in (after - 1, after)]
    distances_ns: NDArray[np.int64] = np.min([np.abs(side - stamps_ns) for side in sides], axis=0)
    return distances_ns


def _count_entries_without_window(split: SplitFile, read: Iterable[_Windows]) -> int:
    existing = {name for drive in read for name in (drive.drive_id, *(f'{name}/{stamp}' for name, stamp in drive.keys))}
    return sum(entry not in existing for name in SPLITS for entry in getattr(split, name))
