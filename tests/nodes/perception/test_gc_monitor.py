# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import gc

from audio_manifold_ros.nodes.perception.gc_monitor import GarbageWatch


def test_collections_pass_over_what_was_there_and_are_timed() -> None:
    callbacks = list(gc.callbacks)
    watch = GarbageWatch()
    watch.start()
    try:
        assert gc.get_freeze_count() > 10_000
        watch.taken_s()
        gc.collect()
        gc.collect()
        taken_s = watch.taken_s()
        assert len(taken_s) >= 2
        assert all(0 <= seconds < 1 for seconds in taken_s)
        assert watch.taken_s() == []
    finally:
        watch.stop()
        watch.stop()
    assert gc.callbacks == callbacks
    assert gc.get_freeze_count() == 0
