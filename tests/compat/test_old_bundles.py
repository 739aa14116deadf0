# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compatibility: bundles, engines and networks of version 0.1.0 load, with equal predictions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.common.schema import to_plain
from audio_manifold_ros.evaluation.controls.pixel_prior import PRIOR_FILE, PixelPrior
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.backends.torch_backend import TorchBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.pipeline import Pipeline
from audio_manifold_ros.inference.tensorrt.engine_cache import EngineCache
from audio_manifold_ros.inference.tensorrt.engine_key import EngineKey
from audio_manifold_ros.inference.tensorrt.engine_metadata import METADATA_FILE, EngineMetadata
from audio_manifold_ros.networks.at_net import AtNet, AtNetConfig
from audio_manifold_ros.networks.single_stage import SingleStageConfig, SingleStageNetwork
from audio_manifold_ros.networks.vq_vae import VqVae, VqVaeConfig
from audio_manifold_ros.rig.rig import MicrophoneArray
from tests.compat.old_file_values import FIXTURES, RATE_HZ, assert_same, expected, noise, sha256, thinned

NETWORKS: dict[str, Any] = {
    'VqVae': lambda values: VqVae(VqVaeConfig.from_dict(values)),
    'AtNet': lambda values: AtNet(AtNetConfig.from_dict(values)),
    'DirectNetwork': lambda values: SingleStageNetwork(SingleStageConfig.from_dict(values)),
}


def bundle_facts(folder: Path) -> dict[str, Any]:
    """Load a bundle, and predict with it by both backends and by the pipeline."""
    bundle = Bundle.load(folder)
    manifest = bundle.manifest
    array = MicrophoneArray.from_yaml(FIXTURES / 'rig_plain' / 'mic_array.yaml')
    samples = noise(0, 3 * RATE_HZ // 2).astype(np.float32) * np.float32(2**-18)
    features = mel_features(samples[:, : manifest.features.window_samples], manifest.features)
    outputs = {}
    for backend in (OnnxBackend(bundle, 1), TorchBackend(bundle, threads=1)):
        output = backend.run(features)
        outputs[backend.name] = {
            'depth_m_mean': float(np.mean(output.depth_m)) if output.depth_m is not None else None,
            'depth_m': thinned(output.depth_m),
            'labels': thinned(output.labels),
            'depth_distance': thinned_cells(output.distances['depth']),
            'segmentation_distance': thinned_cells(output.distances['segmentation']),
        }
    pipeline = Pipeline(bundle, OnnxBackend(bundle, 1), array, RATE_HZ)
    # Windows once began at multiples of the hop and now end there. After this silence they are those of then.
    lead = -manifest.features.window_samples % manifest.features.hop_samples
    stream = np.concatenate([np.zeros((len(samples), lead), np.float32), samples], axis=1)
    found = []
    for first in range(0, stream.shape[1], 512):
        block = stream[:, first : first + 512]
        pipeline.push(AudioBlock(block, first, RATE_HZ, 10**9 + (first - lead) * 10**9 // RATE_HZ))
        found.append(pipeline.predict())
    predictions = [prediction for prediction in found if prediction is not None]
    first_one = predictions[0]
    prior = PixelPrior.load(bundle.folder / PRIOR_FILE)
    return {
        'manifest': {key: value for key, value in to_plain(manifest).items() if key != 'confidence'},
        'confidence': to_plain(manifest.confidence),
        'array_difference': bundle.describe_array_difference(array),
        'sky': manifest.class_id('sky'),
        'features_mean': float(features.mean()),
        'outputs': outputs,
        'predictions': len(predictions),
        'stamps_ns': [prediction.stamp_ns - 10**9 for prediction in predictions],
        'spans': [[prediction.first_sample - lead, prediction.end_sample - lead] for prediction in predictions],
        'confidence_image': thinned(first_one.confidence),
        'prior': {'images': prior.images, 'sha256': sha256(prior.depth_m, prior.labels)},
        'metrics_file': json.loads((bundle.folder / 'metrics.json').read_text(encoding='utf-8')),
    }


def thinned_cells(distance: NDArray[Any] | None) -> list[Any]:
    """Return a row of cells of a distance."""
    return [] if distance is None else [round(float(value), 5) for value in distance[-1]]


def engine_facts(root: Path, bundle: Bundle) -> dict[str, Any]:
    """Read an engine's sidecar, and find the engine by the key that the bundle has now."""
    sidecar_path = next(root.glob(f'*/{METADATA_FILE}'))
    sidecar = EngineMetadata.from_json(sidecar_path.read_text(encoding='utf-8'))
    key = EngineKey.for_bundle(bundle, sidecar.key.precision, sidecar.key.options, sidecar.key.platform)
    warnings: list[str] = []
    # Git keeps no rights of others; an engine that others may write is refused.
    for path in (sidecar_path.parent, *sidecar_path.parent.iterdir()):
        path.chmod(0o700 if path.is_dir() else 0o600)
    engine = EngineCache(root).find(key, warnings.append)
    return {
        'sidecar': first_version(to_plain(sidecar)),
        'digest': sidecar.key.digest,
        'folder': sidecar_path.parent.name,
        'differences': key.differences(sidecar.key),
        'engine': '' if engine is None else engine.relative_to(root).as_posix(),
        'warnings': warnings,
    }


def first_version(sidecar: dict[str, Any]) -> dict[str, Any]:
    """Return metadata in the layout of their first version, which named the change of each modality."""
    check = dict(sidecar['check'])
    changes = check.pop('changes')
    check |= {'depth_change': changes['depth'], 'labels_changed': changes['segmentation']}
    return {**sidecar, 'format_version': 1, 'check': check}


def network_facts(path: Path) -> list[dict[str, Any]]:
    """Build each of the networks of a file, and list its tensors."""
    return [
        {**entry, 'tensors': tensors_of(NETWORKS[entry['kind']](entry['config']))}
        for entry in json.loads(path.read_text(encoding='utf-8'))
    ]


def tensors_of(network: torch.nn.Module) -> dict[str, str]:
    """Return the names and shapes of a network's state."""
    return {name: 'x'.join(map(str, tensor.shape)) for name, tensor in network.state_dict().items()}


def test_a_bundle_predicts_what_it_did(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(FIXTURES / 'bundle', tmp_path / 'bundle'))
    found, wanted = bundle_facts(folder), expected('bundle')
    np.testing.assert_allclose(found['stamps_ns'], wanted.pop('stamps_ns'), rtol=0, atol=1, err_msg='rounded to ns')
    assert_same(found, wanted)


def test_an_engine_is_found_by_the_key_that_it_was_built_for(tmp_path: Path) -> None:
    root = Path(shutil.copytree(FIXTURES / 'engine_metadata', tmp_path / 'engines'))
    bundle = Bundle.load(shutil.copytree(FIXTURES / 'bundle', tmp_path / 'bundle'))
    assert_same(engine_facts(root, bundle), expected('engine_metadata'))


def test_networks_call_their_tensors_as_they_did() -> None:
    path = FIXTURES / 'network_tensors.json'
    assert network_facts(path) == json.loads(path.read_text(encoding='utf-8'))
