# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bundles: the folder with a trained model, its manifest, its confidence model and its predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.inference.bundle.array_range import ArrayRange
    from audio_manifold_ros.inference.bundle.bundle import Bundle, write_bundle
    from audio_manifold_ros.inference.bundle.bundle_info import WeightArray, weight_arrays
    from audio_manifold_ros.inference.bundle.bundle_location import find_bundle
    from audio_manifold_ros.inference.bundle.confidence import ConfidenceModel, ModalityConfidence
    from audio_manifold_ros.inference.bundle.confidence_fit import CalibrationSet, fit_confidence
    from audio_manifold_ros.inference.bundle.feature_descriptors import describe_features
    from audio_manifold_ros.inference.bundle.feature_statistics import FeatureStatistics
    from audio_manifold_ros.inference.bundle.hub_reference import HubReference
    from audio_manifold_ros.inference.bundle.hub_upload import upload_bundle
    from audio_manifold_ros.inference.bundle.manifest import DepthRange, FileEntry, LabelClass, Manifest
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput, Prediction
    from audio_manifold_ros.inference.bundle.trained_array import TrainedArray

__all__ = [
    'ArrayRange',
    'Bundle',
    'CalibrationSet',
    'ConfidenceModel',
    'DepthRange',
    'FeatureStatistics',
    'FileEntry',
    'HubReference',
    'LabelClass',
    'Manifest',
    'ModalityConfidence',
    'NetworkOutput',
    'Prediction',
    'TrainedArray',
    'WeightArray',
    'describe_features',
    'find_bundle',
    'fit_confidence',
    'upload_bundle',
    'weight_arrays',
    'write_bundle',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'array_range': 'ArrayRange',
        'bundle': 'Bundle write_bundle',
        'bundle_info': 'WeightArray weight_arrays',
        'confidence': 'ConfidenceModel ModalityConfidence',
        'confidence_fit': 'CalibrationSet fit_confidence',
        'feature_descriptors': 'describe_features',
        'feature_statistics': 'FeatureStatistics',
        'bundle_location': 'find_bundle',
        'hub_reference': 'HubReference',
        'hub_upload': 'upload_bundle',
        'manifest': 'DepthRange FileEntry LabelClass Manifest',
        'prediction': 'NetworkOutput Prediction',
        'trained_array': 'TrainedArray',
    },
)
