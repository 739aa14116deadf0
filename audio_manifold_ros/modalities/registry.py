# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Registry of the modalities: the kinds of images that the networks predict from audio.

Drive format, networks, metrics, publishers, reports and importers follow the registry. Each layer has one table with an
entry for each modality. The page `docs/modalities.md` lists the tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.common.class_ids import CLASS_NAMES, UNLABELLED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

DEPTH, SEGMENTATION, NORMALS = 'depth', 'segmentation', 'normals'
METRE = 'm'


@dataclass(frozen=True)
class HeadlineMetric:
    """A metric that summaries show.

    Attributes:
        key: Key of the figure in the scores of the modality.
        larger_is_better: True if larger values are better.

    """

    key: str
    larger_is_better: bool = False


@dataclass(frozen=True)
class Modality:
    """One kind of image.

    Attributes:
        name: Name in configurations, manifests, scores and topics.
        title: Heading for people.
        image: Name of its image: a field of `ModalityImages`, an output tensor, a dataset of a drive and an array of
            the window cache.
        channels: Number of channels of the raw image of the networks.
        dtype: Element type of its image in memory and in messages.
        stored_dtypes: Element types that a drive may store. The first is that of label files and of the window cache.
        invalid: Value of a pixel without content.
        encoding: Encoding of its ROS messages.
        metrics: Metrics that summaries show. The first decides which of two networks is better.
        components: Shape of one pixel: empty for a number, (3,) for a vector.
        unit: Unit of the values; empty for values without unit.
        is_categorical: True if the values are class ids and the channels are logits.
        derived_from: Modality that its ground truth is computed from (see `rig.derived_images`). Empty for a modality
            whose ground truth is stored.

    """

    name: str
    title: str
    image: str
    channels: int
    dtype: type[np.generic]
    stored_dtypes: tuple[type[np.generic], ...]
    invalid: float
    encoding: str
    metrics: tuple[HeadlineMetric, ...]
    components: tuple[int, ...] = ()
    unit: str = ''
    is_categorical: bool = False
    derived_from: str = ''

    @property
    def distance(self) -> str:
        """Name of the output tensor with the distance from the training data."""
        return f'{self.name}_distance'

    @property
    def output_names(self) -> tuple[str, str]:
        """Names of its output tensors, in order: image and distance."""
        return self.image, self.distance

    @property
    def topic(self) -> str:
        """Topic of the predicted images, relative to the node."""
        return f'{self.name}/image'

    @property
    def ground_truth_topic(self) -> str:
        """Topic of the ground truth in simulated and recorded drives."""
        return f'truth/{self.name}/image'

    @property
    def label_file(self) -> str:
        """Name of its file in the folder of the label files of a recording."""
        return f'{self.name}.h5'

    @property
    def main_metric(self) -> HeadlineMetric:
        """The metric that decides which of two networks is better."""
        return self.metrics[0]

    def invalid_image(self, rows: int, columns: int) -> NDArray[Any]:
        """Return an image (row, column) or (row, column, component) without content."""
        return np.full((rows, columns, *self.components), self.invalid, dtype=self.dtype)


_ALL = (
    Modality(
        name=DEPTH,
        title='Depth',
        image='depth_m',
        channels=1,
        dtype=np.float32,
        stored_dtypes=(np.float16, np.float32),
        invalid=np.nan,
        encoding='32FC1',
        metrics=(HeadlineMetric('abs_rel'), HeadlineMetric('rmse'), HeadlineMetric('auc_crr', larger_is_better=True)),
        unit=METRE,
    ),
    Modality(
        name=SEGMENTATION,
        title='Classes',
        image='labels',
        channels=len(CLASS_NAMES),
        dtype=np.uint8,
        stored_dtypes=(np.uint8,),
        invalid=UNLABELLED,
        encoding='mono8',
        metrics=(
            HeadlineMetric('miou', larger_is_better=True),
            HeadlineMetric('accuracy', larger_is_better=True),
        ),
        is_categorical=True,
    ),
    Modality(
        name=NORMALS,
        title='Normals',
        image='normals',
        channels=3,
        dtype=np.float32,
        stored_dtypes=(np.float16, np.float32),
        invalid=np.nan,
        encoding='32FC3',
        metrics=(
            HeadlineMetric('mean_angle_deg'),
            HeadlineMetric('median_angle_deg'),
            HeadlineMetric('within_22_5', larger_is_better=True),
        ),
        components=(3,),
        derived_from=DEPTH,
    ),
)
# By name, in the order of outputs, tables and reports.
MODALITIES: Mapping[str, Modality] = {modality.name: modality for modality in _ALL}
# Those whose ground truth is stored in drives, label files and bags.
STORED_MODALITIES: Mapping[str, Modality] = {modality.name: modality for modality in _ALL if not modality.derived_from}


def categorical(names: Iterable[str]) -> tuple[str, ...]:
    """Return those of some modalities whose values are class ids."""
    return tuple(name for name in names if MODALITIES[name].is_categorical)
