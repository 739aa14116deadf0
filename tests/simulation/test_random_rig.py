# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.rig.rig import MicrophoneArray
from audio_manifold_ros.simulation.drive import Drive
from audio_manifold_ros.simulation.random_rig import FORMS, STREETS_PER_RIG, random_rig
from audio_manifold_ros.simulation.rig_parts import RigParts, load_rig

RIGS = tuple(random_rig(number * STREETS_PER_RIG) for number in range(120))


def real_array(rig: RigParts) -> MicrophoneArray:
    assert rig.true_array is not None
    return rig.true_array


def test_streets_in_a_row_share_a_rig() -> None:
    first = 7 * STREETS_PER_RIG
    assert random_rig(first).array == random_rig(first + STREETS_PER_RIG - 1).array
    assert random_rig(first).array != random_rig(first + STREETS_PER_RIG).array


def test_rigs_cover_counts_sizes_forms_and_cameras() -> None:
    assert {len(rig.array.microphones) for rig in RIGS} == set(range(4, 17))
    assert {rig.array.array_id.split('_')[-1] for rig in RIGS} == set(FORMS)
    radii = np.array([np.linalg.norm(real_array(rig).positions_m, axis=1).max() for rig in RIGS])
    assert radii.min() < 0.1
    assert 0.4 < radii.max() < 0.9
    widths = [np.degrees(2 * np.arctan(rig.camera.model.width / 2 / rig.camera.model.fx)) for rig in RIGS]
    assert min(widths) < 65
    assert max(widths) > 105
    heights = [rig.extrinsics.transform('camera_link').translation_m[2] for rig in RIGS]
    assert min(heights) < 0.6
    assert max(heights) > 1.8


def test_half_of_the_rigs_have_the_camera_of_the_roof_octagon() -> None:
    reference = load_rig()
    shared = [rig for rig in RIGS if rig.camera == reference.camera]
    assert len(shared) / len(RIGS) == pytest.approx(0.5, abs=0.15)
    for rig in shared:
        assert rig.extrinsics.transform('camera_link') == reference.extrinsics.transform('camera_link')
    assert len({rig.extrinsics.transform('mic_array_link').translation_m[2] for rig in shared}) == len(shared)


def test_the_file_differs_from_the_real_positions_by_millimetres() -> None:
    errors = np.concatenate([(rig.array.positions_m - real_array(rig).positions_m).ravel() for rig in RIGS])
    assert 0.002 < errors.std() < 0.005
    assert np.abs(errors).max() < 0.015


def test_microphones_are_apart_and_their_facings_are_unit_vectors() -> None:
    for rig in RIGS:
        positions = real_array(rig).positions_m
        apart = np.linalg.norm(positions[:, None] - positions, axis=2) + np.eye(len(positions))
        assert apart.min() > 0.005
        np.testing.assert_allclose(np.linalg.norm(rig.array.facings, axis=1), 1.0, atol=1e-9)


def test_a_dead_microphone_is_silent_and_stated() -> None:
    rig = next(rig for rig in RIGS if 0.0 in rig.gains)
    enabled = [mic.enabled for mic in rig.array.microphones]
    assert sum(enabled) >= 4
    sound = Drive(3, rig, 1.0).audio(0, 2000)
    assert [bool(channel.any()) for channel in sound] == enabled
    assert sum(0.0 in rig.gains for rig in RIGS) / len(RIGS) == pytest.approx(0.25, abs=0.12)


def test_the_text_of_a_rig_is_read_back() -> None:
    for rig in RIGS[:10]:
        again = MicrophoneArray.from_text(rig.array.to_text(), 'mic_array.yaml')
        np.testing.assert_allclose(again.positions_m, rig.array.positions_m, atol=1e-4)
