# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks of an experiment with their calibration, as they are scored and exported."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from training.experiment.calibrate_vehicles import VehicleCalibration, calibrate_vehicles
from training.experiment.experiment_inference import scoring_device
from training.experiment.logit_adjustment import LogitAdjustment, adjust_logits
from training.fitting.fitted_networks import load_perception

if TYPE_CHECKING:
    from audio_manifold_ros.networks.perception_network import PerceptionNetwork
    from training.config.experiment_configuration import TrainingConfig
    from training.data.cache import WindowCache


@dataclass(frozen=True)
class CalibratedNetwork:
    """Networks whose last layers contain their calibration.

    Attributes:
        network: The networks, on the device for evaluation.
        logits: Biases on the logits of the classes (see `adjust_logits`).
        vehicles: Calibration of the vehicles all round. None if they are not calibrated (see `calibrate_vehicles`).

    """

    network: PerceptionNetwork
    logits: LogitAdjustment
    vehicles: VehicleCalibration | None

    @classmethod
    def load(cls, config: TrainingConfig, cache: WindowCache) -> CalibratedNetwork:
        """Load the best networks of an experiment and calibrate them on the validation windows.

        Raises:
            TrainingError: A network has not been fitted.
            NetworkError: The networks do not match each other.

        """
        network = load_perception(config).to(scoring_device(config.machine.accelerator))
        logits = adjust_logits(network, cache)
        return cls(network, logits, calibrate_vehicles(network, cache))

    def calibration(self) -> dict[str, object]:
        """Return the calibration as plain values with three digits, so that devices that round differently agree."""
        vehicles = None if self.vehicles is None else asdict(self.vehicles)
        return {
            'logit_strength': self.logits.strength,
            'sky_bias': self.logits.sky_bias,
            'vehicles': vehicles and {name: float(f'{value:.3g}') for name, value in vehicles.items()},
        }
