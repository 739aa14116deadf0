# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writes a bag until it is killed: `python writing_process.py FOLDER` prints the number of written messages."""

from __future__ import annotations

import sys
import time

from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from tests.bags.bag_examples import AUDIO, CUSTOM, QOS

if __name__ == '__main__':
    with BagWriter(sys.argv[1], CUSTOM, split_s=1.0) as writer:
        writer.add_topic('/audio', AUDIO, QOS)
        number = 0
        while True:
            time_ns = time.time_ns()
            writer.write('/audio', b'\0\1\0\0%08d' % number + bytes(5000), time_ns)
            print(number, time_ns, flush=True)
            number += 1
            time.sleep(0.005)
