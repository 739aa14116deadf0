# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""State of each microphone in a prediction, as a message with the stamp of the images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

if TYPE_CHECKING:
    from std_msgs.msg import Header

    from audio_manifold_ros.inference.bundle.prediction import Prediction

ACTIVE, MASKED, SUBSTITUTED = 'active', 'masked', 'substituted'


def to_microphones(microphones: tuple[tuple[str, int], ...], prediction: Prediction, header: Header) -> DiagnosticArray:
    """Return one status per microphone: its name, and `active` (in use), `masked` or `substituted`.

    Args:
        microphones: Name and device channel of each microphone, in the order of the array.
        prediction: The prediction.
        header: Stamp of the images, frame of the array.

    """
    state_by_name = dict.fromkeys(prediction.masked, MASKED) | dict.fromkeys(prediction.substituted, SUBSTITUTED)
    return DiagnosticArray(
        header=header,
        status=[
            DiagnosticStatus(
                level=DiagnosticStatus.WARN if name in state_by_name else DiagnosticStatus.OK,
                name=name,
                message=state_by_name.get(name, ACTIVE),
                hardware_id=f'channel {channel}',
            )
            for name, channel in microphones
        ],
    )
