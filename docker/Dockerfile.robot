# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# Perception node on a CPU: Ubuntu 24.04, ROS 2 Jazzy, Python 3.12, ONNX Runtime. No GPU and no torch.
# Not built by the tests, which have no Docker.
#
#   docker build -f docker/Dockerfile.robot -t audio_manifold:robot .
#   docker run --rm -it --network host --device /dev/snd audio_manifold:robot
FROM ros:jazzy-ros-base-noble

ENV DEBIAN_FRONTEND=noninteractive XDG_CACHE_HOME=/cache
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /opt/audio_manifold_ros

RUN apt-get update && apt-get install -y --no-install-recommends python3-venv && rm -rf /var/lib/apt/lists/*
# The environment includes the system's packages. colcon runs in it, so that the installed commands use it.
RUN python3 -m venv --system-site-packages .venv && touch .venv/COLCON_IGNORE

COPY requirements requirements
RUN .venv/bin/pip install --no-cache-dir -r requirements/robot.txt
COPY . .
# rviz2 needs a desktop, which this image does not have.
RUN apt-get update && rosdep update && source /opt/ros/jazzy/setup.bash \
    && rosdep install --from-paths ros2_ws/src --ignore-src -y --skip-keys rviz2 \
        --dependency-types build --dependency-types exec \
    && rm -rf /var/lib/apt/lists/*
RUN source /opt/ros/jazzy/setup.bash && source .venv/bin/activate && cd ros2_ws && python3 -m colcon build

VOLUME /cache
ENTRYPOINT ["/opt/audio_manifold_ros/docker/start.sh", "/opt/ros/jazzy/setup.bash"]
CMD ["ros2", "launch", "audio_manifold_ros", "bringup.launch.py"]
