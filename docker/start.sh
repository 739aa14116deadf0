#!/usr/bin/env bash
# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# Entry point of the images: sources ROS, the virtual environment and the workspace, then runs a command.
# Usage: start.sh SETUP_OF_ROS COMMAND...
set -eo pipefail
source "$1"
source /opt/audio_manifold_ros/.venv/bin/activate
source /opt/audio_manifold_ros/ros2_ws/install/setup.bash
shift
exec "$@"
