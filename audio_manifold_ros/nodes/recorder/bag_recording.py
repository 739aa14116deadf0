# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recording of one bag, from its first message to its report."""

from __future__ import annotations

import os
import shutil
import xml.etree.ElementTree as ET
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from audio_manifold_ros.bags.decoding.run_metadata import CUSTOM_KEY, RunMetadata
from audio_manifold_ros.bags.statistics.record_report import RecordReport, make_report
from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.resource_paths import PACKAGE, resource_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from audio_manifold_ros.datasets.rig_files import RigFiles
    from audio_manifold_ros.nodes.recorder.recorded_topic import RecordedTopic
    from audio_manifold_ros.nodes.recorder.recorder_parameters import RecordParameters
    from audio_manifold_ros.nodes.recorder.writer_thread import WriterThread

MB = 1_000_000


class BagRecording:
    """A bag that is being recorded.

    Attributes:
        folder: Folder of the bag.
        metadata: Run metadata of the bag.

    """

    def __init__(
        self,
        parameters: RecordParameters,
        rig: RigFiles | None,
        facts: dict[str, object],
        thread: WriterThread,
        start_ns: int,
    ) -> None:
        """Create the bag.

        Args:
            parameters: Parameters of the recorder.
            rig: Files of the rig; None without a rig.
            facts: Further entries of the run metadata.
            thread: The thread that writes. `start_writing` passes the bag to it.
            start_ns: Start time of the bag.

        Raises:
            BagError: The folder cannot be written, or exists already.

        """
        self._reserve_bytes = parameters.reserve_mb * MB
        self._shared = parameters.shared
        self._thread = thread
        self._start_ns = start_ns
        self.metadata = RunMetadata(rig, describe_software(), start_ns, 'recorder', facts)
        name = parameters.name or datetime.now().astimezone().strftime('drive_%Y%m%d_%H%M%S')
        self.folder = Path(parameters.folder).expanduser() / name
        self._writer = BagWriter(
            self.folder,
            {CUSTOM_KEY: self.metadata.to_json()},
            split_s=parameters.split_s or None,
            split_bytes=parameters.split_mb * MB or None,
            shared=parameters.shared,
        )

    def start_writing(self, topics: Iterable[RecordedTopic]) -> None:
        """Start to write messages to the bag."""
        self._thread.start_writing(self._writer, self._start_ns, topics)

    def problem(self) -> str:
        """Return the reason to end the recording now, or an empty string."""
        if self._thread.failure:
            return self._thread.failure
        loss = self._writer.loss_reason()
        if loss:
            return loss
        if free_bytes(self.folder) < self._reserve_bytes:
            return f'Less than {self._reserve_bytes / MB:.0f} MB are free on the disk: the recording ends early.'
        return ''

    def finish(self, end_reason: str, required: Iterable[str]) -> tuple[RecordReport, str]:
        """Close the bag and write its report. The writer thread must have stopped.

        Args:
            end_reason: Reason for the end of the recording, as a sentence.
            required: Topics whose absence is reported as a problem.

        Returns:
            The report, and the errors that occurred here or an empty string.

        """
        problems = [self._thread.failure] if self._thread.failure and self._thread.failure != end_reason else []
        loss = self._writer.loss_reason()
        if loss and loss != end_reason:
            problems.append(loss)
        try:
            self._writer.close()
        except BagError as error:
            problems.append(str(error))
        statistics = self._thread.statistics
        absent = tuple(f'{topic}: no publisher was found.' for topic in required if topic not in statistics)
        summaries = [found.summary() for found in statistics.values()]
        report = make_report(self.folder.name, end_reason, summaries, (*problems, *absent))
        try:
            report.save(self.folder, shared=self._shared)
        except OSError as error:
            problems.append(f'The report cannot be written ({error.strerror}): copy it from the log.')
        return report, ' '.join(problems)


def free_bytes(folder: Path) -> int:
    """Return the free bytes on the disk of a folder, which need not exist yet."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def describe_software() -> str:
    """Return name and version of this package and the ROS distribution."""
    version = ET.parse(resource_path('package.xml')).findtext('version')  # noqa: S314 - our own file
    distribution = os.environ.get('ROS_DISTRO', '')
    return f'{PACKAGE} {version}' + (f', ROS {distribution}' if distribution else '')
