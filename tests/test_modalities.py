# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The registry of the modalities, its tables, and the places that may name a modality."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.modalities.modality_images import ModalityImages
from audio_manifold_ros.modalities.registry import MODALITIES, STORED_MODALITIES, Modality
from audio_manifold_ros.rig.derived_images import DERIVED_IMAGES

ROOT = Path(__file__).parents[1]
TOPS = ('audio_manifold_ros', 'training', 'benchmarks', 'launch')
# Each table has one entry for every modality.
TABLES = (
    'audio_manifold_ros.bag_evaluation.html_report.SCORE_TABLES',
    'audio_manifold_ros.bag_evaluation.image_curves.IMAGE_CURVES',
    'audio_manifold_ros.camera_prior.prior_counts.COUNTED',
    'audio_manifold_ros.camera_prior.prior_table.IMAGES',
    'audio_manifold_ros.camera_prior.prior_table.VALUES',
    'audio_manifold_ros.demo.summary.SHOWN_METRICS',
    'audio_manifold_ros.drawing.colormaps.MODALITY_COLOURS',
    'audio_manifold_ros.evaluation.controls.pixel_statistics.PIXEL_STATISTICS',
    'audio_manifold_ros.evaluation.metrics.modality_metrics.MODALITY_METRICS',
    'audio_manifold_ros.evaluation.metrics.skill_score.SKILLS',
    'audio_manifold_ros.evaluation.reporting.card_sections.CARD_SECTIONS',
    'audio_manifold_ros.inference.bundle.correctness.CORRECTNESS',
    'audio_manifold_ros.inference.bundle.image_change.IMAGE_CHANGES',
    'audio_manifold_ros.inference.bundle.manifest.MODALITY_KEYS',
    'audio_manifold_ros.inference.postprocessing.NO_CONTENT',
    'audio_manifold_ros.networks.image_heads.IMAGE_HEADS',
    'audio_manifold_ros.networks.spatial.prior_inputs.RAW_IMAGES',
    'audio_manifold_ros.nodes.evaluation.live_offline_comparison.DIFFERENCES',
    'audio_manifold_ros.nodes.perception.image_outputs.IMAGE_OUTPUTS',
    'training.data.ground_truth_arrays.GROUND_TRUTH',
    'training.fitting.image_metrics.SCORES',
    'training.fitting.joint_losses.JOINT_LOSSES',
    'training.fitting.joint_losses.PIXEL_ERRORS',
    'training.fitting.losses.LOSSES',
    'training.fitting.manifold_module.INPUT_IMAGES',
)
STORED_TABLES = (
    'audio_manifold_ros.datasets.drive_images.IMAGE_CHECKS',
    'audio_manifold_ros.datasets.drive_images.IMAGE_READERS',
    'training.importing.drive_import.MISSING_LABELS',
    'training.importing.folder.recording_files.IMAGE_FOLDERS',
    'training.labelling.teacher_choice.MODELS',
    'training.labelling.teacher_files.READERS',
)
# Files that may contain the name of a modality as a text, with the meaning that it has there.
LITERALS = {
    'audio_manifold_ros/modalities/registry.py': 'the registry',
    'audio_manifold_ros/bags/conversion/bag_to_dataset.py': 'option --depth',
    'audio_manifold_ros/bags/conversion/check_bag.py': 'option --depth',
    'audio_manifold_ros/bags/storage/qos_profiles.py': 'depth of a queue',
    'audio_manifold_ros/bags/conversion/bag_scan.py': 'words in names of topics',
    'audio_manifold_ros/datasets/rig_files.py': 'name of depth.yaml',
    'audio_manifold_ros/inference/bundle/bundle.py': 'key of the sizes of the networks',
    'audio_manifold_ros/inference/bundle/manifest.py': 'keys of the manifest',
    'benchmarks/benches/loader.py': 'key of a batch',
    'benchmarks/benches/training_step.py': 'key of a batch',
    'training/data/mirror.py': 'key of a batch',
    'training/export/export_lerobot.py': 'name of a feature',
    'training/data/ground_truth_arrays.py': 'key of a batch',
    'training/fitting/joint_losses.py': 'key of a batch',
    'training/fitting/losses.py': 'key of a batch',
    'training/fitting/manifold_module.py': 'key of a batch',
    'training/importing/folder/recording_conversion.py': 'key of a provenance',
    'training/importing/folder/recording_files.py': 'name of a folder',
    'training/paper_tables/columns.py': 'names of the tables of the paper',
}
# Files that may compare a modality with a constant: readers of label files, whose depth has a unit of its own.
COMPARISONS = {
    'training/importing/drive_import.py',
    'training/importing/folder/png_images.py',
    'training/importing/imported_labels.py',
    'training/importing/reference_files.py',
    'training/labelling/recorded_labels.py',
    'training/labelling/teacher_files.py',
}


def table(name: str) -> Mapping[str, object]:
    module, _, attribute = name.rpartition('.')
    if '.nodes.' in name:
        pytest.importorskip('rclpy')
    found: Mapping[str, object] = getattr(importlib.import_module(module), attribute)
    return found


@pytest.mark.parametrize('name', STORED_TABLES)
def test_a_table_has_an_entry_for_every_stored_modality(name: str) -> None:
    assert set(table(name)) == set(STORED_MODALITIES)


def test_every_other_modality_is_derived_from_a_stored_one() -> None:
    assert {name: MODALITIES[name].derived_from in STORED_MODALITIES for name in DERIVED_IMAGES} == dict.fromkeys(
        MODALITIES.keys() - STORED_MODALITIES.keys(), True
    )


@pytest.mark.parametrize('name', TABLES)
def test_a_table_has_an_entry_for_every_modality(name: str) -> None:
    assert set(table(name)) == set(MODALITIES)


@cache
def sources() -> dict[str, ast.Module]:
    paths = [path for top in TOPS for path in (ROOT / top).rglob('*.py')]
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding='utf-8')) for path in paths}


def test_only_the_listed_files_name_a_modality() -> None:
    found = {
        path
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in set(MODALITIES)
    }
    assert sorted(found - set(LITERALS)) == [], 'use a table with an entry for each modality'
    assert sorted(set(LITERALS) - found) == [], 'remove these files from LITERALS'


def test_only_the_listed_files_compare_a_modality_with_a_constant() -> None:
    constants = {name.upper() for name in MODALITIES}
    found = {
        path
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and any(isinstance(operator, ast.Eq | ast.NotEq | ast.Is | ast.IsNot) for operator in node.ops)
        and any(isinstance(side, ast.Name) and side.id in constants for side in (node.left, *node.comparators))
    }
    assert sorted(found - COMPARISONS) == [], 'use a table with an entry for each modality'
    assert sorted(COMPARISONS - found) == [], 'remove these files from COMPARISONS'


@pytest.mark.parametrize('modality', MODALITIES.values(), ids=list(MODALITIES))
def test_the_image_of_a_modality_is_a_field_with_its_invalid_value(modality: Modality) -> None:
    assert modality.image in {field.name for field in fields(ModalityImages)}
    empty = modality.invalid_image(3, 4)
    assert (empty.shape, empty.dtype) == ((3, 4, *modality.components), modality.dtype)
    images = ModalityImages(**{modality.image: empty})
    assert list(images.by_modality()) == [modality.name]
    np.testing.assert_array_equal(images.image(modality.name), empty)
    assert all(np.asarray(modality.invalid).astype(dtype) is not None for dtype in modality.stored_dtypes)


def test_serialised_names_do_not_change() -> None:
    """The names are in drives, bundles, label files and bags of earlier versions."""
    depth, segmentation = MODALITIES['depth'], MODALITIES['segmentation']
    assert depth.output_names == ('depth_m', 'depth_distance')
    assert segmentation.output_names == ('labels', 'segmentation_distance')
    assert (depth.topic, segmentation.topic) == ('depth/image', 'segmentation/image')
    assert (depth.ground_truth_topic, segmentation.ground_truth_topic) == (
        'truth/depth/image',
        'truth/segmentation/image',
    )
    assert (depth.label_file, segmentation.label_file) == ('depth.h5', 'segmentation.h5')
