# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The labels beside a recording: what an image shows, by the time at which it was recorded."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.datasets.errors import DatasetError
from audio_manifold_ros.datasets.label_track import MODALITIES, LabelTrack

SKY = 10  # Cityscapes train id


def label_folder(recording: Path) -> Path:
    """Return where the labels of a recording lie: `NAME.labels` beside it."""
    recording = recording.absolute()
    return recording.with_name(f'{recording.name}.labels')


class Labels(NamedTuple):
    """What one image shows.

    Attributes:
        stamp_ns: Instant that the image shows by its own header.
        depth_m: float16 (row, column), metres along the camera's z axis, NaN invalid and in the sky; None without.
        labels: uint8 (row, column), 255 unlabelled; None without.

    """

    stamp_ns: int
    depth_m: NDArray[np.float16] | None
    labels: NDArray[np.uint8] | None


@final
class LabelFolder:
    """The tracks of a recording, joined by the time of its images. Use it as a context manager, or call `close`.

    Attributes:
        path: The folder.
        tracks: What there is, by modality.
        time_ns: int64 (image,), images that have every modality, in order.

    """

    def __init__(self, path: Path | str) -> None:
        """Open all tracks of a folder.

        Raises:
            DatasetError: There is none, one is damaged, or their images differ in size.

        """
        self.path = Path(path)
        self.tracks: dict[str, LabelTrack] = {}
        files = {modality: self.path / name for modality, (name, _) in MODALITIES.items()}
        try:
            for modality, file in files.items():
                if file.exists():
                    self.tracks[modality] = LabelTrack(file)
            self._join()
        except DatasetError:
            self.close()
            raise

    @property
    def provenance(self) -> dict[str, Any]:
        """Who labelled, by modality."""
        return {modality: dict(track.description.provenance) for modality, track in self.tracks.items()}

    def at(self, time_ns: int) -> Labels | None:
        """Return what the image recorded at this very time shows; None if it is not labelled in every modality."""
        place = int(np.searchsorted(self.time_ns, time_ns))
        if place == len(self.time_ns) or self.time_ns[place] != time_ns:
            return None
        found = {name: track.image(int(self._rows[name][place])) for name, track in self.tracks.items()}
        depth_m, labels = found.get('depth'), found.get('segmentation')
        if depth_m is not None and labels is not None:
            depth_m = np.where(labels == SKY, np.float16(np.nan), depth_m)
        return Labels(int(self._stamp_ns[place]), depth_m, labels)

    def close(self) -> None:
        """Close the files."""
        for track in self.tracks.values():
            track.close()

    def __enter__(self) -> LabelFolder:
        """Return the folder."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the files."""
        self.close()

    def _join(self) -> None:
        if not self.tracks:
            names = [name for name, _ in MODALITIES.values()]
            msg = f'{str(self.path)!r} holds no labels ({names}): make them with `python -m training.label`.'
            raise DatasetError(msg)
        sizes = {name: track.image(0).shape for name, track in self.tracks.items() if len(track)}
        if len(set(sizes.values())) > 1:
            msg = f'{str(self.path)!r}: labels of different sizes {sizes!r}: make all with the same --size.'
            raise DatasetError(msg)
        tracks = list(self.tracks.values())
        self.time_ns: NDArray[np.int64] = tracks[0].time_ns
        for track in tracks[1:]:
            self.time_ns = np.intersect1d(self.time_ns, track.time_ns, assume_unique=True)
        self._rows = {name: np.searchsorted(track.time_ns, self.time_ns) for name, track in self.tracks.items()}
        self._stamp_ns = tracks[0].stamp_ns[self._rows[next(iter(self.tracks))]]
