# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Level meter for the terminal: the level of one microphone as a bar."""

from __future__ import annotations

from rich.text import Text

BAR_CELLS = 24
FLOOR_DBFS, CEILING_DBFS = -80.0, 0.0


def level_bar(rms_dbfs: float, *, clipped: bool) -> Text:
    """Return a bar from -80 dBFS to full scale with its value, red if the channel clips."""
    fraction = min(max((rms_dbfs - FLOOR_DBFS) / (CEILING_DBFS - FLOOR_DBFS), 0.0), 1.0)
    cells = round(fraction * BAR_CELLS)
    colour = 'red' if clipped else 'green'
    return Text.assemble(('█' * cells, colour), ('·' * (BAR_CELLS - cells), 'dim'), f' {rms_dbfs:6.1f} dBFS')
