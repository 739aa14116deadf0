# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Subcommands of `calibrate`, and those that record or read audio, measure it and write a report."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.audio.levels import LevelMeter
from audio_manifold_ros.bags.decoding.bag_rig import bag_rig
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.calibration.recording.raw_recording import MAX_DURATION_S, RawRecording, collect_blocks
from audio_manifold_ros.calibration.recording.recording_sources import (
    RecordingSource,
    add_source_arguments,
    open_recording_source,
)
from audio_manifold_ros.calibration.reporting.calibration_report import CalibrationReport, save_and_show
from audio_manifold_ros.cli.console import SafeConsole
from audio_manifold_ros.common.errors import CalibrationError
from audio_manifold_ros.rig.rig import RIG_FILE, MicrophoneArray

# Instruction for a live recording: (rig, completed fraction) → a few words.
Prompt = Callable[['MicrophoneArray | None', float], str]


@dataclass(frozen=True)
class Command:
    """Subcommand of `calibrate`.

    Attributes:
        name: Name on the command line.
        title: One line for the list of commands.
        example: Arguments of an example call.
        text: Required input and procedure, for `calibrate NAME --help`.
        configure: Function that adds the arguments to a parser.
        run: Function that does the work, prints to the console and returns the exit status.

    """

    name: str
    title: str
    example: str
    text: str
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, SafeConsole], int]


@dataclass(frozen=True)
class MeasurementTask:
    """Input of a measurement.

    Attributes:
        recording: Raw audio.
        array: The rig's array. None without a rig.
        options: Arguments of the command line.

    """

    recording: RawRecording
    array: MicrophoneArray | None
    options: argparse.Namespace

    def rig(self) -> MicrophoneArray:
        """Return the array of the rig.

        Raises:
            CalibrationError: There is no rig, or it uses channels that the recording lacks.

        """
        if self.array is None:
            msg = 'This measurement needs a rig: give its folder with --rig, for example calibration/roof_octagon.'
            raise CalibrationError(msg)
        needed = max(self.array.device_channels) + 1
        if self.recording.channels < needed:
            msg = (
                f'{self.recording.origin} has {self.recording.channels} channels, but array {self.array.array_id!r} '
                f'uses channel {needed - 1}: record all channels, or give another rig.'
            )
            raise CalibrationError(msg)
        return self.array


@dataclass(frozen=True)
class MeasurementCommand:
    """Measurement with recorded or live audio.

    Attributes:
        name: Name on the command line.
        title: One line for the list of commands.
        example: Arguments of an example call.
        text: Required sound and procedure.
        seconds: Default duration of a live recording.
        measure: Measurement function.
        configure: Function that adds further arguments.
        prompt: Instructions during a live recording.

    """

    name: str
    title: str
    example: str
    text: str
    seconds: float
    measure: Callable[[MeasurementTask], CalibrationReport]
    configure: Callable[[argparse.ArgumentParser], None] = lambda _: None
    prompt: Prompt = lambda _rig, _done: 'recording'

    def command(self) -> Command:
        """Return the subcommand."""
        return Command(self.name, self.title, self.example, self.text, self._configure, self._run)

    def _configure(self, parser: argparse.ArgumentParser) -> None:
        add_source_arguments(parser, self.seconds)
        add_report_options(parser)
        self.configure(parser)

    def _run(self, given: argparse.Namespace, console: SafeConsole) -> int:
        array = load_array(given)
        source = open_recording_source(given, None if array is None else max(array.device_channels) + 1)
        with _progress() as progress:
            recording = self._record(given, source, array, progress)
            progress.add_task('measuring', total=None, level='')
            report = self.measure(MeasurementTask(recording, array, given))
        figures = {
            'recording': {
                'origin': recording.origin,
                'duration_s': round(recording.duration_s, 3),
                'sample_rate_hz': recording.sample_rate_hz,
                'channels': recording.channels,
                'lost_samples': recording.lost_samples,
            },
            'rig': None if array is None else array.array_id,
        }
        full_report = replace(
            report,
            figures=figures | dict(report.figures),
            remarks=(*source.remarks(), *recording.remarks(), *report.remarks),
        )
        return save_and_show(full_report, given.out, console)

    def _record(
        self, given: argparse.Namespace, source: RecordingSource, array: MicrophoneArray | None, progress: Progress
    ) -> RawRecording:
        seconds = given.seconds or (self.seconds if source.is_live else MAX_DURATION_S)
        task_id = progress.add_task(
            self.prompt(array, 0.0) if source.is_live else f'reading {source.origin}',
            total=seconds if source.is_live else None,
            level='',
        )
        meter: LevelMeter | None = None
        recorded_s = 0.0

        def on_block(block: AudioBlock) -> None:
            nonlocal meter, recorded_s
            meter = meter or LevelMeter(block.channels, block.sample_rate_hz)
            meter.update(block.samples)
            recorded_s += block.samples.shape[1] / block.sample_rate_hz
            if source.is_live:
                progress.update(
                    task_id, description=self.prompt(array, min(recorded_s / seconds, 1.0)), level=_format_levels(meter)
                )
            progress.update(task_id, completed=recorded_s)

        recording = collect_blocks(source.blocks(), source.origin, given.start, seconds, on_block)
        progress.update(task_id, total=recording.duration_s, completed=recording.duration_s)
        return recording


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """Add --rig and --out."""
    parser.add_argument('--rig', type=Path, metavar='FOLDER', help='folder of the rig (default: the rig in the bag)')
    parser.add_argument('--out', type=Path, metavar='FOLDER', help='folder of the report (default: a new one)')


def load_array(given: argparse.Namespace) -> MicrophoneArray | None:
    """Return the array of the given rig, else of the rig in the bag, else None.

    Raises:
        BagError: The bag cannot be read, or its description of the rig is damaged.
        RigError: The rig cannot be read.

    """
    if given.rig is not None:
        return MicrophoneArray.from_yaml(given.rig / RIG_FILE)
    if given.bag is None:
        return None
    with BagReader(given.bag) as bag, bag_rig(bag) as rig:
        return None if rig.origin == 'default' else MicrophoneArray.from_yaml(rig.folder / RIG_FILE)


@contextmanager
def _progress() -> Iterator[Progress]:
    columns = (TextColumn('{task.description}'), BarColumn(), TimeRemainingColumn(), TextColumn('{task.fields[level]}'))
    with Progress(*columns, console=SafeConsole(stderr=True), transient=True) as progress:
        yield progress


def _format_levels(meter: LevelMeter) -> str:
    levels = [level.rms_dbfs for level in meter.snapshot()]
    return f'{min(levels):.0f} to {max(levels):.0f} dBFS' if levels else ''
