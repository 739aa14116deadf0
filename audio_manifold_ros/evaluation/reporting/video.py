# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""MP4 video of a drive: ground truth and prediction side by side with a legend, at the speed of the drive.

The video is H.264 if ffmpeg is on PATH, and MPEG-4 Part 2 otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.common.array_types import RgbImage
from audio_manifold_ros.common.class_ids import CLASS_COLOURS
from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.drawing.colormaps import MODALITY_COLOURS, colour_confidence, colour_spectrogram
from audio_manifold_ros.drawing.images import BACKGROUND, FAINT, TEXT, scale_with_sharp_edges, write_text
from audio_manifold_ros.drawing.top_view import TOP_VIEW_LEGEND
from audio_manifold_ros.evaluation.reporting.contact_sheet import BAR_WIDTH, draw_scales, write_label
from audio_manifold_ros.evaluation.reporting.ffmpeg_encoder import (
    FfmpegEncoder,
    add_sound,
    ffmpeg_program,
    find_encoder,
)
from audio_manifold_ros.modalities.registry import MODALITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

    from audio_manifold_ros.evaluation.reporting.contact_sheet import Snapshot
    from audio_manifold_ros.modalities.modality_images import ModalityImages

CODEC = 'mp4v'
H264 = 'h264'
NO_FFMPEG = (
    'The video is MPEG-4 Part 2, which browsers do not play: for H.264, install ffmpeg with libx264 or libopenh264 on '
    'PATH.'
)
NO_SOUND = 'The video has no sound: it needs ffmpeg with libx264 or libopenh264 on PATH.'
# The field of view of the camera is 100° × 50°.
CELL_WIDTH, CELL_HEIGHT = 400, 200
GAP, HEADER, CAPTION, LEGEND = 12, 44, 26, 108
# The top view is as high as two rows of images.
TOP_VIEW_SIZE = 2 * CELL_HEIGHT + CAPTION + GAP
LEGEND_COLUMNS, SWATCH = 10, 14
MIN_MODALITIES = 2
# Number of frames that set the colour range of the spectrograms.
FIRST_FRAMES = 40


class Mp4Writer:
    """Incremental writer of an MP4 file. Memory use does not grow with the length of the drive.

    Use it as a context manager. The file is complete when the context ends.

    Attributes:
        codec: `h264` with ffmpeg, otherwise `mp4v`.
        note: Sentence for the user if the video is not H.264, otherwise empty.

    """

    def __init__(
        self, path: Path, title: str, rate_hz: float, spectrogram_range: tuple[float, float] | None = None
    ) -> None:
        """Set up the writer. The first frame creates the file.

        Args:
            path: The file.
            title: Heading of every frame.
            rate_hz: Frames per second.
            spectrogram_range: Darkest and brightest value of the spectrogram. None takes it from the first frames.

        """
        self._path = path
        self._title = title
        self._rate_hz = rate_hz
        self._spectrogram_range = spectrogram_range
        self._pending: list[Snapshot] = []
        self._writer: Any = None
        self._program = ffmpeg_program()
        self._encoder = find_encoder(self._program)
        self.codec = H264 if self._encoder else CODEC
        self.note = '' if self._encoder else NO_FFMPEG

    def __enter__(self) -> Mp4Writer:  # noqa: PYI034 - typing.Self needs Python 3.11
        """Return the writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Complete the file. After an exception it is incomplete."""
        if isinstance(self._writer, FfmpegEncoder) and kind is not None:
            self._writer.abort()
            return
        self._write_pending()
        if isinstance(self._writer, FfmpegEncoder):
            self._writer.finish()
        elif self._writer is not None:
            self._writer.release()

    def add_sound(self, sound: Path) -> str:
        """Add a WAV file, whose first sample belongs to the first frame, to the complete file.

        Returns:
            Sentence for the user if the video stays without sound, otherwise an empty string.

        Raises:
            EvaluationError: ffmpeg failed.

        """
        if self._program is None or self._encoder is None:
            return NO_SOUND
        if self._writer is not None:
            add_sound(self._program, self._path, sound)
        return ''

    def add(self, snapshot: Snapshot) -> None:
        """Append a frame.

        Raises:
            EvaluationError: The codec is missing, or the file cannot be written.

        """
        self._pending.append(snapshot)
        if self._spectrogram_range is not None or len(self._pending) >= FIRST_FRAMES:
            self._write_pending()

    def _write_pending(self) -> None:
        pending, self._pending = self._pending, []
        if self._spectrogram_range is None and pending:
            self._spectrogram_range = _spectrogram_range(pending)
        for snapshot in pending:
            self._write(draw_frame(snapshot, self._title, self._spectrogram_range or (0.0, 1.0)))

    def _write(self, frame: RgbImage) -> None:
        import cv2

        size = (frame.shape[1], frame.shape[0])
        if self._program is not None and self._encoder is not None:
            if self._writer is None:
                self._writer = FfmpegEncoder(self._program, self._encoder, self._path, self._rate_hz, size)
            self._writer.write(frame)
            return
        if self._writer is None:
            self._writer = cv2.VideoWriter(str(self._path), cv2.VideoWriter.fourcc(*CODEC), self._rate_hz, size)
            if not self._writer.isOpened():
                msg = (
                    f'Cannot write {str(self._path)!r} as {CODEC!r}: install opencv-python-headless, which has FFmpeg.'
                )
                raise EvaluationError(msg)
        self._writer.write(frame[..., ::-1])


def has_sound() -> bool:
    """Return whether videos can have sound: whether ffmpeg with an H.264 encoder is on PATH."""
    return find_encoder(ffmpeg_program()) is not None


def write_video(path: Path, snapshots: Sequence[Snapshot], title: str, sound: Path | None = None) -> str:
    """Write an MP4 file with one frame for each snapshot, at the speed of the drive.

    Args:
        path: The file.
        snapshots: In order of time.
        title: Heading of every frame.
        sound: WAV file whose first sample belongs to the first snapshot. None writes a video without sound.

    Returns:
        Sentences for the user if the video is not H.264 or lacks its sound, otherwise an empty string.

    Raises:
        EvaluationError: The codec is missing, or the file cannot be written.

    """
    span_s = snapshots[-1].time_s - snapshots[0].time_s
    rate_hz = (len(snapshots) - 1) / span_s if span_s > 0 else 1.0
    with Mp4Writer(path, title, rate_hz, _spectrogram_range(snapshots)) as writer:
        for snapshot in snapshots:
            writer.add(snapshot)
    notes = [writer.note, '' if sound is None else writer.add_sound(sound)]
    return ' '.join(note for note in notes if note)


def draw_frame(snapshot: Snapshot, title: str, spectrogram_range: tuple[float, float]) -> RgbImage:
    """Draw the sound and the images of a snapshot, uint8 (row, column, 3) with even sizes.

    Args:
        snapshot: The content. A missing camera image is named, other missing images stay dark.
        title: Heading.
        spectrogram_range: Darkest and brightest value of the spectrogram.

    """
    shown = _shown_modalities(snapshot)
    columns = 1 + len(shown)
    sound = colour_spectrogram(snapshot.features.mean(axis=0), *spectrogram_range)
    cells = (
        ('Sound: all microphones, the last second', sound),
        *((f'{MODALITIES[name].title}, camera', _picture(name, snapshot.ground_truth)) for name in shown),
        ('Confidence of the prediction', _coloured(colour_confidence, snapshot.confidence)),
        *((f'{MODALITIES[name].title}, predicted', _picture(name, snapshot.predicted)) for name in shown),
    )
    width, height = columns * CELL_WIDTH + (columns + 1) * GAP, HEADER + 2 * (CAPTION + CELL_HEIGHT + GAP) + LEGEND
    if snapshot.vehicles is not None:
        width += TOP_VIEW_SIZE + GAP
    ages = {column: snapshot.describe_age(name) for column, name in enumerate(shown, start=1)}
    frame: RgbImage = np.full((height, width, 3), BACKGROUND, dtype=np.uint8)
    write_text(frame, title, (GAP, 30), TEXT, 0.75)
    write_text(frame, f'{snapshot.time_s:.1f} s', (width - 90, 30), FAINT, 0.6)
    for index, (caption, picture) in enumerate(cells):
        row, column = divmod(index, columns)
        left, top = GAP + column * (CELL_WIDTH + GAP), HEADER + row * (CAPTION + CELL_HEIGHT + GAP)
        write_text(frame, caption, (left, top + 18), FAINT, 0.5)
        cell = frame[top + CAPTION : top + CAPTION + CELL_HEIGHT, left : left + CELL_WIDTH]
        if picture is not None:
            cell[:] = _scaled(picture)
        if index in ages:
            write_label(cell, ages[index] or ('no camera image' if picture is None else ''))
    top_view = snapshot.top_view(TOP_VIEW_SIZE)
    if top_view is not None:
        left, top = width - TOP_VIEW_SIZE - GAP, HEADER
        write_text(frame, f'Vehicles all round ({TOP_VIEW_LEGEND})', (left, top + 18), FAINT, 0.5)
        frame[top + CAPTION :, left:][:TOP_VIEW_SIZE, :TOP_VIEW_SIZE] = top_view
    _draw_legend(frame, height - LEGEND + 8)
    return frame


def _shown_modalities(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the modalities with an image, filled up to `MIN_MODALITIES`, so that the legend has its width."""
    present = {*snapshot.ground_truth.by_modality(), *snapshot.predicted.by_modality()}
    absent = [name for name in MODALITIES if name not in present]
    present.update(absent[: max(MIN_MODALITIES - len(present), 0)])
    return tuple(name for name in MODALITIES if name in present)


def _picture(modality: str, images: ModalityImages) -> RgbImage | None:
    return _coloured(MODALITY_COLOURS[modality], images.image(modality))


def _draw_legend(frame: RgbImage, top: int) -> None:
    """Draw the scales of depth and confidence, and the colour of every class."""
    write_text(frame, 'Depth', (GAP, top + 12), FAINT, 0.45)
    write_text(frame, 'Confidence', (GAP + 80 + BAR_WIDTH + 60 + BAR_WIDTH + 24, top + 12), FAINT, 0.45)
    draw_scales(frame, (GAP + 80, top))
    step = (frame.shape[1] - 2 * GAP) // LEGEND_COLUMNS
    for index, (name, colour) in enumerate(CLASS_COLOURS.items()):
        row, column = divmod(index, LEGEND_COLUMNS)
        x, y = GAP + column * step, top + 46 + 24 * row
        frame[y : y + SWATCH, x : x + SWATCH] = colour
        write_text(frame, name, (x + SWATCH + 6, y + 12), FAINT, 0.42)


def _spectrogram_range(snapshots: Sequence[Snapshot]) -> tuple[float, float]:
    some = [snapshots[i].features.mean(axis=0) for i in np.linspace(0, len(snapshots) - 1, 10).astype(int)]
    low, high = np.percentile(np.stack(some), (1, 99.5))
    return float(low), float(high)


def _coloured(colour: Callable[[Any], RgbImage], image: NDArray[Any] | None) -> RgbImage | None:
    return None if image is None else colour(image)


def _scaled(image: RgbImage) -> RgbImage:
    return scale_with_sharp_edges(image, CELL_WIDTH, CELL_HEIGHT, factor=4)
