# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Table of rates, latency and levels that is shown in the terminal during the demo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.table import Table

from audio_manifold_ros.drawing.level_bar import level_bar

if TYPE_CHECKING:
    from rich.text import Text

    from audio_manifold_ros.demo.demo_client import DemoClient

RECENT = 60


def live_table(client: DemoClient, title: str, elapsed_s: float, node_rss_mb: float) -> Table:
    """Return the table for the state of the client now."""
    table = Table(title=title, min_width=76, show_header=False, title_justify='left')
    table.add_column(style='bold', no_wrap=True)
    table.add_column(no_wrap=True)
    for name, value in (*_figures(client, elapsed_s, node_rss_mb), *_levels(client)):
        table.add_row(name, value)
    return table


def _figures(client: DemoClient, elapsed_s: float, node_rss_mb: float) -> list[tuple[str, str | Text]]:
    arrivals_s, latencies_ms = client.arrivals_s[-RECENT:], client.latencies_ms[-RECENT:]
    rate_hz = (len(arrivals_s) - 1) / (arrivals_s[-1] - arrivals_s[0]) if len(arrivals_s) > 1 else 0.0
    percentiles_text = (
        ' / '.join(f'{v:.0f}' for v in np.percentile(latencies_ms, (50, 95, 99))) if latencies_ms else '–'
    )
    dropped = client.value('predictions', 'windows_dropped', '–')
    lost = client.value('audio source', 'samples_lost', '–')
    stages = [
        f'{stage} {client.value("latency", f"{stage} p50_ms", "–")}'
        for stage in ('capture', 'features', 'network', 'publish')
    ]
    return [
        ('time', f'{elapsed_s:.0f} s, {len(client.arrivals_s)} images, {rate_hz:.1f} per second'),
        ('sample → image, ms', f'{percentiles_text}   (p50 / p95 / p99)'),
        ('stages, ms (p50)', ', '.join(stages)),
        ('lost', f'{dropped} windows dropped, {lost} samples lost'),
        ('node', f'{client.value("predictions", "backend", "–")}, {node_rss_mb:.0f} MB'),
        ('source', client.value('audio source', 'message', '–')),
    ]


def _levels(client: DemoClient) -> list[tuple[str, str | Text]]:
    found = client.values('microphones')
    names = [key.removesuffix(' rms_dbfs') for key in found if key.endswith(' rms_dbfs')]
    return [
        (name, level_bar(float(found[f'{name} rms_dbfs']), clipped=float(found[f'{name} clipped_fraction']) > 0))
        for name in names
    ]
