# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Names of processors and boards."""

from __future__ import annotations

import platform
from pathlib import Path

from audio_manifold_ros.common.machine import processor_name


def test_the_processor_of_a_desktop_and_the_board_of_a_jetson_are_named(tmp_path: Path) -> None:
    desktop, jetson, board = tmp_path / 'desktop', tmp_path / 'jetson', tmp_path / 'model'
    desktop.write_text('processor\t: 0\nmodel name\t: AMD EPYC 9R14 : rev 1\n\nprocessor\t: 1\nmodel name\t: other\n')
    jetson.write_text('processor\t: 0\nBogoMIPS\t: 62.50\nCPU implementer\t: 0x41\n')
    board.write_bytes(b'NVIDIA Jetson Orin Nano\0')
    assert processor_name(desktop, board) == 'AMD EPYC 9R14 : rev 1'
    assert processor_name(jetson, board) == 'NVIDIA Jetson Orin Nano'
    assert processor_name(tmp_path / 'none', board) == 'NVIDIA Jetson Orin Nano'
    assert processor_name(jetson, tmp_path / 'none') == platform.processor()


def test_the_name_of_this_machine_is_one_line() -> None:
    assert '\n' not in processor_name()
    assert '\0' not in processor_name()
