# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labelling in several processes: a killed process loses no finished part, and a scheduler needs TLS."""

from __future__ import annotations

import os
import shutil
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.datasets.label_file import LabelFile, label_folder
from audio_manifold_ros.processes.job_progress import Advance
from tests.training.labelling.recording import FRAMES, label_image
from training.labelling import label_job, parallel_labelling
from training.labelling.label import main

OPTIONS = ['--depth', 'none', '--segmentation', 'topic:truth/labels', '--size', '6', '8', '--batch', '1']
PART = 2


def label_or_die(killed: Path, task: parallel_labelling.LabelTask, advance: Advance) -> object:
    """Label a recording in parts of two images. The process of `drive` is killed once, after its first part."""
    label_job.PART_FRAMES = PART
    calls: list[int] = []

    def note(count: int) -> None:
        calls.append(count)
        advance(count)
        if task.recording.name == 'drive' and not killed.exists() and sum(calls) > PART:
            killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    outcome = parallel_labelling._label(task, note)
    killed.with_name(f'{task.recording.name}.counts').write_text(' '.join(map(str, calls)))
    return outcome


def test_the_labels_of_a_killed_process_are_continued_by_another_process(
    bag: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = bag.with_name('other')
    shutil.copytree(bag, other)
    killed = bag.with_name('killed')
    monkeypatch.setattr(parallel_labelling, '_label', partial(label_or_die, killed))
    assert main([str(bag), str(other), *OPTIONS, '--workers', '2']) == 0
    assert killed.exists()
    for recording in (bag, other):
        with LabelFile(label_folder(recording) / 'segmentation.h5') as labels:
            assert labels.frames == FRAMES
            for number in range(FRAMES):
                np.testing.assert_array_equal(labels.image(number), label_image(number)[1::2, 1::2])
    counts = [int(count) for count in (bag.with_name('drive.counts')).read_text().split()]
    assert counts[0] == PART, 'the finished part was labelled again'
    assert sum(counts) == FRAMES


def test_a_scheduler_without_tls_is_refused(bag: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(bag), *OPTIONS, '--scheduler', 'tcp://127.0.0.1:8786']) == 1
    assert 'has no TLS' in ' '.join(capsys.readouterr().err.split())
    assert not label_folder(bag).exists()
