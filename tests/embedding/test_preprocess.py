"""The pixels that the model gets are those of its own image processor."""

import numpy as np
import pytest
import torch
from PIL import Image

from sklearn_zcore.embedding._preprocess import Preprocessor
from tests.embedding.tiny import SQUARE, processor

SIZES = [(1, 1), (31, 64), (64, 31), (41, 40), (200, 333), (32, 32), (39, 500)]
EDGE = {"shortest_edge": 40}


def noise(width, height):
    rng = np.random.default_rng(width)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize(
    ("kind", "settings", "fast"),
    [
        ("clip", {"size": EDGE, "crop_size": SQUARE}, True),
        ("clip", {"size": EDGE, "crop_size": {"height": 51, "width": 33}}, True),  # black margins
        ("clip", {"do_resize": False, "crop_size": SQUARE}, True),
        ("siglip", {"size": SQUARE}, True),
        ("vit", {"size": SQUARE, "do_normalize": False}, True),
        ("vit", {"size": SQUARE, "do_rescale": False, "image_mean": [9, 8, 7]}, True),
        ("vit", {"size": SQUARE, "resample": 3}, True),
        ("mobilenet_v2", {"size": EDGE, "crop_size": SQUARE}, True),
        ("bit", {"size": EDGE, "crop_size": SQUARE}, True),
        ("convnext", {"size": {"shortest_edge": 32}}, True),
        ("convnext", {"size": {"shortest_edge": 384}}, True),
        ("convnext", {"size": {"shortest_edge": 33}, "crop_pct": 0.77}, True),
        ("clip", {"size": 40, "crop_size": 32}, True),  # as in older files
        ("vit", {"size": SQUARE, "image_mean": 0.5, "image_std": 0.5}, False),
    ],
)
def test_pixels(kind, settings, fast):
    original = processor(kind, **settings)
    ours = Preprocessor(original)
    assert (ours.steps is not None) == fast
    for size in SIZES:
        image = noise(*size)
        expected = original(image, return_tensors="pt").pixel_values[0]
        pixels = ours.to_tensor(ours.prepare(image)[None], torch.device("cpu"), torch.float32)[0]
        np.testing.assert_allclose(pixels, expected, atol=1e-5, err_msg=str(size))


def test_processor_that_does_something_else():
    """Comparing finds it out, and the processor is called for each image."""
    original = processor("vit", size=SQUARE)
    resize = original.resize
    original.resize = lambda image, **kwargs: resize(image, **kwargs)[:, ::-1]
    ours = Preprocessor(original)
    assert ours.steps is None
    prepared = ours.prepare(noise(20, 30))
    expected = original(noise(20, 30), return_tensors="np").pixel_values[0]
    np.testing.assert_array_equal(prepared, expected)


def test_sizes_that_differ_go_through_together(pictures):
    """A processor that keeps the proportions, and a network that takes any size."""
    from sklearn_zcore import FoundationEmbedder
    from tests.embedding import tiny

    model, _, _ = tiny.build("resnet")
    keeps = processor("clip", size=EDGE, do_center_crop=False)
    embedder = FoundationEmbedder((model, keeps))
    together = embedder.transform(pictures)
    apart = np.vstack([embedder.transform([pixels]) for pixels in pictures])
    np.testing.assert_allclose(together, apart, atol=1e-5)


def test_image_that_would_become_huge():
    narrow = Image.new("RGB", (1, 50_000))
    with pytest.raises(ValueError, match="1 x 50000, so narrow that it would be resized"):
        Preprocessor(processor("clip", size={"shortest_edge": 224})).prepare(narrow)
