# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import gc

from audio_manifold_ros.nodes.perception.gc_monitor import GcMonitor


def test_existing_objects_are_frozen_and_collections_are_measured() -> None:
    callbacks = list(gc.callbacks)
    watch = GcMonitor()
    watch.start()
    try:
        assert gc.get_freeze_count() > 10_000
        watch.collection_times_s()
        gc.collect()
        gc.collect()
        collection_times_s = watch.collection_times_s()
        assert len(collection_times_s) >= 2
        assert all(0 <= seconds < 1 for seconds in collection_times_s)
        assert watch.collection_times_s() == []
    finally:
        watch.stop()
        watch.stop()
    assert gc.callbacks == callbacks
    assert gc.get_freeze_count() == 0
