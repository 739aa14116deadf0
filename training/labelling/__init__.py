# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pseudo-labels of camera images, predicted by teacher models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from training.labelling.depth_model import DepthModel
    from training.labelling.label_job import LabelJob, run_label_job
    from training.labelling.segmentation_model import SegmentationModel
    from training.labelling.teacher import Teacher
    from training.labelling.teacher_files import TeacherFiles

__all__ = [
    'DepthModel',
    'LabelJob',
    'SegmentationModel',
    'Teacher',
    'TeacherFiles',
    'run_label_job',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'depth_model': 'DepthModel',
        'label_job': 'LabelJob run_label_job',
        'segmentation_model': 'SegmentationModel',
        'teacher': 'Teacher',
        'teacher_files': 'TeacherFiles',
    },
)
