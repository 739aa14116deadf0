# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reader of LeRobotDataset v3 that follows the path templates and offsets in `meta/` only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

INDICES = {'timestamp', 'frame_index', 'episode_index', 'index', 'task_index'}


class LeRobotReader:
    """A dataset: `info`, `stats`, `tasks` and `episodes` as plain values."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.info = json.loads((folder / 'meta/info.json').read_text())
        self.stats = json.loads((folder / 'meta/stats.json').read_text())
        tasks = pq.read_table(folder / 'meta/tasks.parquet')
        assert json.loads(tasks.schema.metadata[b'pandas'])['index_columns'] == ['task']
        self.tasks = {row['task_index']: row['task'] for row in tasks.to_pylist()}
        files = sorted((folder / 'meta/episodes').glob('*/*.parquet'))
        self.episodes = [row for path in files for row in pq.read_table(path).to_pylist()]

    def frames(self, number: int) -> list[dict[str, Any]]:
        """Return the frames of an episode, each feature in the type and shape that `info` states."""
        episode = self.episodes[number]
        place = {key: episode[f'data/{key}'] for key in ('chunk_index', 'file_index')}
        rows = pq.read_table(self.folder / self.info['data_path'].format(**place)).to_pylist()
        first, end = episode['dataset_from_index'], episode['dataset_to_index']
        return [self._convert(row) for row in rows if first <= row['index'] < end]

    def _convert(self, row: dict[str, Any]) -> dict[str, Any]:
        assert set(row) == set(self.info['features'])
        frame = {}
        for name, feature in self.info['features'].items():
            value = np.array(row[name], dtype=feature['dtype']).reshape(feature['shape'])
            frame[name] = value.item() if value.shape == (1,) else value
        return frame

    def check(self) -> None:
        """Assert what every dataset of the format has."""
        assert self.info['codebase_version'] == 'v3.0'
        assert set(self.info['features']) >= INDICES
        assert self.info['total_episodes'] == len(self.episodes)
        assert self.info['splits'] == {'train': f'0:{len(self.episodes)}'}
        assert self.info['total_tasks'] == len(self.tasks)
        index = 0
        for number, episode in enumerate(self.episodes):
            frames = self.frames(number)
            assert (episode['episode_index'], episode['length']) == (number, len(frames))
            assert episode['tasks'] == [self.tasks[frame['task_index']] for frame in frames[:1]]
            for place, frame in enumerate(frames):
                assert (frame['index'], frame['frame_index'], frame['episode_index']) == (index, place, number)
                assert abs(frame['timestamp'] - place / self.info['fps']) < 1e-4
                index += 1
        assert index == self.info['total_frames']
