# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.simulation.sound import spectra
from audio_manifold_ros.simulation.vehicle import VehicleKind

REFERENCE_MPS = 70 / 3.6


def test_levels_at_the_reference_speed_are_those_of_the_table() -> None:
    assert spectra.rolling_levels_db(VehicleKind.CAR, REFERENCE_MPS)[4] == pytest.approx(100.1)
    assert spectra.propulsion_levels_db(VehicleKind.TRUCK, -REFERENCE_MPS)[0] == pytest.approx(108.8)


def test_rolling_follows_the_logarithm_and_propulsion_the_speed() -> None:
    rolling = spectra.rolling_levels_db(VehicleKind.CAR, 7.0)
    assert rolling[4] == pytest.approx(100.1 + 32.5 * np.log10(7.0 * 3.6 / 70))
    propulsion = spectra.propulsion_levels_db(VehicleKind.MOTORCYCLE, 10.0)
    assert propulsion[2] == pytest.approx(96.7 + 11.9 * (36 - 70) / 70)


def test_a_standing_vehicle_has_no_tyre_noise_and_an_idling_engine() -> None:
    assert np.all(spectra.rolling_levels_db(VehicleKind.CAR, 0.0) <= spectra.SILENT_DB)
    idle = spectra.propulsion_levels_db(VehicleKind.CAR, 0.0)
    slow = spectra.propulsion_levels_db(VehicleKind.CAR, 20 / 3.6)
    assert idle - slow == pytest.approx(np.full(8, spectra.IDLE_DB))


def test_electric_vehicles_have_rolling_noise_only() -> None:
    assert np.all(spectra.propulsion_levels_db(VehicleKind.BUS, 12.0, electric=True) <= spectra.SILENT_DB)


def test_bands_hold_the_power_of_the_octaves() -> None:
    levels = spectra.rolling_levels_db(VehicleKind.CAR, 12.0)
    low, high = spectra.band_amplitudes(levels)
    pressure = 10 ** ((levels - 11) / 10) * (20e-6 / 20) ** 2
    assert np.sum(low**2) + np.sum(high**2) == pytest.approx(np.sum(pressure))
    assert high[1] ** 2 == pytest.approx(pressure[4])


def test_full_scale_is_twenty_pascal() -> None:
    assert spectra.full_scale(120.0) == pytest.approx(1.0)
    assert spectra.full_scale(94.0) == pytest.approx(1 / 20, rel=0.01)
