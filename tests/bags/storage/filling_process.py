# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writes a bag until the disk is full, then reads it: `python filling_process.py FOLDER` prints the results."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from audio_manifold_ros.common.errors import BagError
from tests.bags.bag_examples import AUDIO, START_NS

MESSAGE_BYTES = 100_000

if __name__ == '__main__':
    folder = Path(sys.argv[1])
    error_texts: list[str] = []
    written = 0
    writer = BagWriter(folder, split_bytes=3_000_000)
    writer.add_topic('/audio', AUDIO)
    try:
        while True:
            writer.write('/audio', b'\0\1\0\0%08d' % written + bytes(MESSAGE_BYTES), START_NS + written)
            written += 1
    except BagError as error:
        error_texts.append(str(error))
    try:
        writer.write('/audio', b'', START_NS)
    except BagError as error:
        error_texts.append(str(error))
    writer.close()
    with BagReader(folder) as reader:
        numbers = [int(message.data[4:12]) for message in reader.messages()]
        problems = reader.problems
    left = sorted(path.name for path in folder.iterdir() if path.suffix != '.mcap')
    result = {'errors': error_texts, 'handed': written, 'numbers': numbers, 'problems': problems, 'left': left}
    print(json.dumps(result))
