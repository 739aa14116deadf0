# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All distributions of the random streets, each with its source or its reason.

A pair is the range of a uniform distribution. Lengths are in metres, times in seconds, speeds in metres per second.
"""

from __future__ import annotations

import math

import numpy as np

from audio_manifold_ros.simulation.vehicle import VehicleKind

# Layout ---------------------------------------------------------------------------------------------------------------
# Half of all streets drive on the left: a mirrored street is then as probable as the original.
LEFT_HAND_SHARE = 0.5
# Urban lanes are 2.75 to 3.5 m wide (RASt 06, NACTO Urban Street Design Guide). The renderer's trucks need 3 m.
LANE_M = (3.0, 3.6)
TWO_LANES_SHARE = 0.28
# Urban speed limits of 30, 50 and 60 km/h. Most side streets are 30 km/h zones, most main streets 50 km/h.
SPEED_LIMITS_KMH = ((30.0, 0.4), (50.0, 0.5), (60.0, 0.1))
# A side with a parking strip of the usual width for cars (2.0 to 2.5 m).
PARKING_SHARE = 0.55
PARKING_M = 2.3
# A cycle lane of 1.5 m (the usual minimum is 1.5 m; NACTO, RASt 06).
CYCLE_LANE_SHARE = 0.35
CYCLE_LANE_M = 1.5
# Pavements: 2.5 m is the usual standard; historic streets have less, shopping streets more.
PAVEMENT_M = (2.0, 5.0)
# No data: a third of all streets bend within view. Below a radius of 80 m urban main streets are rare.
CURVE_SHARE = 0.35
CURVE_RADIUS_M = (80.0, 400.0)
CURVE_START_M = (-60.0, 120.0)
CURVE_LENGTH_M = (40.0, 140.0)
CURVE_TURN_LIMIT_RAD = 1.3
# Blocks of European and American towns are 60 to 200 m long (Siksna 1997).
BLOCK_M = (70.0, 200.0)
CROSS_LANE_M = (2.9, 3.5)
CROSS_PAVEMENT_M = (1.5, 3.5)
CROSS_REACH_M = 80.0
# Both arms, only the left, only the right. T junctions are about as frequent as crossings in grown towns.
CROSSING_SHARE = 0.5
SIGNALS_SHARE = 0.35
SIGNAL_CYCLE_S = (50.0, 90.0)
SIGNAL_GREEN_SHARE = (0.4, 0.7)
SIGNAL_CLEARANCE_S = 3.0
# Share of hours with a wet road in temperate climates: 10 to 20 %.
WET_SHARE = 0.15
TRAM_SHARE = 0.05

# Traffic --------------------------------------------------------------------------------------------------------------
# Great Britain, year to March 2019 (Department for Transport): cars 78 %, vans 15 %, lorries 5 %, all others 2 % of the
# vehicle miles. Two thirds of lorry traffic are on motorways and country roads, and buses and motorcycles are urban.
KIND_SHARES = {
    VehicleKind.CAR: 0.79,
    VehicleKind.VAN: 0.13,
    VehicleKind.TRUCK: 0.03,
    VehicleKind.BUS: 0.025,
    VehicleKind.MOTORCYCLE: 0.025,
}
PARKED_SHARES = {VehicleKind.CAR: 0.86, VehicleKind.VAN: 0.13, VehicleKind.MOTORCYCLE: 0.01}
TRAM_VEHICLE_SHARE = 0.12
# Mean and standard deviation of length, width and height. Cars and vans: common European models.
SIZES_M = {
    VehicleKind.CAR: ((4.3, 1.8, 1.5), (0.35, 0.07, 0.1)),
    VehicleKind.VAN: ((5.4, 2.0, 2.3), (0.4, 0.05, 0.25)),
    VehicleKind.TRUCK: ((8.0, 2.45, 3.3), (1.2, 0.05, 0.3)),
    VehicleKind.BUS: ((12.0, 2.55, 3.2), (0.5, 0.02, 0.1)),
    VehicleKind.MOTORCYCLE: ((2.1, 0.75, 1.65), (0.12, 0.05, 0.08)),
    VehicleKind.TRAM: ((28.0, 2.5, 3.6), (3.0, 0.1, 0.1)),
    VehicleKind.BICYCLE: ((1.75, 0.62, 1.75), (0.06, 0.04, 0.08)),
}
FIRING_HZ = {
    VehicleKind.CAR: (25.0, 90.0),
    VehicleKind.VAN: (25.0, 80.0),
    VehicleKind.TRUCK: (35.0, 90.0),
    VehicleKind.BUS: (35.0, 80.0),
    VehicleKind.MOTORCYCLE: (40.0, 140.0),
}
ELECTRIC_SHARE = {VehicleKind.CAR: 0.12, VehicleKind.VAN: 0.08, VehicleKind.BUS: 0.2, VehicleKind.MOTORCYCLE: 0.03}
# Vehicles per hour and lane, from a quiet to a busy urban street. A lane of a signalled street saturates near 1800.
FLOW_PER_H = (60.0, 900.0)
EMPTY_LANE_SHARE = 0.12
CROSS_FLOW_PER_H = (40.0, 500.0)
TURNING_SHARE = 0.35
CYCLE_FLOW_PER_H = (20.0, 400.0)
CYCLE_SPEED_MPS = (3.5, 7.0)
# Stop-and-go: mean speed, period of the waves and distance between vehicles in jams on urban streets.
JAM_SHARE = 0.12
JAM_SPEED_MPS = (1.0, 3.5)
JAM_PERIOD_S = (15.0, 40.0)
JAM_GAP_M = (2.5, 7.0)
# Desired speed relative to the limit, and the Intelligent Driver Model for cars (Treiber, Hennecke and Helbing 2000).
DESIRED_SPEED = (0.8, 1.1)
HEADWAY_S = (1.0, 1.8)
ACCELERATION_MPS2 = (1.0, 2.2)
BRAKING_MPS2 = (1.5, 2.5)
STANDSTILL_GAP_M = (1.5, 3.0)
LATERAL_SPREAD_M = 0.12
# A driver who must yield needs a gap of 4 to 6 s (HCM, critical headways of minor movements).
YIELD_GAP_S = 4.0
TURN_SPEED_MPS = (4.0, 6.5)
# From empty to full: occupancy of parking strips depends on hour and place, and full strips are normal.
PARKING_OCCUPANCY = (0.0, 1.0)
PARKING_SLOT_M = (5.3, 6.3)
# Rare sounds: a few per cent of the streets each, which is more than real, so that a model is trained on some.
HORN_SHARE = 0.03
HORN_S = (0.3, 1.5)
SIREN_SHARE = 0.02

# Ego vehicle ----------------------------------------------------------------------------------------------------------
STATIONARY_SHARE = 0.3
# Right strip, left strip, in a lane.
STATIONARY_PLACES = ((-1, 0.5), (1, 0.25), (0, 0.25))
EGO_SIZE_M = (4.5, 1.8)
EGO_ELECTRIC_SHARE = 0.25
EGO_YAW_DEG = 1.2
# A parked ego vehicle has free space to pull out.
PULL_OUT_BEHIND_M, PULL_OUT_AHEAD_M = 7.5, 12.0

# Buildings and street furniture ---------------------------------------------------------------------------------------
OPEN_SIDE_SHARE = 0.12
NO_SETBACK_SHARE = 0.55
SETBACK_M = (2.0, 8.0)
HEIGHT_M = (5.0, 18.0)
GAP_SHARE = (0.05, 0.6)
GAP_M = (3.0, 22.0)
FACADE_M = (8.0, 30.0)
CURVED_FACADE_M = (6.0, 12.0)
BUILDING_DEPTH_M = (8.0, 14.0)
# A corner building touches the corner in most towns. Otherwise the view into the cross street is open.
CORNER_BUILT_SHARE = 0.75
CORNER_GAP_M = (3.0, 15.0)
FENCE_SHARE = 0.4
FENCE_HEIGHT_M = (0.9, 1.8)
TREES_SHARE = 0.5
TREE_SPACING_M = (7.0, 25.0)
NEEDLES_SHARE = 0.15
TRUNK_RADIUS_M = (0.12, 0.3)
TRUNK_HEIGHT_M = (2.2, 3.4)
LAMP_SPACING_M = (22.0, 40.0)
LAMP_HEIGHT_M = (4.5, 9.0)
LAMP_RADIUS_M = (0.06, 0.11)
SIGNS_PER_BLOCK = 2.0
SIGN_HEIGHT_M = (2.3, 3.0)

# Pedestrians ----------------------------------------------------------------------------------------------------------
# Per 100 m of a pavement, sampled on a logarithmic scale: an empty residential street to a shopping street.
PEDESTRIANS_PER_100_M = (0.1, 6.0)
# Walking speed 1.3 m/s with a deviation of 0.2 m/s (Weidmann 1993). A fifth stand.
WALKING_MPS = (1.3, 0.2)
STANDING_SHARE = 0.2
PERSON_HEIGHT_M = (1.7, 0.1)
PERSON_WIDTH_M = (0.45, 0.6)
TALKING_SHARE = 0.2
TALK_S = (2.0, 20.0)

# Weather --------------------------------------------------------------------------------------------------------------
TEMPERATURE_C = (-5.0, 33.0)
BACKGROUND_DB = (42.0, 60.0)


def sample_log_uniform(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    """Sample a value between two bounds, uniformly on a logarithmic scale."""
    return math.exp(rng.uniform(*np.log(bounds)))
