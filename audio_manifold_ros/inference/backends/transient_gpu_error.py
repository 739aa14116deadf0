# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recognition of transient GPU errors: out of memory, device failure."""

from __future__ import annotations

import re

# Libraries below PyTorch have no exception classes. Their errors are RuntimeErrors with these words.
ERROR_PATTERN = re.compile(r'CUDA error|out of memory|OutOfMemory|CUBLAS_STATUS|CUDNN_STATUS')


def is_transient_gpu_error(error: BaseException) -> bool:
    """Return whether an error is one of the device, so that a later attempt may succeed."""
    import torch

    kinds = (torch.OutOfMemoryError, getattr(torch, 'AcceleratorError', torch.OutOfMemoryError))
    return isinstance(error, kinds) or (isinstance(error, RuntimeError) and bool(ERROR_PATTERN.search(str(error))))
