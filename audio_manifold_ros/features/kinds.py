# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The kinds of features: a specification of any kind from the plain values of a manifest or an experiment."""

from __future__ import annotations

from collections.abc import Mapping

from audio_manifold_ros.common.errors import FeatureError
from audio_manifold_ros.common.untrusted_text import shorten
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.features.spec import FeatureSpec

AnyFeatureSpec = FeatureSpec | SpatialFeatureSpec
KINDS: Mapping[str, type[FeatureSpec | SpatialFeatureSpec]] = {'mel': FeatureSpec, 'spatial': SpatialFeatureSpec}


def require_mel(spec: AnyFeatureSpec) -> FeatureSpec:
    """Return mel features as such.

    Raises:
        FeatureError: The features are of another kind.

    """
    if isinstance(spec, SpatialFeatureSpec):
        msg = f'The features are of the kind {spec.KIND!r}: give a bundle or an experiment with mel features for this.'
        raise FeatureError(msg)
    return spec


def feature_spec_from_dict(values: object) -> AnyFeatureSpec:
    """Build the specification of the kind that the values name. Values without a kind are mel features.

    Raises:
        FeatureError: The kind is unknown, a key is unknown or missing, or a value is wrong.

    """
    if not isinstance(values, Mapping):
        return FeatureSpec.from_dict(values)
    kind = values.get('kind', 'mel')
    if not isinstance(kind, str) or kind not in KINDS:
        msg = f'Feature specification: kind is {shorten(kind)}: give one of {", ".join(KINDS)}.'
        raise FeatureError(msg)
    return KINDS[kind].from_dict({key: value for key, value in values.items() if key != 'kind'})
