"""Tensors, arrays and lists as one kind of thing, for the libraries that know no tensors."""

import numpy as np
import torch


def as_array(values) -> np.ndarray:
    """A tensor (any device, with or without gradient), array or list as an array of float64."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().double().numpy()  # the CPU first: not every device has float64
    return np.asarray(values, dtype=np.float64)


def as_table(values, name: str = "features") -> np.ndarray:
    """`values` [N, ...] as an array [N, d] of finite float64: images come as flat rows.

    Raises ValueError, which calls it `name`, for anything without rows and for nan or infinite numbers.
    """
    array = as_array(values)
    if array.ndim < 2 or 0 in array.shape:
        raise ValueError(f"{name} must be [N, d], one row for each sample, got shape {list(array.shape)}.")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} hold nan or infinite numbers: did the training diverge? Look at its losses.")
    return array.reshape(len(array), -1)
