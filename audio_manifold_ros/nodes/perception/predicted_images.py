# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Predicted images of one instant, from which the outputs for robots are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

from audio_manifold_ros.common.errors import NodeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Derived = TypeVar('Derived')


@dataclass(frozen=True)
class PredictedImages:
    """Predicted images of one instant, and what has been derived from them.

    Attributes:
        depth_m: float32 (row, column), NaN where invalid. None without that head.
        labels: uint8 (row, column), class ids. None without that head.
        confidence: float32 (row, column), 0 to 1.
        stamp_ns: Time that the images describe.
        vehicles: Probabilities of the vehicles all round (see `NetworkOutput`). None without that map.

    """

    depth_m: NDArray[np.float32] | None
    labels: NDArray[np.uint8] | None
    confidence: NDArray[np.float32]
    stamp_ns: int
    vehicles: NDArray[np.float32] | None = None
    _derived: dict[str, Any] = field(default_factory=dict)

    def derive(self, name: str, make: Callable[[], Derived]) -> Derived:
        """Return what `make` returned at the first call with this name."""
        if name not in self._derived:
            self._derived[name] = make()
        return cast('Derived', self._derived[name])

    def require_depth(self) -> NDArray[np.float32]:
        """Return the depth.

        Raises:
            NodeError: The bundle does not predict it.

        """
        if self.depth_m is None:
            msg = 'The images have no depth: use a bundle with that head.'
            raise NodeError(msg)
        return self.depth_m

    def require_labels(self) -> NDArray[np.uint8]:
        """Return the class ids.

        Raises:
            NodeError: The bundle does not predict them.

        """
        if self.labels is None:
            msg = 'The images have no classes: use a bundle with that head.'
            raise NodeError(msg)
        return self.labels
