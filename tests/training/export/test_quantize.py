# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from audio_manifold_ros.common.errors import InferenceError, TrainingError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.inference.bundle.bundle import INT8_FILE, Bundle, write_bundle
from training.config.experiment_configuration import DataConfig
from training.data.cache import open_cache
from training.export import quantize as module
from training.export.quantize import quantize


@pytest.fixture
def street(tmp_path: Path) -> Bundle:
    """Return a copy of the shipped bundle without its int8 graph."""
    shipped = Bundle.load(resource_path('models/paper_8x8'))
    files = {name: (shipped.folder / name).read_bytes() for name in shipped.manifest.files if name != INT8_FILE}
    # A card of its own size shows whether the new card counts it.
    files['README.md'] = b' ' * 1_000_000
    return write_bundle(tmp_path / 'street', shipped.manifest, files)


def test_a_quantised_bundle_reports_its_loss_of_accuracy(
    street: Bundle, data_config: DataConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = open_cache(data_config, progress=False)
    before = {name: entry.sha256 for name, entry in street.manifest.files.items() if name != 'README.md'}
    with pytest.raises(InferenceError, match=r'has no model\.int8\.onnx'):
        open_backend(street, precision='int8')

    monkeypatch.setattr(module, 'MAX_WORSE', -1.0)
    with pytest.raises(TrainingError, match=r"The int8 scores of 'paper_8x8' on \d+ windows are worse by .*abs_rel"):
        quantize(street, cache)
    assert INT8_FILE not in Bundle.load(street.folder).manifest.files, 'the bundle is unchanged'

    # A few windows cannot resolve 1 %, but show that the int8 graph works.
    monkeypatch.setattr(module, 'MAX_WORSE', 0.2)
    quantised = quantize(street, cache)
    after = quantised.manifest.files
    assert {name: after[name].sha256 for name in before} == before, 'the float32 files are unchanged'
    scores = quantised.manifest.metrics['int8']
    assert scores['windows'] == len(cache.indices('validation'))
    for name, worse in scores['worse'].items():
        sign = -1 if name in {'abs_rel', 'rmse'} else 1
        change = sign * (scores['float32'][name] - scores['int8'][name]) / scores['float32'][name]
        assert worse == pytest.approx(change)
    card = (quantised.folder / 'README.md').read_text(encoding='utf-8')
    assert f'abs_rel {scores["int8"]["abs_rel"]:.4f} (float32: {scores["float32"]["abs_rel"]:.4f})' in card
    size = sum(entry.size for name, entry in after.items() if name != 'README.md')
    assert f'| Size | {size / 1e6:.1f} MB |' in card
    assert 'int8' in open_backend(Bundle.load(street.folder), precision='int8').reason
