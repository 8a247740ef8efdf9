"""Every family gives what its model gives when it is called by hand."""

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoModel

from sklearn_zcore import FoundationEmbedder
from tests.embedding import tiny

pytestmark = pytest.mark.slow  # processes, or many fits

TEXTS = ["a photo of a cat", "the dog runs", "the stock market falls", "a", "cat"]


def by_hand(family, pictures, pooling, layer=-1):
    """Embed images one by one with the model itself."""
    model, processor, _ = tiny.build(family)
    model.eval()
    vectors = []
    for pixels in pictures:
        inputs = processor(Image.fromarray(pixels), return_tensors="pt")
        with torch.inference_mode():
            if pooling == "projected":
                vectors.append(model.get_image_features(**inputs).pooler_output[0])
                continue
            tower = getattr(model, "vision_model", model)
            outputs = tower(**inputs, output_hidden_states=True)
        if pooling == "pooler":
            vectors.append(outputs.pooler_output.flatten())
            continue
        hidden = outputs.last_hidden_state if layer == -1 else outputs.hidden_states[layer]
        hidden = hidden[0]
        if hidden.ndim == 3:
            hidden = hidden.flatten(1).T
        vectors.append(hidden[0] if pooling == "cls" else hidden.mean(0))
    return torch.stack(vectors).numpy()


AUTO = {
    "clip": "projected",
    "siglip": "projected",
    "dinov2": "cls",
    "vit": "cls",
    "resnet": "pooler",
    "convnext": "pooler",
    "mobilenet_v2": "pooler",
}


# Its fifty layers of random weights in a row magnify the rounding; the pretrained ones do not.
CLOSE = {"mobilenet_v2": 2e-3}


@pytest.mark.parametrize("family", tiny.IMAGE_FAMILIES)
def test_images_as_by_hand(family, embedder, pictures):
    expected = by_hand(family, pictures, AUTO[family])
    embeddings = embedder(family, batch_size=5).fit_transform(pictures)
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(embeddings, expected, atol=CLOSE.get(family, 1e-5))
    # Not all alike: a test of constants would show nothing.
    assert np.ptp(expected, axis=0).max() > 1e-2


@pytest.mark.parametrize(
    ("family", "pooling", "layer"),
    [
        ("clip", "cls", -1),
        ("clip", "mean", -1),
        ("clip", "pooler", -1),
        ("siglip", "mean", -1),
        ("siglip", "pooler", -1),
        ("dinov2", "mean", -1),
        ("dinov2", "pooler", -1),
        ("dinov2", "cls", 1),
        ("dinov2", "mean", -2),
        ("vit", "pooler", -1),
        ("vit", "mean", 0),
        ("resnet", "mean", -1),
        ("resnet", "mean", 1),
        ("convnext", "mean", -1),
        ("mobilenet_v2", "mean", -1),
    ],
)
def test_pooling_and_layer(family, pooling, layer, embedder, pictures):
    expected = by_hand(family, pictures, pooling, layer)
    embeddings = embedder(family, pooling=pooling, layer=layer).transform(pictures)
    np.testing.assert_allclose(embeddings, expected, atol=CLOSE.get(family, 1e-5))


@pytest.mark.parametrize("family", ["clip", "dinov2"])
def test_auto_pooling_of_another_layer(family, embedder, pictures):
    expected = by_hand(family, pictures, "cls", 1)
    embeddings = embedder(family, layer=1).transform(pictures)
    np.testing.assert_allclose(embeddings, expected, atol=1e-5)


def text_by_hand(family, texts, layer=-1):
    model, _, tokenizer = tiny.build(family)
    model.eval()
    vectors = []
    for text in texts:
        padding = "max_length" if family == "siglip" else False
        inputs = tokenizer([text], return_tensors="pt", padding=padding, max_length=16)
        with torch.inference_mode():
            if family != "bert":
                inputs.pop("token_type_ids", None)
                vectors.append(model.get_text_features(**inputs).pooler_output[0])
            else:
                outputs = model(**inputs, output_hidden_states=True)
                hidden = outputs.last_hidden_state if layer == -1 else outputs.hidden_states[layer]
                vectors.append(hidden[0].mean(0))
    return torch.stack(vectors).numpy()


@pytest.mark.parametrize("family", tiny.TEXT_FAMILIES)
@pytest.mark.parametrize("batch_size", [1, 3, "auto"])
def test_texts_as_by_hand(family, batch_size, embedder):
    """One by one there is no padding, so that padding must not show in a batch."""
    embeddings = embedder(family, batch_size=batch_size).fit_transform(TEXTS)
    np.testing.assert_allclose(embeddings, text_by_hand(family, TEXTS), atol=1e-5)
    assert np.ptp(embeddings, axis=0).max() > 1e-2


def test_text_layer(embedder):
    embeddings = embedder("bert", layer=1).transform(TEXTS)
    np.testing.assert_allclose(embeddings, text_by_hand("bert", TEXTS, layer=1), atol=1e-5)


def test_long_texts_are_cut(embedder):
    long = " ".join(["very"] * 100)
    cut = " ".join(["very"] * 14)  # and two special tokens
    embeddings = embedder("bert").transform([long, cut, "cat"])
    np.testing.assert_allclose(embeddings[0], embeddings[1], atol=1e-6)


def test_text_tower_without_a_tokenizer_limit(saved):
    """The limit is then that of the model's positions."""
    model, _, tokenizer = tiny.build("bert")
    tokenizer.model_max_length = 10**30
    embeddings = FoundationEmbedder((model.eval(), tokenizer)).transform(["very " * 100])
    assert np.isfinite(embeddings).all()


def largest(hidden, mask):
    return hidden.amax(dim=1)


def test_callable_pooling(embedder, pictures):
    embeddings = embedder("vit", pooling=largest).transform(pictures[:3])
    assert embeddings.shape == (3, 16)
    with pytest.raises(ValueError, match=r"has to return a tensor of shape.*\(3, d\)"):
        embedder("vit", pooling=lambda hidden, mask: hidden).transform(pictures[:3])


def test_callable_pooling_gets_the_mask(embedder):
    seen = []

    def last(hidden, mask):
        seen.append(mask)
        return hidden[:, -1]

    embedder("bert", pooling=last).transform(["a cat sits", "a"])
    assert seen[0].sum(dim=1).tolist() == [5, 3]


@pytest.mark.parametrize(
    ("family", "parameters", "message"),
    [
        ("resnet", {"pooling": "cls"}, "convolutional and has no class token"),
        ("siglip", {"pooling": "cls"}, "has no class token"),
        ("vit", {"pooling": "pooler", "layer": 1}, "works on the last layer, and layer=1"),
        ("vit", {"layer": 9}, "layer=9: .* has 4 hidden states"),
        ("vit", {"layer": -9}, "layer=-9"),
    ],
)
def test_impossible_pooling(family, parameters, message, embedder, pictures):
    with pytest.raises(ValueError, match=message):
        embedder(family, **parameters).transform(pictures)


def test_pooler_that_is_not_in_the_weights(tmp_path, pictures):
    """As a classifier's checkpoint: transformers would make up a pooler of random weights."""
    import transformers

    model, processor, _ = tiny.build("vit")
    config = model.config
    transformers.ViTForImageClassification(config).save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    embedder = FoundationEmbedder(tmp_path)
    assert embedder.transform(pictures).shape == (12, 16)
    with pytest.raises(ValueError, match="have no pooler, so that it would be random"):
        embedder.set_params(pooling="pooler").transform(pictures)


def test_weights_that_do_not_fit(tmp_path, pictures):
    from safetensors.torch import load_file, save_file

    tiny.save("vit", tmp_path)
    path = tmp_path / "model.safetensors"
    weights = load_file(path)
    weights.pop(next(key for key in weights if "pooler" not in key))
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(ValueError, match="do not fit its config.json: 1 are missing"):
        FoundationEmbedder(tmp_path).transform(pictures)


def test_list_of_models(embedder, saved, pictures):
    parts = [embedder(family).transform(pictures) for family in ("clip", "resnet")]
    both = FoundationEmbedder([saved("clip"), str(saved("resnet"))]).fit_transform(pictures)
    assert both.shape == (12, 12 + 16)
    np.testing.assert_allclose((both[:, :12] ** 2).mean(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose((both[:, 12:] ** 2).mean(axis=1), 1, rtol=1e-5)
    for block, part in ((both[:, :12], parts[0]), (both[:, 12:], parts[1])):
        length = np.linalg.norm(part, axis=1, keepdims=True)
        np.testing.assert_allclose(block, part / length * part.shape[1] ** 0.5, rtol=1e-4)


def test_normalize(embedder, pictures):
    plain = embedder().transform(pictures)
    scaled = embedder(normalize=True).transform(pictures)
    length = np.linalg.norm(plain, axis=1, keepdims=True)
    np.testing.assert_allclose(scaled, plain / length * 4, rtol=1e-4, atol=1e-6)


def test_loaded_model(embedder, pictures):
    model, processor, _ = tiny.build("dinov2")
    expected = embedder("dinov2").transform(pictures)
    model.train()  # with dropout, if there is any
    embeddings = FoundationEmbedder((model, processor)).transform(pictures)
    np.testing.assert_allclose(embeddings, expected, atol=1e-5)
    assert all(module.training for module in model.modules())


def test_loaded_model_with_a_processor_of_both(pictures):
    from transformers import CLIPProcessor

    model, processor, tokenizer = tiny.build("clip")
    both = CLIPProcessor(processor, tokenizer)
    embedder = FoundationEmbedder((model, both))
    assert embedder.transform(pictures).shape == (12, 12)
    assert embedder.transform(TEXTS).shape == (5, 12)


def test_dtype(embedder, pictures):
    exact = embedder("vit").transform(pictures)
    rounded = embedder("vit", dtype="bfloat16").transform(pictures)
    assert rounded.dtype == np.float32
    assert 0 < np.abs(rounded - exact).max() < 0.1


def test_weights_saved_in_half_precision_compute_in_float32_on_the_cpu(tmp_path, pictures):
    model, processor, _ = tiny.build("vit")
    model.half().save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    embeddings = FoundationEmbedder(tmp_path, device="cpu").transform(pictures)
    halved = AutoModel.from_pretrained(tmp_path, dtype=torch.float32).eval()
    pixels = processor([Image.fromarray(p) for p in pictures], return_tensors="pt")
    with torch.inference_mode():
        expected = halved(**pixels).last_hidden_state[:, 0].numpy()
    np.testing.assert_allclose(embeddings, expected, atol=1e-5)
