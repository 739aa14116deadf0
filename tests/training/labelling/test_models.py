# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labelling with models: real loading code, tiny local models."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    AutoImageProcessor,
    DepthAnythingForDepthEstimation,
    SegformerForSemanticSegmentation,
)

from audio_manifold_ros.common.class_ids import CLASS_NAMES
from audio_manifold_ros.common.errors import TrainingError
from training.labelling.depth_model import DepthModel
from training.labelling.frame import RecordedFrame
from training.labelling.segmentation_model import SegmentationModel

PICTURE_SIZE = (48, 96)


def frames(pictures: list[np.ndarray]) -> list[RecordedFrame]:
    return [
        RecordedFrame(number, number, (str(number),), lambda random_pictures=random_pictures: random_pictures)
        for number, random_pictures in enumerate(pictures)
    ]


def random_pictures(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [rng.integers(0, 256, (*PICTURE_SIZE, 3), dtype=np.uint8) for _ in range(count)]


def normalised(image: np.ndarray, size: int) -> torch.Tensor:
    values = np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR)) / 255
    values = (values - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    return torch.from_numpy(values.astype(np.float32).transpose(2, 0, 1)[None])


def change_config(folder: Path, **changes: object) -> None:
    path = folder / 'config.json'
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_depth_equals_the_model_output_in_metres(depth_model: Path) -> None:
    pictures = random_pictures(3)
    found = DepthModel(str(depth_model)).label(frames(pictures))
    processor = AutoImageProcessor.from_pretrained(depth_model)
    model = DepthAnythingForDepthEstimation.from_pretrained(depth_model).eval()
    for image, depth_m in zip(pictures, found, strict=True):
        with torch.inference_mode():
            model_output = model(**processor(images=image, return_tensors='pt')).predicted_depth[None]
        expected = torch.nn.functional.interpolate(model_output, PICTURE_SIZE, mode='bicubic')[0, 0].numpy()
        assert (depth_m.shape, depth_m.dtype) == (PICTURE_SIZE, np.float32)
        expected = np.where(expected > 0, expected, np.nan)
        np.testing.assert_allclose(depth_m, expected, rtol=1e-3)
    assert 1 < np.nanmedian(found) < 80
    assert np.nanstd(found) > 1


def test_classes_equal_the_model_output(segmentation_model: Path) -> None:
    pictures = random_pictures(3)
    found = SegmentationModel(str(segmentation_model)).label(frames(pictures))
    model = SegformerForSemanticSegmentation.from_pretrained(segmentation_model).eval()
    for image, labels in zip(pictures, found, strict=True):
        with torch.inference_mode():
            model_output = model(normalised(image, 64)).logits
        expected = torch.nn.functional.interpolate(model_output, PICTURE_SIZE, mode='bilinear')[0].argmax(0).numpy()
        assert (labels.shape, labels.dtype) == (PICTURE_SIZE, np.uint8)
        assert (labels == expected).mean() > 0.999
    assert len(np.unique(found)) > 1


def test_classes_are_matched_by_name(segmentation_model: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(segmentation_model, tmp_path / 'model')
    before = SegmentationModel(str(folder)).label(frames(random_pictures(1)))[0]
    names = ['Building' if name == 'road' else name for name in CLASS_NAMES]
    names[CLASS_NAMES.index('building')] = 'ROAD'
    most = int(np.bincount(before.ravel()).argmax())
    names[most] = 'zebra'
    change_config(folder, id2label={str(number): name for number, name in enumerate(names)})
    teacher = SegmentationModel(str(folder))
    after = teacher.label(frames(random_pictures(1)))[0]
    table = np.array([CLASS_NAMES.index(name.lower()) if name != 'zebra' else 255 for name in names])
    np.testing.assert_array_equal(after, table[before])
    assert teacher.unknown_classes == ('zebra',)
    assert teacher.provenance['unlabelled_classes'] == ['zebra']


def test_a_model_without_cityscapes_classes_is_refused(segmentation_model: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(segmentation_model, tmp_path / 'model')
    change_config(folder, id2label={str(number): f'beast {number}' for number in range(19)})
    with pytest.raises(TrainingError, match='no class of Cityscapes'):
        SegmentationModel(str(folder))


def test_relative_depth_is_refused(depth_model: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(depth_model, tmp_path / 'model')
    change_config(folder, depth_estimation_type='relative')
    with pytest.raises(TrainingError, match='does not predict metric depth'):
        DepthModel(str(folder))


def test_a_model_for_another_task_is_refused(segmentation_model: Path, depth_model: Path) -> None:
    with pytest.raises(TrainingError, match=r"'segformer'.*does not predict metric depth"):
        DepthModel(str(segmentation_model))
    with pytest.raises(TrainingError, match='no class of Cityscapes'):
        SegmentationModel(str(depth_model))


@pytest.mark.parametrize('name', ['nobody/has-this-model', 'no/such/folder', ''])
def test_a_missing_model_is_refused(name: str) -> None:
    with pytest.raises(TrainingError, match='No model'):
        DepthModel(name)


def test_pickles_are_refused(depth_model: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(depth_model, tmp_path / 'model')
    weights = DepthAnythingForDepthEstimation.from_pretrained(folder).state_dict()
    torch.save(weights, folder / 'pytorch_model.bin')
    (folder / 'model.safetensors').unlink()
    with pytest.raises(TrainingError, match='Safetensors are required'):
        DepthModel(str(folder)).label(frames(random_pictures(1)))


def test_remote_code_of_a_model_is_not_run(depth_model: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(depth_model, tmp_path / 'model')
    ran = tmp_path / 'ran'
    (folder / 'evil.py').write_text(f'open({str(ran)!r}, "w")\nclass Config: ...\nclass Model: ...\n')
    auto_map = {'AutoConfig': 'evil.Config', 'AutoModelForDepthEstimation': 'evil.Model'}
    change_config(folder, auto_map=auto_map, model_type='evil')
    with pytest.raises(TrainingError, match='No model'):
        DepthModel(str(folder))
    change_config(folder, model_type='depth_anything')
    assert DepthModel(str(folder)).label(frames(random_pictures(1)))[0].shape == PICTURE_SIZE
    assert not ran.exists()


def test_models_are_distinguished_by_their_weights(depth_model: Path, tmp_path: Path) -> None:
    def identity(change: Callable[[Path], None]) -> object:
        folder = shutil.copytree(depth_model, tmp_path / 'model', dirs_exist_ok=True)
        change(folder)
        return DepthModel(str(folder)).provenance

    def other_weights(folder: Path) -> None:
        content = bytearray((folder / 'model.safetensors').read_bytes())
        content[-1] ^= 1
        (folder / 'model.safetensors').write_bytes(bytes(content))

    same = identity(Path.exists)
    assert same == identity(lambda folder: (folder / 'README.md').write_text('new'))
    assert same != identity(other_weights)
