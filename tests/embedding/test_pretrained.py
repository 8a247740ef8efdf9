"""A real model, where its directory is given."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sklearn_zcore import FoundationEmbedder

MODEL = os.environ.get("ZCORE_TEST_MODEL")

pytestmark = pytest.mark.skipif(
    not MODEL, reason="ZCORE_TEST_MODEL names no directory of a pretrained image model"
)


def test_as_by_hand():
    """Accuracy and time are measured by benchmarks/embedding.py."""
    from transformers import AutoImageProcessor, AutoModel

    rng = np.random.default_rng(0)
    shapes = [(28, 28), (333, 200), (224, 224), (120, 500)]
    images = [
        np.asarray(Image.fromarray(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)).resize(shape))
        for shape in shapes * 3
    ]
    embeddings = FoundationEmbedder(Path(MODEL), device="cpu").transform(images)
    model = AutoModel.from_pretrained(MODEL).eval()
    processor = AutoImageProcessor.from_pretrained(MODEL)
    pixels = processor([Image.fromarray(image) for image in images], return_tensors="pt")
    with torch.inference_mode():
        expected = model(**pixels).pooler_output.flatten(1).numpy()
    np.testing.assert_allclose(embeddings, expected, atol=1e-4)
