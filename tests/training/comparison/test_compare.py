# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Comparison of bundles: the same streets for all, dead microphones, rigs that do not fit, and the tables."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.errors import EvaluationError, RigError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.modalities.modality_images import ModalityImages
from tests.inference.spatial_bundle import write_spatial_bundle
from training.comparison import flicker as flicker_module
from training.comparison import silent_predictors
from training.comparison.compare import bundle_names, main
from training.comparison.compared_rigs import rig_cases
from training.comparison.comparison_report import lost_share
from training.comparison.flicker import Flicker
from training.comparison.street_window import StreetWindow
from training.comparison.unseen_streets import simulate_streets

OCTAGON, USB_RING = resource_path('calibration/roof_octagon'), resource_path('calibration/usb_ring')
STREETS = 3


def test_bundles_are_scored_on_the_same_streets_with_each_rig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(silent_predictors, 'PRIOR_SEEDS', range(4))
    monkeypatch.setattr(flicker_module, 'SECONDS', 2)
    spatial = write_spatial_bundle(tmp_path / 'spatial', SpatialFeatureSpec()).folder
    options = [
        '--streets',
        str(STREETS),
        '--rigs',
        str(OCTAGON),
        str(USB_RING),
        '--dead',
        '2',
        '--workers',
        '1',
        '--other-noise',
    ]
    folders = ['--drives', str(tmp_path / 'drives'), '--out', str(tmp_path / 'out'), '--flicker', '1']
    assert main([str(resource_path('models/paper_8x8')), str(spatial), *options, *folders]) == 0
    found = json.loads((tmp_path / 'out' / 'comparison.json').read_text())
    assert found['cases'] == ['roof_octagon', 'roof_octagon, other noise', 'roof_octagon, 2 dead', 'usb_ring']
    street, other = found['bundles']['paper_8x8'], found['bundles']['spatial']
    assert street['scores']['usb_ring'] is None
    assert 'needs 8 (roof_octagon)' in street['refusals']['usb_ring']
    assert other['refusals'] == {}
    whole, noise, dead = (other['scores'][case] for case in found['cases'][:3])
    assert noise['depth']['abs_rel'] != whole['depth']['abs_rel']
    assert noise['depth']['abs_rel_constants'] == whole['depth']['abs_rel_constants'], 'the same streets'
    assert whole['windows'] == whole['over_streets']['streets'] == STREETS
    assert whole['depth']['abs_rel'] != dead['depth']['abs_rel']
    for key in ('abs_rel_prior', 'abs_rel_constants'):
        values = {scores['depth'][key] for scores in (whole, dead, street['scores']['roof_octagon'])}
        assert len(values) == 1, 'the same ground truth for all'
    assert whole['depth']['abs_rel_other_echo'] > 0
    assert 'abs_rel_mirrored' in street['scores']['roof_octagon']['depth']
    assert 'abs_rel_mirrored' not in dead['depth']
    flicker, smoothed = found['flicker']['spatial']['0'], found['flicker']['spatial']['0.1']
    assert 0 <= flicker['true_change'] < flicker['mean_change']
    assert smoothed['mean_change'] < 0.6 * flicker['mean_change']
    text = (tmp_path / 'out' / 'comparison.md').read_text()
    assert text in capsys.readouterr().out
    for block in re.findall(r'(?:^\|.*\n)+', text, re.MULTILINE):
        assert len({line.count('|') for line in block.splitlines()}) == 1
    line = next(line for line in text.splitlines() if line.startswith('| ABS_rel, all |'))
    assert f'{whole["depth"]["abs_rel"]:.3f} ± ' in line
    shares = re.findall(r'^\| .*vehicles.*, share of the pixels of vehicles \(%\) \| ([\d.]+) ', text, re.MULTILINE)
    assert len(shares) == 3
    assert sum(map(float, shares)) == pytest.approx(100, abs=2)


def test_bundles_with_windows_of_other_lengths_are_scored_on_the_same_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silent_predictors, 'PRIOR_SEEDS', range(2))
    short = SpatialFeatureSpec()
    long = replace(short, window_samples=short.window_samples + 2 * short.echo_step_samples, echo_segments=3)
    position = 1 - 0.5 * short.window_samples / long.window_samples
    bundles = [
        write_spatial_bundle(tmp_path / 'short', short).folder,
        write_spatial_bundle(tmp_path / 'long', long, frame_position=position).folder,
    ]
    options = ['--streets', '2', '--rigs', str(OCTAGON), '--dead', '0', '--workers', '1']
    options += ['--drives', str(tmp_path / 'drives'), '--out', str(tmp_path / 'out')]
    assert main([*map(str, bundles), *options]) == 0
    found = json.loads((tmp_path / 'out' / 'comparison.json').read_text())['bundles']
    scores = [found[name]['scores']['roof_octagon']['depth'] for name in ('short', 'long')]
    assert scores[0]['abs_rel_prior'] == scores[1]['abs_rel_prior']
    assert scores[0]['abs_rel'] != scores[1]['abs_rel']
    later = write_spatial_bundle(tmp_path / 'later', long).folder
    assert main([str(bundles[0]), str(later), *options]) == 1


@pytest.mark.parametrize(('window_s', 'look_back_s'), [(1, 0.0), (2, 1.0), (3, 1.5)])
def test_the_window_of_the_last_image_ends_with_the_drive(tmp_path: Path, window_s: int, look_back_s: float) -> None:
    case = rig_cases([OCTAGON])[0]
    (path,) = simulate_streets(case, tmp_path, range(900_000, 900_001), window_s, look_back_s, 1)
    spec = SpatialFeatureSpec(window_samples=window_s * 22_500)
    window = StreetWindow.read(path, spec, 1 - look_back_s / window_s)
    assert window.image_s == pytest.approx(window_s - look_back_s, abs=1e-4)
    assert window.seconds == window_s


def test_streets_with_echoes_of_trunks_are_other_drives_and_stated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silent_predictors, 'PRIOR_SEEDS', range(2))
    bundle = write_spatial_bundle(tmp_path / 'spatial', SpatialFeatureSpec()).folder
    options = ['--streets', '2', '--rigs', str(OCTAGON), '--dead', '0', '--no-controls', '--workers', '1']
    options += ['--drives', str(tmp_path / 'drives')]
    found, texts = [], []
    for name, further in (('plain', []), ('echoes', ['--trunk-echoes'])):
        assert main([str(bundle), *options, '--out', str(tmp_path / name), *further]) == 0
        found.append(json.loads((tmp_path / name / 'comparison.json').read_text()))
        texts.append((tmp_path / name / 'comparison.md').read_text())
    assert [one['trunk_echoes'] for one in found] == [False, True]
    assert 'without echoes of trunks and poles' in texts[0]
    assert ', with echoes of trunks and poles' in texts[1]
    plain, echoes = ((tmp_path / 'drives' / f'roof_octagon{kind}_1s_at_0.5') for kind in ('', '_trunk_echoes'))
    stated, differences = [], []
    for path in sorted(plain.rglob('*.h5')):
        with DriveReader(path) as drive, DriveReader(echoes / path.relative_to(plain)) as other:
            stated.append((drive.provenance.get('trunk_echoes'), other.provenance.get('trunk_echoes')))
            differences.append(np.abs(drive.samples(0, 22_500) - other.samples(0, 22_500)).max())
            np.testing.assert_array_equal(drive.labels(0), other.labels(0))
    assert stated == [(None, True)] * 2
    assert max(differences) > 1e-4


def test_dead_microphones_are_other_ones_in_each_street_and_left_out(tmp_path: Path) -> None:
    from training.data.simulate import write_drive

    paths = [tmp_path / write_drive(tmp_path, seed, 1).path for seed in (900_000, 900_001)]
    windows = [StreetWindow.read(path, SpatialFeatureSpec(), 0.5, dead=2) for path in paths]
    assert [int(window.active.sum()) for window in windows] == [6, 6]
    assert windows[0].active.tolist() != windows[1].active.tolist()
    assert not windows[0].samples[~windows[0].active].any()
    whole = StreetWindow.read(paths[0], SpatialFeatureSpec(), 0.5)
    assert whole.active.all()
    np.testing.assert_array_equal(windows[0].samples[windows[0].active], whole.samples[windows[0].active])
    level = windows[0].features(SpatialFeatureSpec())
    assert np.isfinite(level).all()
    assert np.abs(level - whole.features(SpatialFeatureSpec())).max() > 0.1
    assert windows[0].features(FeatureSpec()).shape == (8, 128, 128)


def test_the_streets_are_divided_among_random_rigs() -> None:
    case = rig_cases([OCTAGON], random_rigs=3)[-1]
    names = [case.rig(place, 7).array.array_id for place in range(7)]
    assert len(set(names)) == 3
    assert names == sorted(names)
    assert all(name.startswith('random_225') for name in names), 'rigs of streets that no model is trained on'
    with pytest.raises(RigError, match='8 of 8 microphones'):
        rig_cases([OCTAGON], dead=8)
    with pytest.raises(RigError, match='give each name once'):
        rig_cases([OCTAGON, OCTAGON])


def test_flicker_is_the_change_of_still_pixels() -> None:
    depth_m = np.full((2, 4), 10.0, np.float32)
    labels = np.zeros((2, 4), np.uint8)
    moved_m, other_labels = depth_m.copy(), labels.copy()
    moved_m[:, 0] = 11.0  # moves
    other_labels[:, 1] = 13  # another object
    predicted_m, predicted_labels = np.full((2, 4), 5.0, np.float32), labels.copy()
    next_m, next_labels = np.full((2, 4), 5.0 * np.exp(0.2), np.float32), labels.copy()
    next_m[:, :2] = 70.0
    next_m[0, 2] = np.nan
    next_labels[1, 3] = 2
    flicker = Flicker()
    flicker.add(
        (ModalityImages(predicted_m, predicted_labels), ModalityImages(depth_m, labels)),
        (ModalityImages(next_m, next_labels), ModalityImages(moved_m, other_labels)),
    )
    found = flicker.result()
    assert found['mean_change'] == pytest.approx(0.2, abs=1e-6)
    assert found['true_change'] == 0
    assert found['other_class'] == 0.25
    assert Flicker().result()['mean_change'] is None


def test_the_scores_of_a_stream_are_means_over_pixels_with_ground_truth() -> None:
    flicker = Flicker()
    truth = ModalityImages(np.array([[10.0, 20.0, np.nan, 40.0]]), np.array([[0, 1, 2, 255]], np.uint8))
    predicted = ModalityImages(np.array([[11.0, 10.0, 30.0, np.nan]]), np.array([[0, 2, 2, 1]], np.uint8))
    flicker.add_image(predicted, truth)
    found = flicker.result()
    # A missing prediction counts as 80 m, as in all scores.
    assert found['abs_rel'] == pytest.approx((0.1 + 0.5 + 1.0) / 3)
    assert found['accuracy'] == pytest.approx(2 / 3)


def test_the_lost_share_is_that_of_the_skill() -> None:
    def scores(skill: float) -> dict[str, object]:
        return {'over_streets': {'against': {'prior': {'skill': skill}}}}

    assert lost_share(scores(0.45), scores(0.5)) == pytest.approx(0.1)
    assert lost_share(scores(0.45), scores(-0.1)) is None


def test_bundles_are_named_by_the_end_of_their_paths(tmp_path: Path) -> None:
    names = bundle_names([tmp_path / 'a' / 'street', tmp_path / 'b' / 'street'])
    assert list(names) == ['a/street', 'b/street']
    assert list(bundle_names([tmp_path / 'street'])) == ['street']
    with pytest.raises(EvaluationError, match='give each once'):
        bundle_names([tmp_path, tmp_path])
