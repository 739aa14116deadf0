# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Predictors without audio for cameras, from a table of rays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.evaluation.controls.pixel_prior import PixelPrior

if TYPE_CHECKING:
    from audio_manifold_ros.camera_prior.camera_view import CameraView
    from audio_manifold_ros.camera_prior.prior_table import PriorTable


class CameraPriors:
    """Predictors without audio of cameras, each made once."""

    def __init__(self, table: PriorTable) -> None:
        """Take the table of rays."""
        self._table = table
        self._found: dict[tuple[CameraView, int, int], PixelPrior] = {}

    def prior(self, view: CameraView, height: int, width: int) -> PixelPrior:
        """Return the predictor of a camera, for images of a size (see `PixelPrior.of_camera`)."""
        key = view, height, width
        if key not in self._found:
            self._found[key] = PixelPrior.of_camera(self._table, *key)
        return self._found[key]
