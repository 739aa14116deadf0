# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Table of the verbs of `audio-manifold`.

To add a command, add a row here and write a module with `main(arguments) -> int`.
"""

from __future__ import annotations

from dataclasses import dataclass

PROGRAM = 'audio-manifold'
PACKAGE = 'audio_manifold_ros'
EXIT_STATUS = '0: success; 1: the command failed, or what it checks is bad; 2: wrong usage; 130: interrupted'
GROUPS = {
    'bag': 'record, check, recover, convert, replay and score ROS bags',
    'rig': 'calibrate a microphone array, compare and export rigs',
    'train': 'make datasets, fit networks, score them and export bundles',
    'model': 'inspect bundles, share them and compile them for a GPU',
}


@dataclass(frozen=True)
class Verb:
    """A command of `audio-manifold`.

    Attributes:
        name: The words that select it, for example `bag check`.
        module: The module with `main(arguments) -> int`. It is imported when the verb runs.
        summary: One line for the list of verbs, and the description in its own help.
        example: The arguments of an example call.
        prefix: Arguments that precede those of the user.
        exit_status: The meaning of its exit status.
        ros_arguments: Whether the verb is a ROS node without options of its own.

    """

    name: str
    module: str
    summary: str
    example: str = ''
    prefix: tuple[str, ...] = ()
    exit_status: str = EXIT_STATUS
    ros_arguments: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the name."""
        return tuple(self.name.split())

    @property
    def program(self) -> str:
        """The words to type, the program included."""
        return f'{PROGRAM} {self.name}'

    @property
    def needs_checkout(self) -> bool:
        """True if the module is part of the repository but not of the installed package."""
        return not self.module.startswith(f'{PACKAGE}.')


_BAGS, _TRAIN_CONFIG = f'{PACKAGE}.bags', '--config training/configs/systems/vq_8x8.yaml'
_CALIBRATION_STATUS = (
    '0: the rig is healthy; 1: a fault or a difference was found, or the recording cannot be measured; '
    '2: wrong usage, or the command cannot run; 130: interrupted'
)
_EVALUATE_STATUS = (
    '0: success; 1: the bag or the bundle cannot be used; 2: wrong usage, or live and offline predictions differ; '
    '130: interrupted'
)

VERBS = tuple(
    Verb(*columns)
    for columns in (
        (
            'demo',
            f'{PACKAGE}.demo.__main__',
            'run the shipped model on a simulated street, a file or a sound device and show its images',
            '--seconds 20 --out demo_output',
        ),
        (
            'view',
            f'{PACKAGE}.demo.view',
            'show a running node or a bag in a browser, with point cloud, images and figures',
            'recordings/drive_1 --save drive.rrd',
        ),
        (
            'doctor',
            f'{PACKAGE}.doctor.__main__',
            'check rig, bundle, backend, audio, ROS, clock and disk, and print a page for an issue',
            '--params-file config/car_usb_array.yaml',
            (),
            '0: the robot may drive; 1: a check found an error; 2: wrong usage; 130: interrupted',
        ),
        (
            'bag record',
            f'{PACKAGE}.nodes.recorder.recorder',
            'record the audio device and the topics of a drive into a bag',
            '--ros-args -p rig:=my_rig -p device.name:=MA-USB8',
            (),
            EXIT_STATUS,
            True,
        ),
        (
            'bag check',
            f'{_BAGS}.conversion.check_bag',
            'check whether bags can become a dataset, and list the problems',
            'recordings/drive_1',
        ),
        (
            'bag recover',
            f'{_BAGS}.recovery.recover',
            'rebuild a valid bag from a damaged one',
            'recordings/drive_1 recordings/drive_1_recovered',
        ),
        (
            'bag convert',
            f'{_BAGS}.conversion.bag_to_dataset',
            'convert bags into drive files',
            'recordings/* --out data/town',
        ),
        (
            'bag evaluate',
            f'{PACKAGE}.nodes.evaluation.evaluate_bag',
            'score a bundle on a bag and write a report',
            'recordings/drive_1 --bundle models/street --out scores',
            (),
            _EVALUATE_STATUS,
        ),
        (
            'bag replay',
            f'{PACKAGE}.nodes.replay.replay',
            'play a bag over ROS, with /clock',
            'recordings/drive_1 --rate 0.5 --loop',
        ),
        (
            'bag simulate',
            f'{PACKAGE}.testing.simulated_bag',
            'write simulated drives as bags',
            '--seed 7 8 9 --seconds 60 --out bags',
        ),
        (
            'rig calibrate',
            f'{PACKAGE}.calibration.commands.cli',
            'measure the microphones and the camera of a rig',
            'check --device MA-USB8 --rig my_rig',
            (),
            _CALIBRATION_STATUS,
        ),
        (
            'rig diff',
            f'{PACKAGE}.calibration.commands.cli',
            'list the differences between two rigs',
            'calibration/roof_octagon my_rig',
            ('diff',),
            _CALIBRATION_STATUS,
        ),
        (
            'rig urdf',
            f'{PACKAGE}.rig.rig_to_urdf',
            'describe a rig for robot_state_publisher and tf2',
            'calibration/roof_octagon --out roof.xacro',
        ),
        (
            'train simulate',
            'training.data.simulate',
            'write simulated drives',
            '--drives 5000 --seconds 2 --out data/street',
        ),
        (
            'train import oap',
            'training.importing.import_oap',
            'convert the OAP dataset into drive files',
            'downloads/oap --out data/oap',
        ),
        (
            'train import mavd',
            'training.importing.import_mavd',
            'convert the MAVD dataset into drive files',
            'data/MAVD --out data/mavd --depth teachers/depth --segmentation teachers/masks',
        ),
        (
            'train import reference',
            'training.importing.import_reference',
            'convert HDF5 files of the published code into drive files',
            'audio.h5 --depth disp.h5 --segmentation seg.h5 --out data/oap_reference',
        ),
        (
            'train import folder',
            'training.importing.import_folder',
            'convert folders of WAV and PNG files into drive files',
            'recordings --rig my_rig --out data/mine',
        ),
        (
            'train label',
            'training.labelling.label',
            'predict depth and classes of camera images with teacher models',
            'recordings/drive_1',
        ),
        (
            'train split make',
            'training.splits.make_split',
            'write a split file of MAVD',
            'mavd-days data/mavd --out data/mavd_days.yaml',
        ),
        (
            'train split check',
            'training.splits.check_split',
            'measure the leakage between the parts of a split',
            'data/mavd --split data/mavd_days.yaml',
            (),
            '0: no leakage; 1: leakage; 2: wrong usage, or the leakage cannot be measured; 130: interrupted',
        ),
        (
            'train fit manifold',
            'training.fitting.fit_manifold',
            'fit the VQ-VAE of a modality',
            '--config training/configs/paper_8x8.yaml --modality depth',
        ),
        (
            'train fit transform',
            'training.fitting.fit_transform',
            'fit the AT-nets on frozen manifolds',
            '--config training/configs/paper_8x8.yaml',
        ),
        (
            'train fit direct',
            'training.fitting.fit_direct',
            'fit the single-stage networks',
            '--config training/configs/systems/end_to_end_8x8.yaml',
        ),
        (
            'train fit joint',
            'training.fitting.fit_joint',
            'fit all networks of an experiment at once, with losses on the images',
            '--config training/configs/street_finetune.yaml',
        ),
        (
            'train run',
            'training.experiment.run',
            'run experiments from the fit to the scores',
            f'{_TRAIN_CONFIG} --seed 0 1 2',
        ),
        (
            'train evaluate',
            'training.experiment.evaluate',
            'score the fitted networks of an experiment',
            '--config training/configs/paper_8x8.yaml --split test',
        ),
        (
            'train compare',
            'training.comparison.compare',
            'score bundles on the same unseen streets, with other rigs, dead microphones and controls',
            'models/street --streets 500 --random-rigs 100 --out scores',
        ),
        (
            'train visualize',
            'training.experiment.visualize',
            'draw predictions of an experiment next to the ground truth',
            '--config training/configs/paper_8x8.yaml --out overview.png',
        ),
        ('train tables', 'training.experiment.tables', 'make the tables of the paper from stored runs', 'street'),
        (
            'train ablation',
            'training.experiment.ablation',
            'make the table of an ablation from stored runs',
            '--docs docs',
        ),
        (
            'train study-features',
            'training.feature_study.study',
            'compare definitions of the spatial features on simulated streets',
            '--streets 600 --docs docs',
        ),
        (
            'train study-state',
            'training.state_study.study',
            'measure what earlier windows add to the images of a bundle',
            '--drives data/state --out runs/state_study --docs docs',
        ),
        (
            'train add-state',
            'training.state_study.add_state',
            'fit a state over time for a bundle, and write a bundle with it',
            '--drives data/state --work runs/state --output models/street_state',
        ),
        (
            'train export',
            'training.export.export_bundle',
            'export an experiment as a bundle',
            '--config training/configs/paper_8x8.yaml --output models/paper_8x8',
        ),
        (
            'train export-lerobot',
            'training.export.export_lerobot',
            'export drives as a LeRobotDataset v3',
            'data/street --out data/street_lerobot',
        ),
        (
            'train quantize',
            'training.export.quantize',
            'add an int8 graph to a bundle',
            '--config training/configs/paper_8x8.yaml --bundle models/paper_8x8',
        ),
        (
            'train renew-graph',
            'training.export.renew_graph',
            'export the ONNX graph of a bundle again from its weights',
            'models/street models/street_direct',
        ),
        (
            'train measure-features',
            'training.export.measure_features',
            'add statistics of simulated training features to a bundle, so that unfamiliar audio is recognised',
            '--bundle models/street --streets 600',
        ),
        (
            'model info',
            f'{PACKAGE}.inference.bundle.bundle_info',
            'verify a bundle and print its manifest, arrays, file sizes, hashes and scores',
            'models/street',
        ),
        (
            'model pull',
            f'{PACKAGE}.inference.bundle.hub_pull',
            'download a bundle from the Hugging Face hub, verify it and print its folder',
            'hf://my-team/street@v1',
        ),
        (
            'model push',
            f'{PACKAGE}.inference.bundle.hub_push',
            'verify a bundle, upload it to the Hugging Face hub and print its reference',
            'models/street my-team/street --private',
        ),
        (
            'model build-engine',
            f'{PACKAGE}.inference.tensorrt.build_engine',
            'compile the networks of a bundle with TensorRT, for the GPU of this machine',
            'models/street --precision fp16',
        ),
        (
            'bench profile',
            'benchmarks.profile',
            'print the time of each layer of networks, and the arithmetic floor of the machine',
            'models/street vq_8x8',
        ),
        (
            'bench gpu-campaign',
            'benchmarks.gpu_campaign.__main__',
            'test, measure, simulate and train on a GPU machine within minutes, without a network',
            '--out campaign --minutes 10',
            (),
            '0: success; 1: something is missing, or a phase failed or was stopped; 2: wrong usage; 130: interrupted',
        ),
        ('bench', 'benchmarks.__main__', 'run benchmarks and write benchmarks/README.md', 'pipeline latency --short'),
    )
)


def find_verb(name: str) -> Verb:
    """Return the verb of a name.

    Raises:
        KeyError: There is no such verb.

    """
    for verb in VERBS:
        if verb.name == name:
            return verb
    raise KeyError(name)
