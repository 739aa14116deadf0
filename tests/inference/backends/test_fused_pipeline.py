# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Features on the device of the networks equal the streaming features of the CPU, and give the same images."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.features.mel_streaming import StreamingMel
from audio_manifold_ros.features.presets import omninet_features, reference_features
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.inference.backends.fused_pipeline import FusedWaveformNetwork, open_waveform_network
from audio_manifold_ros.inference.backends.torch_backend import TorchBackend, load_network
from audio_manifold_ros.inference.bundle.bundle import Bundle

CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a CUDA device that torch can use')
ON_CUDA = [pytest.mark.gpu, CUDA]
DEVICES = [
    pytest.param('cpu', False, id='cpu'),
    pytest.param('cuda', False, id='cuda', marks=ON_CUDA),
    pytest.param('cuda', True, id='cuda graph', marks=ON_CUDA),
]
# What docs/features.md promises of every form of the features.
SAME = 1e-4
SPECS = {
    'paper': FeatureSpec(),
    'interior': FeatureSpec(edges='interior'),
    'nearest': reference_features(),
    'linear bands': replace(omninet_features(22_500, 4500), height=128, width=128),
    'a short window in the frame': FeatureSpec(window_samples=4501, win_samples=1200),
    'unresized': FeatureSpec(window_samples=256 * 127, hop_samples=256, mel_bands=128),
}


def make_waveforms(spec: FeatureSpec, count: int = 3) -> np.ndarray:
    """Return windows (window, mic, sample): noise, noise that is loud in places, and a tone over little noise."""
    rng = np.random.default_rng(2)
    noise = 0.05 * rng.standard_normal((count, 8, spec.window_samples))
    noise[1 % count] *= np.linspace(0.1, 3.0, spec.window_samples)
    tone = 0.9 * np.sin(2 * np.pi * 900.3 / spec.sample_rate_hz * np.arange(spec.window_samples))
    noise[2 % count] = 0.01 * noise[2 % count] + tone
    return noise.astype(np.float32)


def streaming_features(spec: FeatureSpec, waveform: np.ndarray) -> np.ndarray:
    mel = StreamingMel(spec, waveform.shape[0])
    # Windows end at multiples of the hop.
    lead = -spec.window_samples % spec.hop_samples
    mel.push(np.pad(waveform, ((0, 0), (lead, 0))), 0)
    return mel.features(lead + spec.window_samples)


def feature_means(features: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Return images that encode the given features, in place of networks."""
    cells = torch.nn.functional.avg_pool2d(features, 16)
    image = features.mean(dim=1)
    return image, cells.mean(dim=1), (255 * image.abs()).to(torch.uint8), cells[:, 0]


@pytest.mark.parametrize('spec', SPECS.values(), ids=SPECS)
@pytest.mark.parametrize(('device', 'captured'), DEVICES)
def test_features_are_those_of_the_stream(
    bundle: Bundle,
    spec: FeatureSpec,
    device: str,
    captured: bool,  # noqa: FBT001
) -> None:
    manifest = replace(bundle.manifest, features=spec)
    network = FusedWaveformNetwork(manifest, feature_means, torch.device(device), captured=captured)
    assert network.captured == captured
    assert (network.waveform.shape, network.waveform.dtype) == ((8, spec.window_samples), np.float32)
    for waveform in make_waveforms(spec):
        network.waveform[...] = waveform
        output, features = network.run(), network.features()
        np.testing.assert_allclose(features, streaming_features(spec, waveform), rtol=0, atol=SAME)
        np.testing.assert_allclose(output.depth_m, features.mean(axis=0), rtol=0, atol=1e-5)


def test_images_are_those_of_the_features(short_bundle: Bundle) -> None:
    spec = short_bundle.manifest.features
    backend = TorchBackend(short_bundle, threads=1)
    network = FusedWaveformNetwork(short_bundle.manifest, load_network(short_bundle), torch.device('cpu'))
    for waveform in make_waveforms(spec):
        network.waveform[...] = waveform
        output, given = network.run().tensors(), backend.run(network.features()).tensors()
        for name, values in output.items():
            np.testing.assert_array_equal(values, given[name], err_msg=name)


@pytest.mark.parametrize(('device', 'captured'), DEVICES)
def test_networks_are_given_one_contiguous_buffer_in_single_precision(
    bundle: Bundle,
    device: str,
    captured: bool,  # noqa: FBT001
) -> None:
    calls: set[tuple[int, bool, torch.dtype]] = set()

    def inspect_features(features: torch.Tensor) -> tuple[torch.Tensor, ...]:
        calls.add((features.data_ptr(), features.is_contiguous(), features.dtype))
        return feature_means(features)

    manifest = replace(bundle.manifest, features=SPECS['unresized'])
    network = FusedWaveformNetwork(manifest, inspect_features, torch.device(device), captured=captured)
    network.run()
    assert [rest for _, *rest in calls] == [[True, torch.float32]]


def test_results_belong_to_the_caller(short_bundle: Bundle) -> None:
    network = FusedWaveformNetwork(short_bundle.manifest, feature_means, torch.device('cpu'))
    first, second = make_waveforms(short_bundle.manifest.features, 2)
    network.waveform[...] = first
    output, features = network.run(), network.features()
    kept = output.depth_m.copy(), features.copy()
    network.waveform[...] = second
    network.run()
    assert (network.features() != features).any()
    np.testing.assert_array_equal(output.depth_m, kept[0])
    np.testing.assert_array_equal(features, kept[1])


def test_failures_are_reported(short_bundle: Bundle) -> None:
    broken: list[str] = []

    def fail_when_broken(features: torch.Tensor) -> tuple[torch.Tensor, ...]:
        if broken:
            raise RuntimeError(broken[0])
        return feature_means(features)

    network = FusedWaveformNetwork(short_bundle.manifest, fail_when_broken, torch.device('cpu'))
    network.run()
    broken.append('out of memory')
    with pytest.raises(InferenceError, match='failed on cpu: out of memory'):
        network.run()
    network = FusedWaveformNetwork(
        short_bundle.manifest, lambda features: feature_means(features + torch.nan), torch.device('cpu')
    )
    with pytest.raises(InferenceError, match='is not finite'):
        network.run()


def test_the_cpu_computes_features_for_a_device_that_cannot(
    short_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> torch.Tensor:
        msg = 'the library of the Fourier transform is missing'
        raise RuntimeError(msg)

    warned: list[str] = []
    device = torch.device('cpu')
    network = open_waveform_network(short_bundle.manifest, feature_means, device, warned.append)
    assert isinstance(network, FusedWaveformNetwork)
    monkeypatch.setattr(torch.fft, 'rfft', refuse)
    assert open_waveform_network(short_bundle.manifest, feature_means, device, warned.append) is None
    assert warned == [
        'cpu cannot compute the features: the library of the Fourier transform is missing. The CPU computes them.'
    ]


@pytest.mark.gpu
@CUDA
def test_torch_on_cuda_runs_without_an_allocation_and_with_one_wait(bundle: Bundle) -> None:
    network = TorchBackend(bundle, 'cuda').waveform_network
    assert network is not None
    network.run()
    before = torch.cuda.memory_stats()['allocation.all.allocated']
    torch.cuda.set_sync_debug_mode('warn')
    try:
        with warnings.catch_warnings(record=True) as waits:
            warnings.simplefilter('always')
            for _ in range(10):
                network.run()
    finally:
        torch.cuda.set_sync_debug_mode('default')
    assert len(waits) <= 10
    assert torch.cuda.memory_stats()['allocation.all.allocated'] == before


@pytest.mark.gpu
@CUDA
def test_torch_on_cuda_predicts_the_same_from_audio_and_from_features(bundle: Bundle) -> None:
    spec, backend = bundle.manifest.features, TorchBackend(bundle, 'cuda')
    network = backend.waveform_network
    assert network is not None
    for waveform in make_waveforms(spec):
        network.waveform[...] = waveform
        found, expected = network.run(), backend.run(streaming_features(spec, waveform))
        np.testing.assert_allclose(network.features(), streaming_features(spec, waveform), rtol=0, atol=SAME)
        assert np.isclose(found.depth_m, expected.depth_m, rtol=2e-2).mean() > 0.95
        assert (found.labels == expected.labels).mean() > 0.95
