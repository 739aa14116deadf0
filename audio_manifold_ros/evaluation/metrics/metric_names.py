# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Names of figures: the model has no suffix, a control adds its own. Conversion of figures to JSON values."""

from __future__ import annotations

import math
from typing import Any

MODEL = 'model'
PRIOR = 'prior'
# Predictors that use no audio: median and mode, the best constants for the metrics, and the prior of the camera.
CONSTANTS, CAMERA_PRIOR = 'constants', 'camera_prior'
PRIORS = (PRIOR, CONSTANTS, CAMERA_PRIOR)
SHUFFLED, MIRRORED = 'shuffled', 'mirrored'
# The networks with one of the spatial maps of another window.
OTHER_MAPS = {'level': 'other_level', 'steered': 'other_steered', 'echo': 'other_echo'}
# The networks with a state over time, without earlier windows.
NO_PAST = 'no_past'
CONTROLS = (*PRIORS, NO_PAST, SHUFFLED, MIRRORED, *OTHER_MAPS.values())
DIGITS = 5


def suffixed(key: str, variant: str) -> str:
    """Return the name of a variant's figure: `abs_rel` for the model, `abs_rel_prior` for a control."""
    return key if variant == MODEL else f'{key}_{variant}'


def to_json_values(value: Any) -> Any:
    """Return nested figures as JSON values: rounded to five decimal places, None if not finite."""
    if isinstance(value, dict):
        return {key: to_json_values(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [to_json_values(entry) for entry in value]
    if isinstance(value, float):
        return round(value, DIGITS) if math.isfinite(value) else None
    return value
