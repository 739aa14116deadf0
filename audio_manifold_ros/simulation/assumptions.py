# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Assumptions of the simulator that figures on simulated streets rest on, for pages and model cards: `ASSUMPTIONS`."""

from __future__ import annotations

from audio_manifold_ros.simulation.sound.background_noise import FLOW_SHARE, WINDSCREEN_M
from audio_manifold_ros.simulation.sound.ego_noise import MOUNT_SHIELD_DB
from audio_manifold_ros.simulation.sound.propagation import DOUBLE_MASKED_DB, GROUND_REFLECTION, MASKED_DB
from audio_manifold_ros.simulation.sound.reflection.mirror import UNDERBODY_DB


def _db(value: float) -> str:
    return f'{-value:g} dB'


ASSUMPTIONS: tuple[str, ...] = (
    (
        f'The body of the robot shields its own tyres and engine by {_db(MOUNT_SHIELD_DB[1][1])} to '
        f'{_db(MOUNT_SHIELD_DB[1][0])} above 500 Hz on the way to the array, and the underbody shields the tyres on '
        f'the other side by {_db(UNDERBODY_DB[1])}. Tyres on the near side radiate to a façade without shielding. '
        'The echoes that show façades depend on this. No measurement supports it.'
    ),
    (
        f'Capsules have windscreens of {WINDSCREEN_M[0] * 100:g} to {WINDSCREEN_M[1] * 100:g} cm in air of '
        f'{FLOW_SHARE[0]:g} to {FLOW_SHARE[1]:g} of the free flow (Strasberg 1988).'
    ),
    (
        'Vehicles are one source each, with CNOSSOS-EU spectra at the mean height of tyres and engine. The engine gets '
        'louder with acceleration as in the Harmonoise model.'
    ),
    (
        f'Paths {_db(MASKED_DB[0])} weaker than the total sound are left out, and so are double reflections '
        f'{_db(DOUBLE_MASKED_DB[0])} weaker.'
    ),
    (
        'Façades are flat mirrors with constant absorption. The scattered energy is in a diffuse tail without '
        f'direction. The ground is flat asphalt with a reflection of {GROUND_REFLECTION:g} everywhere.'
    ),
    'Objects that block a path attenuate it by the formula of Maekawa for one edge, at most by 25 dB.',
    'Levels of footsteps, bicycles and leaves are estimates.',
)
