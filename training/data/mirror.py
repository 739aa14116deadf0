# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mirror augmentation: windows of spatial features with left and right exchanged, and their ground truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

import torch

from audio_manifold_ros.features.array_geometry import mirror_order
from training.data.vehicle_arrays import AZIMUTH, AZIMUTHS, VEHICLES

if TYPE_CHECKING:
    from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
    from training.data.data_module import Batch

# Factors of the components of a normal in the optical frame (x right, y down, z ahead).
NORMAL_SIGNS = (-1.0, 1.0, 1.0)


def mirror_some(batch: Batch, probability: float, spec: SpatialFeatureSpec) -> Batch:
    """Return a batch in which each window is mirrored with a probability.

    The mirrored window is exact for the mirrored array with a camera that is symmetric about its vertical axis and
    looks along the array's x axis. Traffic changes to the other side of the road, so the data must have both.

    Args:
        batch: Windows with packed spatial features.
        probability: Probability of each window.
        spec: Definition of the features.

    """
    if not probability:
        return batch
    features = batch['features']
    is_mirrored = torch.rand(len(features), device=features.device) < probability
    changed = {
        name: _select(is_mirrored, MIRRORS[name](values, spec), values) if name in MIRRORS else values
        for name, values in cast('dict[str, torch.Tensor]', batch).items()
    }
    return cast('Batch', changed)


def mirror_features(features: torch.Tensor, spec: SpatialFeatureSpec) -> torch.Tensor:
    """Return packed features (batch, size) with the azimuths of the steered and the echo map mirrored."""
    return features[:, torch.tensor(mirror_order(spec), device=features.device)]


def _mirror_image(image: torch.Tensor, spec: SpatialFeatureSpec) -> torch.Tensor:
    """Mirror (batch, row, column)."""
    del spec
    return image.flip(2)


def _mirror_normals(normals: torch.Tensor, spec: SpatialFeatureSpec) -> torch.Tensor:
    """Mirror (batch, row, column, 3)."""
    del spec
    return normals.flip(2) * normals.new_tensor(NORMAL_SIGNS)


def _mirror_vehicles(vehicles: torch.Tensor, spec: SpatialFeatureSpec) -> torch.Tensor:
    """Mirror tables (batch, vehicle, column) of `vehicle_arrays`."""
    del spec
    signs = torch.ones(vehicles.shape[2], device=vehicles.device)
    signs[AZIMUTH] = -1.0
    return vehicles * signs


def _mirror_azimuths(azimuths_rad: torch.Tensor, spec: SpatialFeatureSpec) -> torch.Tensor:
    """Mirror the directions of the steered map (batch, azimuth)."""
    columns, others = azimuths_rad[:, : spec.image_columns], azimuths_rad[:, spec.image_columns :]
    return -torch.cat([columns.flip(1), others.flip(1)], dim=1)


def _select(is_mirrored: torch.Tensor, mirrored: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    return torch.where(is_mirrored.reshape(-1, *[1] * (values.ndim - 1)), mirrored, values)


# By key of a batch, the mirrored values. Other keys do not depend on left and right.
MIRRORS: Mapping[str, Callable[[torch.Tensor, SpatialFeatureSpec], torch.Tensor]] = {
    'features': mirror_features,
    'depth_m': _mirror_image,
    'labels': _mirror_image,
    'normals': _mirror_normals,
    VEHICLES: _mirror_vehicles,
    AZIMUTHS: _mirror_azimuths,
}
