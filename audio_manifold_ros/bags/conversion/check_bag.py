# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Check of bags before conversion: whether a bag can become a dataset, and the reasons if not.

Command line: `check_bag BAG…`. The exit status is 0 if every bag is ready.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from rich.progress import Progress

from audio_manifold_ros.bags.conversion.bag_scan import BagScan
from audio_manifold_ros.bags.conversion.camera_images import LABEL_FILES, LABELS
from audio_manifold_ros.bags.conversion.conversion_record import ConversionOptions
from audio_manifold_ros.bags.decoding.audio_format_argument import add_audio_format_argument
from audio_manifold_ros.bags.decoding.bag_rig import read_run_metadata
from audio_manifold_ros.bags.decoding.dataset_topics import DatasetTopics, find_topics
from audio_manifold_ros.bags.decoding.image_messages import IMAGE_TYPES
from audio_manifold_ros.bags.recovery.recover import scan_damage
from audio_manifold_ros.bags.statistics.fitness import audio_obstacles
from audio_manifold_ros.bags.statistics.record_report import RecordReport, make_report
from audio_manifold_ros.bags.statistics.topic_statistics import TopicSummary
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.bags.storage.foreign_mcap import ForeignBagError
from audio_manifold_ros.bags.storage.message_types import definition_of
from audio_manifold_ros.cli.console import SafeConsole
from audio_manifold_ros.cli.options import add_bags_argument, add_json_option
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import BagError, DatasetError, RigError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.label_file import LabelFile, exclude_label_folders, label_folder
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.modalities.registry import DEPTH
from audio_manifold_ros.rig.extrinsics import EXTRINSICS_FILE, Extrinsics

WINDOW_S = 1.0
Advance = Callable[[int], None]


class Verdict(str, Enum):
    """Verdict on a bag."""

    READY = 'ready'
    LABEL = 'label first'
    RECOVER = 'recover first'
    UNFIT = 'unfit'


@dataclass(frozen=True)
class BagCheck:
    """Result of the check of a bag.

    Attributes:
        bag: Path of the bag.
        verdict: Verdict.
        obstacles: Reasons why it cannot be converted. Empty if it is ready.
        problems: Problems that do not prevent conversion.
        images: Number of reference images.
        images_with_audio: Number of these images in the middle of one second of audio without losses.
        report: Statistics of every topic. None if the bag cannot be opened.

    """

    bag: str
    verdict: Verdict
    obstacles: tuple[str, ...]
    problems: tuple[str, ...]
    images: int = 0
    images_with_audio: int = 0
    report: RecordReport | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the result as values for JSON."""
        return {
            'bag': self.bag,
            'verdict': self.verdict.value,
            'obstacles': list(self.obstacles),
            'problems': list(self.problems),
            'images': self.images,
            'images_with_audio': self.images_with_audio,
            'report': None if self.report is None else self.report.to_dict(),
        }

    def text(self) -> str:
        """Return the result as text."""
        lines = [] if self.report is None else [self.report.text().rstrip()]
        if self.images:
            lines.append(
                f'{self.images_with_audio} of {self.images} images are in the middle of a second of complete audio.'
            )
        if self.report is None:
            lines += [f'  - {problem}' for problem in self.problems]
        lines.append(f'{self.bag}: {self.verdict.value}' + ('.' if not self.obstacles else ':'))
        return '\n'.join([*lines, *(f'  - {obstacle}' for obstacle in self.obstacles)])


def check_bag(
    path: Path | str, options: ConversionOptions | None = None, advance: Advance = lambda _: None
) -> BagCheck:
    """Read a whole bag and check whether it can be converted.

    Args:
        path: A rosbag2 folder or a storage file.
        options: Conversion options.
        advance: Called with the nanoseconds of recording read since the last call.

    """
    path, options = Path(path), options or ConversionOptions()
    try:
        with BagReader(path) as reader:
            return _check(path, reader, options, advance)
    except ForeignBagError as error:
        return BagCheck(str(path), Verdict.UNFIT, (str(error),), ())
    except BagError as error:
        return _check_damaged(path, str(error))


def _check(path: Path, reader: BagReader, options: ConversionOptions, advance: Advance) -> BagCheck:
    obstacles: list[str] = []
    try:
        topics: DatasetTopics | None = find_topics(
            str(path),
            reader.topics,
            audio=options.audio,
            depth=options.depth,
            labels=options.labels,
            reference=options.reference,
        )
    except BagError as error:
        topics = None
        obstacles.append(str(error) if reader.end_ns else f'{path}: contains no messages: record it again.')
    scan, audio_errors = _make_scan(reader, topics, options)
    obstacles += audio_errors
    scan.run(advance)
    images_with_audio_count = scan.images_with_audio(WINDOW_S / 2, WINDOW_S / 2)
    if topics is not None and not obstacles:
        obstacles += [
            *_audio_obstacles(topics, scan),
            *_image_obstacles(path, topics, scan),
            *scan.content.obstacles(topics.depth, topics.labels),
        ]
    missing_ground_truth = (
        [] if topics is None or topics.reference or _label_files(path) else _missing_ground_truth(reader, scan)
    )
    if topics is not None and topics.reference and not obstacles and not images_with_audio_count:
        obstacles.append(_describe_images_without_audio(topics, scan))
    summaries = scan.summaries()
    problems = (
        *reader.problems,
        *scan.pauses.problems(),
        *_definition_problems(reader),
        *_rig_problems(reader),
        *_bandwidth_problems(summaries),
    )
    report = make_report(path.name, 'Read completely.', summaries, problems)
    verdict = Verdict.UNFIT if obstacles else Verdict.READY
    if missing_ground_truth and not obstacles:
        verdict = Verdict.LABEL if _camera_topics(reader, scan) else Verdict.UNFIT
    images = len(scan.images_ns)
    return BagCheck(
        str(path),
        verdict,
        (*obstacles, *missing_ground_truth),
        report.problems,
        images,
        images_with_audio_count,
        report,
    )


def _make_scan(
    reader: BagReader, topics: DatasetTopics | None, options: ConversionOptions
) -> tuple[BagScan, tuple[str, ...]]:
    """Return the scan, without dataset topics if the described audio format is not supported."""
    try:
        return BagScan(reader, topics, options.stated, options.sample_rate_hz), ()
    except BagError as error:
        return BagScan(reader, None, None, options.sample_rate_hz), (str(error),)


def _audio_obstacles(topics: DatasetTopics, scan: BagScan) -> Iterator[str]:
    if not scan.audio_segments:
        yield f'{topics.audio}: no message can be read: {scan.problem}'
        return
    audio = scan.statistics[topics.audio].audio.summary()
    unfit = () if audio is None else audio_obstacles(topics.audio, audio.sample_rate_hz, audio.delivery)
    if unfit:
        yield from unfit
        return
    longest_s = max(end - first for first, end in scan.audio_segments) / NS_PER_S
    if scan.audio_rejection_reason:
        yield f'{topics.audio}: {scan.audio_rejection_reason}'
    elif longest_s < WINDOW_S:
        yield f'{topics.audio}: the longest complete segment has {longest_s:.2f} s, a window needs {WINDOW_S:.0f} s.'


def _image_obstacles(path: Path, topics: DatasetTopics, scan: BagScan) -> Iterator[str]:
    for topic, problem in scan.decode_errors.items():
        yield f'{topic}: no image can be decoded: {problem}'
    for kind, topic in ((DEPTH, topics.depth), (LABELS, topics.labels)):
        file = label_folder(path) / LABEL_FILES[kind]
        if not topic and file.exists():
            try:
                LabelFile(file).close()
            except DatasetError as error:
                yield str(error)


def _describe_images_without_audio(topics: DatasetTopics, scan: BagScan) -> str:
    if not scan.images_ns:
        return f'{topics.reference}: contains no image.'
    first_ns, end_ns = min(first for first, _ in scan.audio_segments), max(end for _, end in scan.audio_segments)
    images_s = [(stamp_ns - first_ns) / NS_PER_S for stamp_ns in (min(scan.images_ns), max(scan.images_ns))]
    return (
        f'{topics.reference}: no image is in the middle of a second of audio without losses: the image stamps are '
        f'{images_s[0]:+.1f} to {images_s[1]:+.1f} s from the first sample, and the last sample is at '
        f'{(end_ns - first_ns) / NS_PER_S:+.1f} s: check that camera and audio use the same clock.'
    )


def _missing_ground_truth(reader: BagReader, scan: BagScan) -> list[str]:
    """Return what to do about a bag without ground truth. Depth and label images are not offered as camera images."""
    image_topics = _image_topics(reader)
    if not image_topics:
        return [f'{reader.path}: has no depth, no labels and no camera: record a camera, or give the topics.']
    ground_truth = [
        f'--{option} {name}'
        for option, names in (('depth', scan.depth_topics), ('labels', scan.label_topics))
        for name in names
    ]
    if ground_truth:
        return [f'{reader.path}: has depth or labels on topics with other names: name them ({" ".join(ground_truth)}).']
    names = ', '.join(_camera_topics(reader, scan))
    return [f'{reader.path}: has neither depth nor labels: label {names} (audio-manifold train label).']


def _image_topics(reader: BagReader) -> list[str]:
    return [topic.name for topic in reader.topics if topic.count and topic.type in IMAGE_TYPES]


def _camera_topics(reader: BagReader, scan: BagScan) -> list[str]:
    return [name for name in _image_topics(reader) if name not in {*scan.depth_topics, *scan.label_topics}]


def _label_files(path: Path) -> bool:
    return any((label_folder(path) / name).exists() for name in LABEL_FILES.values())


def _definition_problems(reader: BagReader) -> Iterator[str]:
    for topic in reader.topics:
        if not topic.definition and not definition_of(topic.type)[0]:
            yield f'{topic.name}: {topic.type!r} is unknown, and the bag has no definition: it cannot be decoded.'


def _rig_problems(reader: BagReader) -> tuple[str, ...]:
    try:
        metadata = read_run_metadata(reader)
    except BagError as error:
        return (str(error),)
    if metadata is None or metadata.rig is None:
        return ('The bag contains no rig: give the rig that recorded it when you convert it (--rig).',)
    try:
        metadata.rig.array()
        metadata.rig.depth_file()
        Extrinsics.from_text(metadata.rig.extrinsics, EXTRINSICS_FILE)
    except RigError as error:
        return (f'The rig in the bag cannot be used: {error} Give the rig when you convert the bag (--rig).',)
    return ()


def _bandwidth_problems(summaries: Sequence[TopicSummary]) -> Iterator[str]:
    """Yield topics whose audio lacks the upper bands of the features of the shipped bundle."""
    for topic in summaries:
        missing = '' if topic.audio is None else FeatureSpec().describe_missing_bandwidth(topic.audio.sample_rate_hz)
        if missing:
            yield f'{topic.topic}: {missing}'


def _check_damaged(path: Path, reason: str) -> BagCheck:
    """Return the result for a bag that cannot be read, with the outcome of a recovery."""
    try:
        found = scan_damage(path)
    except BagError:
        return BagCheck(str(path), Verdict.UNFIT, (reason,), ())
    if not found.kept:
        return BagCheck(str(path), Verdict.UNFIT, (reason, 'It contains no intact message.'), ())
    missing = 'the original number is unknown' if found.missing is None else f'{found.missing} are missing'
    saves = f'recover_bag would save {found.kept} messages; {missing}.'
    damages = tuple(map(str, found.damages)) + found.notes
    return BagCheck(str(path), Verdict.RECOVER, (reason, saves), damages)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line. Return the exit status: 0 if every bag is ready, otherwise 1."""
    parser = command_parser('bag check')
    add_bags_argument(parser)
    for kind in ('audio', 'depth', 'labels', 'reference'):
        parser.add_argument(f'--{kind}', default='', metavar='TOPIC', help=f'topic of the {kind}')
    add_audio_format_argument(parser)
    add_json_option(parser)
    given = parser.parse_args(arguments)
    topics = {kind: getattr(given, kind) for kind in ('audio', 'depth', 'labels', 'reference')}
    checks = _check_all(exclude_label_folders(given.bags), ConversionOptions(**topics, stated=given.stated))
    if given.json:
        print(json.dumps([check.to_dict() for check in checks], indent=1))
    else:
        SafeConsole(soft_wrap=True).print('\n\n'.join(check.text() for check in checks), markup=False, highlight=False)
    return int(any(check.verdict is not Verdict.READY for check in checks))


def _check_all(bags: Sequence[Path], options: ConversionOptions) -> list[BagCheck]:
    checks = []
    with Progress(console=SafeConsole(stderr=True), transient=True) as progress:
        for bag in bags:
            task = progress.add_task(bag.name, total=_duration_s(bag))

            def advance(read_ns: int, task: Any = task) -> None:
                progress.advance(task, read_ns / NS_PER_S)

            checks.append(check_bag(bag, options, advance))
            progress.update(task, completed=1, total=1)
    return checks


def _duration_s(bag: Path) -> float | None:
    try:
        with BagReader(bag) as reader:
            return reader.duration_s
    except BagError:
        return None
