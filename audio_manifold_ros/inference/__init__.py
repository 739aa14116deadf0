# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From features to images: bundles, backends, and the pipeline that joins them."""

import os

# ONNX Runtime reports its use to its maker, and gives the machine an identity for that, unless told not to before it is
# imported. A robot that listens to a street reports to nobody.
os.environ.setdefault('ORT_DISABLE_TELEMETRY', '1')
