# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from audio_manifold_ros.nodes.common.bond_protocol import CONNECT_TIMEOUT_S, BondPhase, BondProtocol


@pytest.fixture
def bond() -> BondProtocol:
    return BondProtocol('perception', 'own', 100.0)


def test_a_bond_forms_with_its_other_end_only(bond: BondProtocol) -> None:
    bond.receive('controller_server', 'manager', active=True)
    bond.receive('perception', 'own', active=True)
    assert bond.phase is BondPhase.WAITING
    bond.receive('perception', 'manager', active=True)
    assert bond.phase is BondPhase.FORMED
    # A formed bond beats for ever: the manager has the timeout.
    assert bond.is_beating(1e6)


def test_a_bond_without_another_end_gives_up(bond: BondProtocol) -> None:
    assert bond.is_beating(99.9 + CONNECT_TIMEOUT_S)
    assert not bond.is_beating(100.0 + CONNECT_TIMEOUT_S)
    bond.receive('perception', 'manager', active=True)
    assert bond.phase is BondPhase.ENDED
    assert not bond.end()


def test_the_other_end_is_told_once_and_is_not_answered_after_its_own_end(bond: BondProtocol) -> None:
    bond.receive('perception', 'manager', active=True)
    assert bond.end()
    assert not bond.end()
    other = BondProtocol('perception', 'next', 0.0)
    other.receive('perception', 'manager', active=False)
    assert not other.is_beating(0.1)
    assert not other.end()
