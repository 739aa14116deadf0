# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the depth in a file of labels is worth: metres, or only proportional to them."""

from __future__ import annotations

from dataclasses import dataclass

from audio_manifold_ros.datasets.drive_attributes import METRES, RELATIVE
from audio_manifold_ros.datasets.label_file import LabelDescription

# The teacher's `kind` where it was run elsewhere and left files of disparity.
FILES_KIND = 'files'
# Scaled disparity of Monodepth2 is 0.01 to 10 (Godard et al. 2019); its stereo baseline of 0.1 units stands for 0.54 m
# of KITTI, so depth is 5.4 m over it.
STEREO_SCALE_M = 5.4


@dataclass(frozen=True)
class LabelDepthUnit:
    """How the depth of a track becomes that of a drive.

    Attributes:
        unit: `m`, or `relative`.
        divisor: What the images of the track are divided by.

    """

    unit: str
    divisor: float = 1.0


def label_depth_unit(description: LabelDescription) -> LabelDepthUnit:
    """Return what the depth of a track is worth, by what it says of its teacher."""
    teacher = description.provenance.get('teacher', {})
    if teacher.get('kind') == FILES_KIND:
        # The metres that the labels give to disparity are a convention: nobody measured them.
        return LabelDepthUnit(RELATIVE, STEREO_SCALE_M)
    return LabelDepthUnit(str(teacher.get('depth_unit', METRES)))
