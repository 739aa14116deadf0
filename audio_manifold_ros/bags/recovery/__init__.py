# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recovery of damaged bags: each complete message that a checksum confirms is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.bags.recovery.mcap_recovery import McapRecovery
    from audio_manifold_ros.bags.recovery.recover import Recovery, recover_bag
    from audio_manifold_ros.bags.recovery.recovery_log import DamagedRange, RecoveredMessage, RecoveryLog
    from audio_manifold_ros.bags.recovery.sqlite_recovery import SqliteRecovery

__all__ = [
    'DamagedRange',
    'McapRecovery',
    'RecoveredMessage',
    'Recovery',
    'RecoveryLog',
    'SqliteRecovery',
    'recover_bag',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'mcap_recovery': 'McapRecovery',
        'recover': 'Recovery recover_bag',
        'recovery_log': 'DamagedRange RecoveredMessage RecoveryLog',
        'sqlite_recovery': 'SqliteRecovery',
    },
)
