# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One end of a bond: heartbeats that show another process that this one is alive (the protocol of bond_core)."""

from __future__ import annotations

from enum import Enum

CONNECT_TIMEOUT_S = 10.0


class BondPhase(Enum):
    """Phase of a bond."""

    WAITING = 'waiting for the other end'
    FORMED = 'formed'
    ENDED = 'ended'


class BondProtocol:
    """State of one end. A bond is used once: each activation makes a new one.

    Args:
        bond_id: Name of the bond, the same at both ends.
        instance_id: Unique name of this end.
        now_s: The current time.

    Attributes:
        phase: Current phase.

    """

    def __init__(self, bond_id: str, instance_id: str, now_s: float) -> None:
        """Wait for the other end."""
        self.bond_id, self.instance_id = bond_id, instance_id
        self.phase = BondPhase.WAITING
        self._connect_until_s = now_s + CONNECT_TIMEOUT_S

    def receive(self, bond_id: str, instance_id: str, *, active: bool) -> None:
        """Take a status message of the topic. Messages of other bonds and of this end are ignored."""
        if bond_id != self.bond_id or instance_id == self.instance_id or self.phase is BondPhase.ENDED:
            return
        self.phase = BondPhase.FORMED if active else BondPhase.ENDED

    def is_beating(self, now_s: float) -> bool:
        """Return True if a heartbeat is due. A bond that finds no other end within 10 s ends."""
        if self.phase is BondPhase.WAITING and now_s >= self._connect_until_s:
            self.phase = BondPhase.ENDED
        return self.phase is not BondPhase.ENDED

    def end(self) -> bool:
        """End the bond. Return True if the other end must be informed."""
        was_alive = self.phase is not BondPhase.ENDED
        self.phase = BondPhase.ENDED
        return was_alive
