# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writer of a LeRobotDataset v3: frames in Parquet files, episodes and statistics in `meta/`.

Layout, from the documentation of the format:

- `meta/info.json`: features with type and shape, frames per second, totals and path templates.
- `meta/tasks.parquet`: the tasks and their indices.
- `meta/episodes/chunk-000/file-000.parquet`: first and last frame of each episode, and the file that contains it.
- `meta/stats.json`: mean, deviation, minimum, maximum and count of each feature.
- `data/chunk-000/file-000.parquet`: the frames of many episodes. A new file begins at `FILE_MB`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from audio_manifold_ros.common.files import write_json_atomic

CODEBASE_VERSION = 'v3.0'
CHUNK_FILES = 1000
FILE_MB, VIDEO_FILE_MB = 100, 200
FILE_NAME = 'chunk-{chunk_index:03d}/file-{file_index:03d}.parquet'
DATA_PATH, EPISODES_PATH = f'data/{FILE_NAME}', f'meta/episodes/{FILE_NAME}'
# Columns that the format adds to the frames.
INDEX_COLUMNS: Mapping[str, str] = {
    'timestamp': 'float32',
    'frame_index': 'int64',
    'episode_index': 'int64',
    'index': 'int64',
    'task_index': 'int64',
}


@dataclass(frozen=True)
class Feature:
    """A column of the frames: element type as numpy names it, shape of one frame, and names of its axes, if any."""

    dtype: str
    shape: tuple[int, ...]
    axes: tuple[str, ...]


@dataclass
class Moments:
    """Running statistics of the finite values of a feature."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0
    low: float = np.inf
    high: float = -np.inf
    frames: int = 0

    def add(self, values: NDArray[Any]) -> None:
        """Add the frames of an episode: an array whose first axis is the frame."""
        finite = values[np.isfinite(values)].astype(np.float64)
        self.frames += len(values)
        self.count += finite.size
        self.total += float(finite.sum())
        self.squares += float(np.square(finite).sum())
        if finite.size:
            self.low, self.high = min(self.low, float(finite.min())), max(self.high, float(finite.max()))

    def to_dict(self, dimensions: int) -> dict[str, Any]:
        """Return the statistics of all elements together, in a shape that broadcasts over a frame."""
        if not self.count:
            return {}
        mean = self.total / self.count
        std = np.sqrt(max(self.squares / self.count - mean**2, 0.0))
        values = {'min': self.low, 'max': self.high, 'mean': mean, 'std': std}
        return {
            **{key: np.full((1,) * dimensions, value).tolist() for key, value in values.items()},
            'count': [self.frames],
        }


@final
@dataclass
class LeRobotWriter:
    """Writes episodes one after another. Use it as a context manager: the end writes `meta/`.

    Attributes:
        folder: Folder of the dataset. It must not contain one.
        fps: Frames per second, the same in all episodes.
        features: The columns of the frames.
        task: Description of the task, the same in all episodes.
        robot_type: Name of the robot or rig.

    """

    folder: Path
    fps: int
    features: Mapping[str, Feature]
    task: str
    robot_type: str
    _episodes: list[dict[str, Any]] = field(default_factory=list)
    _frames: int = 0
    _file: int = 0
    _writer: pq.ParquetWriter | None = None
    _written: int = 0
    _moments: dict[str, Moments] = field(default_factory=dict)

    @property
    def episodes(self) -> int:
        """Number of episodes written."""
        return len(self._episodes)

    def add_episode(self, columns: Mapping[str, NDArray[Any]], **extra: object) -> None:
        """Write an episode.

        Args:
            columns: Array of each feature, whose first axis is the frame.
            extra: Further columns of the episode in `meta/episodes`.

        """
        length = len(next(iter(columns.values())))
        frame = np.arange(length, dtype=np.int64)
        indices: dict[str, NDArray[Any]] = {
            'timestamp': (frame / self.fps).astype(np.float32),
            'frame_index': frame,
            'episode_index': np.full(length, self.episodes, np.int64),
            'index': self._frames + frame,
            'task_index': np.zeros(length, np.int64),
        }
        table = pa.table({name: _to_arrow(values) for name, values in {**columns, **indices}.items()})
        self._open_file(table)
        place = {'chunk_index': self._file // CHUNK_FILES, 'file_index': self._file % CHUNK_FILES}
        stats: dict[str, Any] = {}
        for name, values in {**columns, **indices}.items():
            episode = Moments()
            episode.add(values)
            self._moments.setdefault(name, Moments()).add(values)
            stats |= {f'stats/{name}/{key}': value for key, value in episode.to_dict(max(values.ndim - 1, 1)).items()}
        self._episodes.append(
            {
                'episode_index': self.episodes,
                'tasks': [self.task],
                'length': length,
                'dataset_from_index': self._frames,
                'dataset_to_index': self._frames + length,
                **{f'data/{key}': value for key, value in place.items()},
                'meta/episodes/chunk_index': 0,
                'meta/episodes/file_index': 0,
                **extra,
                **stats,
            }
        )
        self._frames += length

    def __enter__(self) -> LeRobotWriter:
        """Return the writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the data file, and write `meta/` unless an error occurred."""
        if self._writer is not None:
            self._writer.close()
        if kind is None and self._episodes:
            self._write_meta()

    def _open_file(self, table: pa.Table) -> None:
        """Append a table to the current data file, or to a new one if it is full."""
        if self._writer is not None and self._written + table.nbytes > FILE_MB << 20:
            self._writer.close()
            self._writer, self._written, self._file = None, 0, self._file + 1
        if self._writer is None:
            path = self._path(DATA_PATH, self._file)
            self._writer = pq.ParquetWriter(path, table.schema, compression='zstd')
        self._writer.write_table(table)
        self._written += table.nbytes

    def _path(self, template: str, number: int) -> Path:
        path = self.folder / template.format(chunk_index=number // CHUNK_FILES, file_index=number % CHUNK_FILES)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _write_meta(self) -> None:
        pq.write_table(pa.Table.from_pylist(self._episodes), self._path(EPISODES_PATH, 0))
        pq.write_table(_task_table(self.task), self.folder / 'meta' / 'tasks.parquet')
        features = {**self.features, **{name: Feature(dtype, (1,), ()) for name, dtype in INDEX_COLUMNS.items()}}
        info = {
            'codebase_version': CODEBASE_VERSION,
            'robot_type': self.robot_type,
            'fps': self.fps,
            'total_episodes': self.episodes,
            'total_frames': self._frames,
            'total_tasks': 1,
            'chunks_size': CHUNK_FILES,
            'data_files_size_in_mb': FILE_MB,
            'video_files_size_in_mb': VIDEO_FILE_MB,
            'data_path': DATA_PATH,
            'video_path': None,
            'splits': {'train': f'0:{self.episodes}'},
            'features': {
                name: {'dtype': feature.dtype, 'shape': list(feature.shape), 'names': list(feature.axes) or None}
                for name, feature in features.items()
            },
        }
        stats = {name: moments.to_dict(len(features[name].shape)) for name, moments in self._moments.items()}
        write_json_atomic(self.folder / 'meta' / 'stats.json', stats)
        write_json_atomic(self.folder / 'meta' / 'info.json', info, sort_keys=False)


def _to_arrow(values: NDArray[Any]) -> pa.Array:
    """Return an array as a column: one number for each frame, or nested lists of the shape of a frame."""
    column = pa.array(np.ascontiguousarray(values).reshape(-1))
    for size in reversed(values.shape[1:]):
        offsets = pa.array(np.arange(0, len(column) + 1, size, dtype=np.int32))
        column = pa.ListArray.from_arrays(offsets, column)
    return column


def _task_table(task: str) -> pa.Table:
    """Return the table of tasks. pandas restores the column `task` as the index from the description in its schema."""
    table = pa.table({'task_index': pa.array([0], pa.int64()), 'task': pa.array([task])})
    kinds = {'task_index': ('int64', 'int64'), 'task': ('unicode', 'object')}
    described = {
        'index_columns': ['task'],
        'column_indexes': [],
        'columns': [
            {'name': name, 'field_name': name, 'pandas_type': kind, 'numpy_type': numpy_type, 'metadata': None}
            for name, (kind, numpy_type) in kinds.items()
        ],
        'creator': {'library': 'pyarrow', 'version': pa.__version__},
        'pandas_version': '2.0.0',
    }
    return table.replace_schema_metadata({'pandas': json.dumps(described)})
