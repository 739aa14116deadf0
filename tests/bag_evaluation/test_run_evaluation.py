# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An evaluation writes report, metrics, contact sheet and video, and no other file."""

from __future__ import annotations

import errno
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from audio_manifold_ros.bag_evaluation.bag_scores import BagScores, as_published
from audio_manifold_ros.bag_evaluation.evaluation_session import EvaluationOptions
from audio_manifold_ros.bag_evaluation.result_folder import ResultFolder
from audio_manifold_ros.bag_evaluation.run_evaluation import evaluate_bag
from audio_manifold_ros.bags.decoding.run_metadata import CUSTOM_KEY, RunMetadata
from audio_manifold_ros.common.errors import BagError, EvaluationError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.evaluation.controls.pixel_prior import PixelPrior
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.prediction import Prediction
from audio_manifold_ros.modalities.modality_images import ModalityImages, image_fields
from tests.bags import drive_bags
from tests.bags.sound_bag import START_NS, SoundBag

BUNDLE = resource_path('models/street')
RIG = RigFiles.from_folder(resource_path('calibration/roof_octagon'))


@pytest.fixture(scope='module')
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp('evaluated')
    custom = {CUSTOM_KEY: RunMetadata(RIG, 'tests', START_NS, 'simulator', {}).to_json()}
    drive = SoundBag(seconds=2.2, image_size=(96, 160), custom=custom).write(folder / 'a <drive> & more')
    fractions: list[float] = []
    options = EvaluationOptions(drive, BUNDLE, folder / 'out', rate_hz=15.0, backend='onnx', threads=1)
    result = evaluate_bag(options, progress=fractions.append)
    assert fractions == sorted(fractions)
    return folder / 'out', result


class ReportParser(HTMLParser):
    """Checks that elements are closed, and collects text and links."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.targets: list[str] = []
        self.text = ''

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.targets += [value for key, value in attrs if key in {'src', 'href', 'srcset', 'data'} and value]
        if tag not in {'meta', 'img', 'line', 'path', 'rect', 'br'}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            assert tag in {'line', 'path', 'rect'}, f'</{tag}> closes {self.open}'

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_report_is_self_contained(evaluated: tuple[Path, dict[str, Any]]) -> None:
    out, _ = evaluated
    report = ReportParser()
    page = (out / 'report.html').read_text(encoding='utf-8')
    report.feed(page)
    assert report.open == []
    embedded = [target for target in report.targets if target.startswith('data:image/png;base64,')]
    assert len(embedded) == 1
    assert [target for target in report.targets if target not in embedded] == ['drive.mp4']
    assert 'url(' not in page
    assert '@import' not in page
    assert 'a <drive> & more' in report.text
    names = (
        'ABS_rel',
        'mIoU',
        'prior of the bundle',
        'mirrored microphones',
        'equation 1',
        'published code',
        'Confidence',
    )
    for words in names:
        assert words in report.text
    assert not re.search(r'\bnan\b|None', report.text)
    assert str(out.parent) not in page


def test_the_metrics_have_both_conventions_and_all_controls(evaluated: tuple[Path, dict[str, Any]]) -> None:
    out, result = evaluated
    stored = json.loads((out / 'metrics.json').read_text(encoding='utf-8'), parse_constant=pytest.fail)
    assert stored == result
    assert result['mode'] == 'offline'
    assert result['rig'] == {'array_id': 'roof_octagon', 'origin': 'bag'}
    assert result['warnings'] == []
    assert result['predictions'] == result['audio_usage']['predicted'] == len(result['curves']['time_s'])
    assert 0 < result['with_truth'] < result['predictions']
    conventions, native, structure = (result['scores'][key] for key in ('conventions', 'native', 'structure'))
    for variant in ('', '_prior', '_mirrored', '_shuffled'):
        for metric in ('abs_rel', 'sq_rel', 'rmse', 'rmse_log', 'auc_crr'):
            assert result['scores']['depth'][f'{metric}{variant}'] is not None
            for convention in ('paper', 'reference', 'median_scaled', 'paper_median_scaled'):
                assert conventions[convention][f'{metric}{variant}'] is not None
        assert result['scores']['segmentation'][f'miou{variant}'] is not None
        assert conventions['reference'][f'miou{variant}'] is not None
        assert structure[f'class_edges_f{variant}'] is not None
    assert result['scores']['depth']['abs_rel'] != conventions['paper']['abs_rel']
    assert native['depth']['size'] == native['segmentation']['size'] == [96, 160]
    assert native['depth']['abs_rel_prior'] is not None
    assert result['truth']['depth']['apart_ms']['p95'] <= 30
    assert sum(value is not None for value in result['curves']['abs_rel']) == result['with_truth']


def test_contact_sheet_and_video_can_be_opened(evaluated: tuple[Path, dict[str, Any]]) -> None:
    out, result = evaluated
    assert {path.name for path in out.iterdir()} == {'report.html', 'metrics.json', 'contact_sheet.png', 'drive.mp4'}
    assert cv2.imread(str(out / 'contact_sheet.png')).shape[2] == 3
    film = cv2.VideoCapture(str(out / 'drive.mp4'))
    frames = 0
    while film.read()[0]:
        frames += 1
    assert abs(frames - 10 * result['curves']['time_s'][-1]) <= 2


def test_a_bag_without_ground_truth_gets_a_report(tmp_path: Path) -> None:
    drive = SoundBag(seconds=2.1, image_rate_hz=0.0).write(tmp_path / 'drive')
    result = evaluate_bag(EvaluationOptions(drive, BUNDLE, tmp_path / 'out', rate_hz=5.0, backend='onnx', threads=1))
    assert result['with_truth'] == 0
    assert 'assumed' in result['warnings'][0]
    assert 'no ground truth images' in (tmp_path / 'out' / 'report.html').read_text(encoding='utf-8')


def test_depth_of_unknown_scale_is_not_scored(tmp_path: Path) -> None:
    unknown = 'schema_version: 1\nsource: none\ndepth_scale: null\nmin_m: null\nmax_m: null\n'
    custom = {CUSTOM_KEY: RunMetadata(replace(RIG, depth=unknown), 'tests', START_NS, 'recorder', {}).to_json()}
    drive = SoundBag(seconds=2.4, custom=custom).write(tmp_path / 'drive')
    result = evaluate_bag(EvaluationOptions(drive, BUNDLE, tmp_path / 'out', rate_hz=5.0, backend='onnx', threads=1))
    assert result['with_truth'] > 0
    assert result['scores']['depth'].get('abs_rel') is None
    assert 0 < result['scores']['segmentation']['miou'] <= 1
    assert list(result['truth']) == ['segmentation']
    assert "'/truth/depth/image' is not scored" in result['warnings'][0]


def test_images_with_stamps_outside_the_recording_give_a_warning(tmp_path: Path) -> None:
    times_s = [0.5 + number / 10 for number in range(10)]
    late = {0: 3600, 1: 3600}
    drive = drive_bags.write_bag(tmp_path / 'bag', drive_bags.sound(2 * 22_500), times_s, depth_shifts_s=late)
    result = evaluate_bag(EvaluationOptions(drive, BUNDLE, tmp_path / 'out', rate_hz=5.0, backend='onnx', threads=1))
    assert result['truth']['depth']['outside'] == 2
    assert any(re.match('2 images of depth have stamps outside', warning) for warning in result['warnings'])


def test_a_folder_that_cannot_be_written_is_refused_before_any_inference(tmp_path: Path) -> None:
    drive = SoundBag(seconds=0.8, image_rate_hz=0.0).write(tmp_path / 'drive')
    (tmp_path / 'notes.txt').write_text('mine')
    for out in (tmp_path / 'notes.txt', tmp_path / 'notes.txt' / 'out', Path('/proc/nothing/out')):
        with pytest.raises(EvaluationError, match='--out'):
            evaluate_bag(EvaluationOptions(drive, BUNDLE, out, backend='onnx', threads=1))
    assert (tmp_path / 'notes.txt').read_text() == 'mine'


def test_a_full_disk_leaves_no_partial_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ResultFolder(tmp_path / 'out')

    def full(path: Path, *_: Any, **__: Any) -> None:
        path.write_bytes(b'half')
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(Path, 'write_text', full)
    with pytest.raises(EvaluationError, match=r'report\.html.*No space left'):
        folder.write('report.html', 'text')
    assert not list((tmp_path / 'out').iterdir())


def test_a_bag_that_is_too_short_is_reported(tmp_path: Path) -> None:
    drive = SoundBag(seconds=0.8, image_rate_hz=0.0).write(tmp_path / 'drive')
    with pytest.raises(BagError, match='no window'):
        evaluate_bag(EvaluationOptions(drive, BUNDLE, tmp_path / 'out', backend='onnx', threads=1))


def prediction_of(images: ModalityImages, stamp_ns: int) -> Prediction:
    nothing = np.zeros((8, 4, 4), np.float32)
    sure = np.ones(images.labels.shape, np.float32)
    return Prediction(
        **image_fields(images.by_modality()),
        confidence=sure,
        features=nothing,
        first_sample=0,
        end_sample=0,
        stamp_ns=stamp_ns,
        newest_stamp_ns=stamp_ns,
        features_s=0.0,
        network_s=0.0,
    )


def test_perfect_predictions_have_no_error_and_the_controls_have() -> None:
    bundle = Bundle.load(BUNDLE)
    evaluation = BagScores(bundle.manifest, PixelPrior.load(BUNDLE / 'prior.npz'), shift_s=2.0)
    rng = np.random.default_rng(3)
    for second in range(6):
        labels = rng.integers(0, 3, (128, 128)).astype(np.uint8)
        truth = ModalityImages(rng.uniform(2, 70, (128, 128)).astype(np.float32), labels)
        mirrored = ModalityImages(np.full((128, 128), 10, np.float32), labels)
        evaluation.add(float(second), prediction_of(truth, second * NS_PER_S), truth, mirrored)
    result = evaluation.result()
    depth, segmentation = result['scores']['depth'], result['scores']['segmentation']
    assert depth['abs_rel'] == result['scores']['conventions']['paper']['abs_rel'] == 0
    assert result['scores']['structure']['class_edges_f'] == result['scores']['structure']['explained_log_depth'] == 1
    assert segmentation['miou'] == segmentation['accuracy'] == segmentation['miou_mirrored'] == 1
    assert min(depth[f'abs_rel_{variant}'] for variant in ('prior', 'mirrored', 'shuffled')) > 0.3
    assert segmentation['miou_shuffled'] < 0.3
    assert result['shuffled']['without_partner'] == 0
    assert result['scores']['native'] == {}


def test_controls_are_scored_as_the_node_publishes() -> None:
    manifest = Bundle.load(BUNDLE).manifest
    sky = manifest.class_id('sky')
    depth_m = np.full((128, 128), 5, np.float32)
    labels = np.zeros((128, 128), np.uint8)
    labels[:10] = sky
    images = as_published(manifest, ModalityImages(depth_m, labels))
    assert np.isnan(images.depth_m[:10]).all()
    assert (images.depth_m[10:] == 5).all()
