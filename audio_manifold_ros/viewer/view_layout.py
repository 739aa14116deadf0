# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Layout of the view: 3D scene, images, spectrogram and figures over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audio_manifold_ros.drawing.top_view import TOP_VIEW_LEGEND
from audio_manifold_ros.modalities.registry import MODALITIES
from audio_manifold_ros.viewer.rerun_import import import_rerun

if TYPE_CHECKING:
    from collections.abc import Collection

TIMELINE = 'time'
SCENE = 'base_link'
SPECTROGRAM, CONFIDENCE, TOP_VIEW = 'spectrogram', 'confidence', 'top_view'
VEHICLES, TRUE_VEHICLES = f'{SCENE}/predicted_vehicles', f'{SCENE}/true_vehicles'
PREDICTED, GROUND_TRUTH = 'predicted', 'ground_truth'
FIGURES = 'figures'
# In base_link: from behind the vehicle and above it to the road ahead.
EYE_POSITION_M, EYE_TARGET_M = (-17.0, 9.0, 13.0), (9.0, -1.0, 0.0)
LATENCY, MEAN_CONFIDENCE, LEVEL = f'{FIGURES}/latency_ms', f'{FIGURES}/mean_confidence', f'{FIGURES}/level_db'


def make_layout(modalities: Collection[str], *, has_vehicles: bool) -> Any:
    """Return the layout as a blueprint of rerun.

    Args:
        modalities: Modalities of the bundle, one row of images each.
        has_vehicles: Show the top view of the vehicles all round.

    Raises:
        ViewerError: rerun is not installed.

    """
    blueprint = import_rerun('rerun.blueprint')
    images = [
        blueprint.Horizontal(
            *(
                blueprint.Spatial2DView(origin=f'{kind}/{name}', name=f'{modality.title}, {label}')
                for kind, label in ((GROUND_TRUTH, 'camera'), (PREDICTED, 'predicted'))
            )
        )
        for name, modality in MODALITIES.items()
        if name in modalities
    ]
    sound = blueprint.Horizontal(
        blueprint.Spatial2DView(origin=SPECTROGRAM, name='Sound, last second'),
        blueprint.Spatial2DView(origin=CONFIDENCE, name='Confidence'),
    )
    figures = (
        blueprint.TimeSeriesView(origin=LATENCY, name='Latency in ms'),
        blueprint.TimeSeriesView(origin=MEAN_CONFIDENCE, name='Mean confidence'),
        blueprint.TimeSeriesView(origin=LEVEL, name='Sound level in dB'),
    )
    below, shares, title = blueprint.Horizontal(*figures), [3, 1], 'Predicted points around the vehicle'
    if has_vehicles:
        top_view = blueprint.Spatial2DView(origin=TOP_VIEW, name=f'Vehicles ({TOP_VIEW_LEGEND})')
        below, shares = blueprint.Horizontal(top_view, blueprint.Vertical(*figures)), [3, 2]
        title = 'Predicted points, and vehicles (red: predicted, green: true)'
    # The default eye is far away: it shows the whole scene, with vehicles 50 m behind.
    eye = blueprint.EyeControls3D(position=EYE_POSITION_M, look_target=EYE_TARGET_M)
    scene = blueprint.Spatial3DView(origin=SCENE, name=title, eye_controls=eye)
    return blueprint.Blueprint(
        blueprint.Horizontal(
            blueprint.Vertical(scene, below, row_shares=shares),
            blueprint.Vertical(*images, sound),
            column_shares=[3, 2],
        ),
        collapse_panels=True,
    )
