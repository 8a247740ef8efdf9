"""Batches of pictures: small ones from memory, others decoded as they are needed.

With a random generator they are augmented as published (small ones: cropped after padding, and
mirrored; others: a random part of random shape, and mirrored), without one they are as they are.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import torch
from PIL import Image

MEAN, DEVIATION = 0.45, 0.25  # about those of photographs, for all channels


def _as_input(values):
    """Return uint8 pictures, channels last, as float32 numbers around 0, channels first."""
    tensor = torch.from_numpy(values).permute(0, 3, 1, 2)
    return tensor.float().div_(255).sub_(MEAN).div_(DEVIATION)


def _as_values(image, n_channels):
    image = image.convert("RGB" if n_channels == 3 else "L")
    return np.asarray(image).reshape(image.height, image.width, n_channels)


class TensorBatches:
    """Batches of pictures that are all kept in memory.

    Parameters
    ----------
    pictures : Pictures
    size, n_channels : int
    augment : bool
    """

    def __init__(self, pictures, size, n_channels, augment):
        self._augmented = augment
        self._labels = torch.from_numpy(np.asarray(pictures.labels, np.int64))
        self._values = np.empty((len(pictures), size, size, n_channels), np.uint8)
        self._pad = size // 8  # 4 pixels of 32, as published
        for row in range(len(pictures)):
            image = pictures.open(row)
            if image.size != (size, size):
                image = image.resize((size, size), Image.Resampling.BICUBIC)
            self._values[row] = _as_values(image, n_channels)

    def __call__(self, rows, rng):
        """Return the pictures of these rows and their labels; a rng augments them."""
        values = self._values[rows]
        if rng is not None and self._augmented:
            values = self._augment(values, rng)
        return _as_input(values), self._labels[rows]

    def _augment(self, values, rng):
        n, size, _, _ = values.shape
        padded = np.pad(values, ((0, 0), (self._pad,) * 2, (self._pad,) * 2, (0, 0)))
        tops, lefts = rng.integers(0, 2 * self._pad + 1, (2, n))
        mirrored = rng.integers(0, 2, n).astype(bool)
        at = np.arange(size)
        columns = np.where(mirrored[:, None], at[::-1], at) + lefts[:, None]
        lines = at + tops[:, None]
        return padded[np.arange(n)[:, None, None], lines[:, :, None], columns[:, None, :]]


class PathBatches:
    """Batches of pictures that are decoded by threads when they are needed.

    Parameters
    ----------
    pictures : Pictures
    size, n_channels : int
    augment : bool
    """

    def __init__(self, pictures, size, n_channels, augment):
        self._augmented = augment
        self._pictures, self._size, self._n_channels = pictures, size, n_channels
        self._labels = torch.from_numpy(np.asarray(pictures.labels, np.int64))
        self._threads = ThreadPoolExecutor(os.cpu_count())

    def __call__(self, rows, rng):
        """Return the pictures of these rows and their labels; a rng augments them."""
        seeds = [None] * len(rows)
        if rng is not None and self._augmented:
            seeds = rng.integers(2**63, size=len(rows))
        values = np.stack(list(self._threads.map(partial(self._decode), rows, seeds)))
        return _as_input(values), self._labels[rows]

    def _decode(self, row, seed):
        image = self._pictures.open(int(row))
        size = (self._size, self._size)
        if seed is None:
            image = image.resize(size, Image.Resampling.BICUBIC, _middle(*image.size))
        else:
            rng = np.random.default_rng(seed)
            image = image.resize(size, Image.Resampling.BICUBIC, _random_part(*image.size, rng))
            if rng.integers(2):
                image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return _as_values(image, self._n_channels)


def _middle(width, height):
    """Return the box in the middle that is 7/8 of the shorter side wide, as 224 of 256 is."""
    side = min(width, height) * 7 / 8
    left, top = (width - side) / 2, (height - side) / 2
    return left, top, left + side, top + side


def _random_part(width, height, rng):
    """Return a box of 8 to 100 % of the area, its sides at most as 3 to 4."""
    for _ in range(10):
        area = rng.uniform(0.08, 1) * width * height
        ratio = np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3)))
        w, h = np.sqrt(area * ratio), np.sqrt(area / ratio)
        if w <= width and h <= height:
            left, top = rng.uniform(0, width - w), rng.uniform(0, height - h)
            return left, top, left + w, top + h
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    return left, top, left + side, top + side
