# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labels of metrics, regions and controls in model cards and reports."""

from __future__ import annotations

from collections.abc import Mapping

from audio_manifold_ros.common.class_ids import CLASS_NAMES
from audio_manifold_ros.evaluation.metrics.depth_metrics import FAR_M, MIN_DEPTH_BY_UNIT
from audio_manifold_ros.evaluation.metrics.metric_names import (
    CAMERA_PRIOR,
    CONSTANTS,
    MIRRORED,
    NO_PAST,
    OTHER_MAPS,
    PRIOR,
    SHUFFLED,
)
from audio_manifold_ros.evaluation.metrics.regions import REGIONS as REGION_NAMES

# Label and description of each predictor without audio, and of each control of the audio, in model cards.
PRIOR_TEXTS = {
    PRIOR: ('median prior', 'median depth and most frequent class of each pixel over training windows of all cameras'),
    CONSTANTS: (
        'best constants',
        (
            'the constants of each pixel with the smallest ABS_rel (the median with weights 1 / depth) and the largest '
            'mIoU (the most frequent class after a bias for each class) over training windows'
        ),
    ),
    CAMERA_PRIOR: (
        'prior of the camera',
        (
            'what is seen along each ray over training windows, for the intrinsics and the height of the camera. The '
            'networks predict deviations from it'
        ),
    ),
}
# Shares of pixels of the published depth.
PUBLISHED_SHARES = {
    'missing_depth': 'pixels with ground truth and no depth (%)',
    'depth_in_sky': 'pixels of sky with a depth (%)',
}
CONTROL_TEXTS = {
    NO_PAST: (
        'without earlier windows',
        'the same networks with one window only, as at the start of a stream. The controls below also have one window',
    ),
    SHUFFLED: ('sound of another street', 'the same networks with the sound of another test drive'),
    MIRRORED: ('mirrored microphones', 'the same networks with left and right microphones exchanged'),
    OTHER_MAPS['level']: ('level map of another street', 'only the levels of the bands are of another test drive'),
    OTHER_MAPS['steered']: ('steered map of another street', 'only the beams are of another test drive'),
    OTHER_MAPS['echo']: ('echo map of another street', "only the echoes of one's own noise are of another test drive"),
}
THIS_MODEL = 'this model'
# By the suffix of a figure, the predictor in tables that have a column for each: those of a model card, where the prior
# is that of all cameras, and those of a bag, where it is the one that the bundle has.
CARD_VARIANTS = {
    '': THIS_MODEL,
    '_prior': PRIOR_TEXTS[PRIOR][0],
    '_shuffled': CONTROL_TEXTS[SHUFFLED][0],
    '_mirrored': CONTROL_TEXTS[MIRRORED][0],
}
BAG_VARIANTS = {**CARD_VARIANTS, '_prior': 'prior of the bundle', '_shuffled': 'shuffled audio'}
REGION_LABELS = {
    'facades': 'façades',
    'vehicles_near': 'vehicles nearer than 8 m',
    'vehicles_middle': 'vehicles at 8 to 20 m',
    'vehicles_far': 'vehicles beyond 20 m',
    'around_vehicles': 'around vehicles',
}
REGIONS = {'': 'all', **{f'_{name}': REGION_LABELS.get(name, name) for name in REGION_NAMES}}
DEPTH_METRICS = {
    'abs_rel': 'ABS_rel ↓',
    'sq_rel': 'SQR_rel ↓',
    'rmse': 'RMSE ↓',
    'rmse_log': 'RMSE log ↓',
    'auc_crr': 'AUC_crr ↑',
}
DEPTH_UNITS = {'m': 'metres', 'relative': 'the unit of the teacher, which is metres times an unknown factor'}
SEGMENTATION_KEYS = {
    'miou': 'mIoU',
    **{f'iou_{name.replace(" ", "_")}': name for name in CLASS_NAMES},
    'accuracy': 'pixel accuracy',
}
NORMAL_METRICS = {
    'mean_angle_deg': 'mean angle (°) ↓',
    'median_angle_deg': 'median angle (°) ↓',
    'within_11_25': 'within 11.25° ↑',
    'within_22_5': 'within 22.5° ↑',
    'within_30': 'within 30° ↑',
}
STRUCTURE_METRICS = {
    'explained_log_depth': 'log-depth skill score ↑',
    'explained_log_depth_vehicles': '… on vehicles ↑',
    'explained_classes': 'class skill score ↑',
    'explained_normals': 'normal skill score ↑',
    'depth_edges_f': 'depth edges, F-score ↑',
    'depth_edges_f_wide': '… with the wide tolerance ↑',
    'class_edges_f': 'class borders, F-score ↑',
    'class_edges_f_wide': '… with the wide tolerance ↑',
    'cars_recall': 'cars, recall ↑',
    'cars_recall_nearby': '… of cars within 20 m ↑',
    'cars_precision': 'cars, precision ↑',
    'cars_azimuth_error_deg': 'azimuth error of matched cars (°) ↓',
    'cars_distance_error': 'relative distance error of matched cars ↓',
}


def describe_structure(variants: Mapping[str, str]) -> str:
    """Return the note of the table of structure.

    Args:
        variants: `CARD_VARIANTS` or `BAG_VARIANTS`.

    """
    return (
        'Skill score: 1 - squared error of log depth (or number of pixels with a wrong class) / that of the '
        f'{variants["_prior"]}. Edges: boundary F-score with a tolerance of 0.75 % of the diagonal, wide 3 %. Cars: '
        'connected regions, matched one to one if their centres are at most 10° apart. docs/metrics.md has the '
        'formulae.'
    )


def describe_depth_range(unit: str) -> str:
    """Return the range that depth of a unit is clipped to, for example `1..80 m`."""
    return f'{MIN_DEPTH_BY_UNIT[unit]:g}..{FAR_M:g}{" m" if unit == "m" else ""}'
