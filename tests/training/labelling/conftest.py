# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import pytest

from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from audio_manifold_ros.common.class_ids import CLASS_NAMES
from tests.training.labelling.recording import (
    COMPRESSED,
    FRAMES,
    IMAGE,
    LATENCY_NS,
    compressed_message,
    depth_image,
    image_message,
    label_image,
    picture,
    stamps,
)


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests offline."""
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_OFFLINE', True)


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    """Return a bag with a camera, and with depth and labels 20 ms later. The last depth is missing."""
    folder = tmp_path / 'drive'
    with BagWriter(folder) as writer:
        writer.add_topic('/camera/image/compressed', COMPRESSED)
        writer.add_topic('/depth/image', IMAGE)
        writer.add_topic('/truth/labels', IMAGE)
        for number, stamp_ns in enumerate(stamps()):
            late_ns = stamp_ns + 20_000_000
            writer.write(
                '/camera/image/compressed', compressed_message(stamp_ns, picture(number)), stamp_ns + LATENCY_NS
            )
            if number < FRAMES - 1:
                writer.write('/depth/image', image_message(late_ns, depth_image(number), '32FC1'), late_ns)
            writer.write('/truth/labels', image_message(late_ns, label_image(number), 'mono8'), late_ns)
    return folder


@pytest.fixture(scope='session')
def depth_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a Depth-Anything model of random weights and metric depth up to 80 m."""
    import torch
    from transformers import AutoImageProcessor, DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

    torch.manual_seed(3)
    folder = tmp_path_factory.mktemp('models') / 'tiny-depth'
    backbone = Dinov2Config(
        image_size=28,
        patch_size=14,
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        mlp_ratio=2,
        out_indices=[1, 2, 3, 4],
        reshape_hidden_states=False,
        apply_layernorm=True,
    )
    config = DepthAnythingConfig(
        backbone_config=backbone,
        patch_size=14,
        reassemble_hidden_size=16,
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        head_hidden_size=8,
        depth_estimation_type='metric',
        max_depth=80,
    )
    model = DepthAnythingForDepthEstimation(config)
    for parameter in model.parameters():
        if parameter.ndim > 1:
            parameter.data *= 10  # with the initial weights, the output is 40 m for any picture
    model.save_pretrained(folder)
    processor = {
        'image_processor_type': 'DPTImageProcessor',
        'size': {'height': 28, 'width': 56},
        'ensure_multiple_of': 14,
        'keep_aspect_ratio': True,
    }
    write_processor(folder, processor)
    assert AutoImageProcessor.from_pretrained(folder)
    return folder


@pytest.fixture(scope='session')
def segmentation_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a SegFormer of random weights and the Cityscapes classes."""
    import torch
    from transformers import SegformerConfig, SegformerForSemanticSegmentation

    torch.manual_seed(5)
    folder = tmp_path_factory.mktemp('models') / 'tiny-segmentation'
    config = SegformerConfig(
        num_encoder_blocks=4,
        depths=[1, 1, 1, 1],
        hidden_sizes=[8, 8, 8, 8],
        num_attention_heads=[1, 1, 1, 1],
        decoder_hidden_size=16,
        id2label=dict(enumerate(CLASS_NAMES)),
        label2id={name: number for number, name in enumerate(CLASS_NAMES)},
    )
    SegformerForSemanticSegmentation(config).save_pretrained(folder)
    write_processor(folder, {'image_processor_type': 'SegformerImageProcessor', 'size': {'height': 64, 'width': 64}})
    return folder


def write_processor(folder: Path, values: dict[str, object]) -> None:
    (folder / 'preprocessor_config.json').write_text(json.dumps(values))
