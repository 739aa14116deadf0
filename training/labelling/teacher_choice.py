# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Teachers by their specification on the command line: a model, a recorded topic, or a folder of files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from audio_manifold_ros.modalities.registry import DEPTH, SEGMENTATION
from training.labelling.depth_model import DEFAULT_DEPTH, DepthModel
from training.labelling.recorded_labels import RecordedLabels
from training.labelling.segmentation_model import DEFAULT_SEGMENTATION, SegmentationModel
from training.labelling.teacher import Teacher
from training.labelling.teacher_files import TeacherFiles

NO_TEACHER, TOPIC, FILES = 'none', 'topic:', 'files:'
MODELS: Mapping[str, Callable[[str], Teacher]] = {DEPTH: DepthModel, SEGMENTATION: SegmentationModel}
DEFAULTS: Mapping[str, str] = {DEPTH: DEFAULT_DEPTH, SEGMENTATION: DEFAULT_SEGMENTATION}
TEACHER_HELP = f'a model (NAME, NAME@REVISION, folder), {TOPIC}NAME recorded, {FILES}FOLDER, or {NO_TEACHER}'


def open_teacher(modality: str, teacher_spec: str, recording: Path) -> Teacher:
    """Return the teacher of a modality from its specification on the command line.

    Raises:
        BagError: The bag is damaged.
        TrainingError: The teacher does not exist.

    """
    if teacher_spec.startswith(TOPIC):
        return RecordedLabels(recording, modality, teacher_spec.removeprefix(TOPIC))
    if teacher_spec.startswith(FILES):
        return TeacherFiles(Path(teacher_spec.removeprefix(FILES)), modality)
    return MODELS[modality](teacher_spec)
