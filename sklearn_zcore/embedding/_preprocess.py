"""From an RGB image to a model's pixels, by the model's own image processor.

Processors of transformers resize with Pillow, and then compute on arrays of floats, image by image.
Most do the same few steps; for those, what is left for the workers here are the steps on 8-bit
pixels, and the arithmetic is done batch by batch on the model's device. Whether the two agree is
not taken for granted: they are compared on sample images when a model is loaded.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_SAMPLE_SHAPES = [(31, 47), (300, 201), (224, 224), (5, 9)]  # height, width
_WHOLE_FROM = 384  # the edge from which ConvNeXt crops no more
_MOST_PIXELS = 2**26  # of an image that is made larger
_AGREES = 1e-5  # of values of size 1: float32 in another order


class Steps(NamedTuple):
    """What a processor does, where it is of the usual kind.

    Attributes
    ----------
    shortest_edge : int or None
        Resize to that, keeping the proportions.
    size : tuple of (height, width) or None
        Resize to that.
    resample : int
        Pillow's number of the filter.
    crop : tuple of (height, width) or None
    scale : float
    mean, std : tuple of 3 floats
    """

    shortest_edge: int | None
    size: tuple[int, int] | None
    resample: int
    crop: tuple[int, int] | None
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]


class Preprocessor:
    """What makes pixels of images.

    Parameters
    ----------
    processor : image processor of transformers

    Attributes
    ----------
    steps : Steps or None
        None: the processor is called for each image.
    """

    def __init__(self, processor: Any) -> None:
        self._processor = processor
        self.steps: Steps | None = read_steps(processor)
        if self.steps is not None and not self._agrees():
            self.steps = None

    def _agrees(self) -> bool:
        """Compare the steps with the processor on noise, in which no pixel can be off unseen."""
        import torch
        from PIL import Image

        rng = np.random.default_rng(0)
        for shape in _SAMPLE_SHAPES:
            image = Image.fromarray(rng.integers(0, 256, (*shape, 3), dtype=np.uint8))
            expected = self._by_processor(image)
            ours = self.to_tensor(self.prepare(image)[None], torch.device("cpu"), torch.float32)[0]
            if tuple(ours.shape) != expected.shape:
                return False
            if np.abs(ours.numpy() - expected).max() > _AGREES:
                return False
        return True

    def _by_processor(self, image: Any) -> NDArray[np.float32]:
        pixels = self._processor(images=[image], return_tensors="np")["pixel_values"][0]
        return np.asarray(pixels, dtype=np.float32)

    def prepare(self, image: Any) -> NDArray[Any]:
        """Do what is done to an image by itself, in a worker.

        Parameters
        ----------
        image : PIL image of mode RGB

        Returns
        -------
        ndarray
            (h, w, 3) of uint8, or (3, h, w) of float32 where the processor has been called.
        """
        if self.steps is None:
            return self._by_processor(image)
        size = self.steps.size
        if self.steps.shortest_edge is not None:
            size = _scaled(image.height, image.width, self.steps.shortest_edge)
        if size is not None:
            image = image.resize((size[1], size[0]), resample=self.steps.resample)
        if self.steps.crop is not None:
            image = _centre_crop(image, *self.steps.crop)
        return np.array(image)  # a copy: torch warns of memory that is not writable

    def to_tensor(self, prepared: NDArray[Any], device: Any, dtype: Any) -> Any:
        """Do the arithmetic on prepared images of one shape.

        Parameters
        ----------
        prepared : ndarray of shape (n_samples, ...)
            From `prepare`, stacked.
        device : torch.device
        dtype : torch.dtype

        Returns
        -------
        tensor of shape (n_samples, 3, h, w)
        """
        import torch

        tensor = torch.from_numpy(prepared)
        if device.type == "cuda":
            tensor = tensor.pin_memory()
        tensor = tensor.to(device, non_blocking=True)
        if self.steps is None:
            return tensor.to(dtype)
        pixels = tensor.permute(0, 3, 1, 2).to(torch.float32)
        mean, std = (
            torch.tensor(values, dtype=torch.float32, device=device).view(1, 3, 1, 1)
            for values in (self.steps.mean, self.steps.std)
        )
        return pixels.mul_(self.steps.scale).sub_(mean).div_(std).to(dtype)


def read_steps(processor: Any) -> Steps | None:
    """Read a processor's settings as steps; None if there is one that is not among them."""
    get = processor.to_dict().get
    if get("do_pad") or get("do_reduce_labels") or get("do_flip_channel_order"):
        return None
    scale = get("rescale_factor", 1 / 255) if get("do_rescale", True) else 1.0
    mean, std = get("image_mean"), get("image_std")
    if not get("do_normalize", True):
        mean, std = [0.0] * 3, [1.0] * 3
    if not all(isinstance(values, list | tuple) and len(values) == 3 for values in (mean, std)):
        return None
    size = dict(get("size") or {}) if get("do_resize", True) else {}
    crop = dict(get("crop_size") or {}) if get("do_center_crop", False) else {}
    if get("crop_pct") and tuple(size) == ("shortest_edge",):
        size, crop = _as_convnext(size["shortest_edge"], float(get("crop_pct")))
    known = {("height", "width"), ("shortest_edge",), ()}
    if tuple(sorted(size)) not in known or tuple(sorted(crop)) not in known - {("shortest_edge",)}:
        return None
    return Steps(
        shortest_edge=size.get("shortest_edge"),
        size=(size["height"], size["width"]) if "height" in size else None,
        resample=int(get("resample") if get("resample") is not None else 2),
        crop=(crop["height"], crop["width"]) if crop else None,
        scale=float(scale),
        mean=tuple(mean),
        std=tuple(std),
    )


def _as_convnext(edge: int, share: float) -> tuple[dict[str, int], dict[str, int]]:
    """Return size and crop as ConvNeXt and ResNet mean them: small ones keep a share of it."""
    square = {"height": edge, "width": edge}
    if edge >= _WHOLE_FROM:
        return square, {}
    return {"shortest_edge": int(edge / share)}, square


def _scaled(height: int, width: int, shortest_edge: int) -> tuple[int, int]:
    """Return the size that has this shortest edge; the longer one is rounded down."""
    short, long = sorted((height, width))
    scaled = int(shortest_edge * long / short)
    if shortest_edge * scaled > _MOST_PIXELS:
        raise ValueError(
            f"it is {width} x {height}, so narrow that it would be resized to {shortest_edge} x "
            f"{scaled} pixels"
        )
    return (scaled, shortest_edge) if width <= height else (shortest_edge, scaled)


def _centre_crop(image: Any, height: int, width: int) -> Any:
    """Cut out the middle; what lies outside the image is black, as PIL has it."""
    left = _offset(image.width, width)
    top = _offset(image.height, height)
    return image.crop((left, top, left + width, top + height))


def _offset(present: int, wanted: int) -> int:
    """Round down where it is a margin to cut, and away from zero where it is one to add."""
    return (present - wanted) // 2
