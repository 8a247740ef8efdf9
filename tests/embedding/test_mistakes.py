"""Each mistake has a message that says what, where and what to do."""

import json
import pickle
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sklearn_zcore import FoundationEmbedder
from sklearn_zcore.embedding import BrokenInputError, BrokenInputWarning
from tests.embedding import tiny

PIXELS = np.zeros((20, 30, 3), np.uint8)


@pytest.fixture
def broken(files, tmp_path):
    """Return good files with one broken file of every kind among them, and what is said of each."""
    jpeg = tmp_path / "truncated.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (99, 99, 3), dtype=np.uint8)).save(
        jpeg
    )
    jpeg.write_bytes(jpeg.read_bytes()[:-900])
    text = tmp_path / "text.png"
    text.write_text("this is no picture")
    empty = tmp_path / "empty.png"
    empty.touch()
    folder = tmp_path / "folder.png"
    folder.mkdir()
    told = {
        str(jpeg): "is broken: image file is truncated",
        str(text): "is not an image that Pillow can read",
        str(empty): "is empty (0 bytes)",
        str(folder): "is a directory (load_image_folder lists",
        str(tmp_path / "missing.png"): "does not exist",
    }
    X = list(files)
    for place, path in enumerate(told):
        X.insert(2 * place, path)
    return X, told


@pytest.mark.parametrize("num_workers", [0, 2])
def test_broken_files_are_listed_at_the_end(
    num_workers, broken, files, embedder, tmp_path, monkeypatch
):
    X, told = broken
    cache = tmp_path / "cache"
    with pytest.raises(BrokenInputError) as caught:
        embedder(num_workers=num_workers, cache_dir=cache, batch_size=3).transform(X)
    message = str(caught.value)
    assert message.startswith("5 of 17 items cannot be embedded:\n")
    for path, reason in told.items():
        assert f"row {X.index(path)}, {path}: {reason}" in message
    assert f"in the cache {cache}" in message
    assert "on_error='nan'" in message
    assert sorted(caught.value.errors) == sorted(X.index(path) for path in told)
    # Nothing that was computed is lost.
    expected = embedder(batch_size=3).transform(files)
    good = [row for row, path in enumerate(X) if path not in told]
    np.testing.assert_array_equal(caught.value.embeddings[good], expected)
    # The cache has it: the next run does without the model, also for the broken ones.
    monkeypatch.setattr("sklearn_zcore.embedding._embedder.Backbone", None)
    np.testing.assert_array_equal(embedder(cache_dir=cache).transform(files), expected)
    with pytest.raises(BrokenInputError, match="5 of 17 items"):
        embedder(cache_dir=cache).transform(X)


def test_rows_of_nan(broken, files, embedder):
    X, told = broken
    with pytest.warns(BrokenInputWarning, match="5 of 17 items .*\n") as caught:
        embeddings = embedder(on_error="nan").transform(X)
    assert "Their rows are NaN." in str(caught[0].message)
    bad = np.array([path in told for path in X])
    np.testing.assert_array_equal(np.isnan(embeddings).all(axis=1), bad)
    np.testing.assert_array_equal(embeddings[~bad], embedder().transform(files))


def test_nothing_but_broken_files(broken, embedder, tmp_path):
    _, told = broken
    with pytest.raises(BrokenInputError, match="5 of 5 items"):
        embedder().transform(list(told))
    with pytest.warns(BrokenInputWarning):
        assert embedder(on_error="nan").transform(list(told)).shape == (5, 16)


def test_copies_of_a_broken_file_are_all_listed(broken, embedder, tmp_path):
    text = tmp_path / "text.png"
    with pytest.raises(BrokenInputError) as caught:
        embedder().transform([PIXELS, text, text])
    assert sorted(caught.value.errors) == [1, 2]


def test_broken_input_error_can_be_pickled(embedder):
    """As it is on the way back from a worker process of joblib."""
    with pytest.raises(BrokenInputError) as caught:
        embedder().transform([Path("a.png"), PIXELS])
    error = pickle.loads(pickle.dumps(caught.value))
    assert str(error) == str(caught.value) and error.errors == {0: "does not exist"}
    np.testing.assert_array_equal(error.embeddings, caught.value.embeddings)


def test_decompression_bomb(embedder, tmp_path, monkeypatch):
    path = tmp_path / "bomb.png"
    Image.new("L", (200, 100)).save(path)
    assert embedder().transform([path]).shape == (1, 16)
    for limit in (15_000, 9_000):  # of the first, Pillow warns; of the second, it stops
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        told = f"decompression bomb: it has 20,000 pixels, and the limit is {limit:,}. If it is not"
        with pytest.raises(BrokenInputError, match=told):
            embedder().transform([path])


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_decompression_bomb_of_which_pillow_only_warns(embedder, tmp_path, monkeypatch):
    path = tmp_path / "bomb.png"
    Image.new("L", (200, 100)).save(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 15_000)
    with pytest.raises(BrokenInputError, match="it has 20,000 pixels, and the limit is 15,000"):
        embedder().transform([path])


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (PIXELS + 1.5, "has float values from 1.5 to 1.5; a float image has values from 0 to 1"),
        (PIXELS - 0.5, "has float values from -0.5"),
        (PIXELS + np.nan, "has float values from nan"),
        (PIXELS.astype(int) - 1, "has integer values from -1 to -1"),
        (PIXELS.astype(int) + 256, "has integer values from 256 to 256"),
        (PIXELS.astype(complex), "is an array of complex128"),
        (PIXELS.transpose(2, 0, 1), r"shape \(3, 20, 30\).*channels come last"),
        (PIXELS[:, :, :2], r"shape \(20, 30, 2\)"),
        (PIXELS[:0], r"shape \(0, 30, 3\), which has no pixels"),
        (Image.fromarray(np.full((9, 9), 2.5, np.float32)), "has float values from 2.5 to 2.5"),
        (Image.fromarray(np.full((9, 9), 70_000, np.int32)), "has integer values from 70000"),
        ({"bytes": None, "path": None}, r"the value is missing \(None or NaN\)"),
        (None, r"the value is missing \(None or NaN\)"),
        (b"", "not an image"),
        ("https://example.org/a.png", "https://example.org/a.png: is a URL: download it first"),
        (b"no image", "is not an image that Pillow can read"),
    ],
)
def test_images_that_are_none(image, reason, embedder):
    with pytest.raises(BrokenInputError, match=f"1 of 2 items .*\n  row 1.*{reason}"):
        embedder().transform([PIXELS, image])


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_missing_texts(missing, embedder):
    with pytest.raises(BrokenInputError, match="row 1.*the value is missing"):
        embedder("bert").transform(["a cat", missing])


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ([], ValueError, r"X is empty: there is no image or text to embed \(0 samples\)"),
        (np.zeros((0, 9, 9), np.uint8), ValueError, "X is empty"),
        ([PIXELS, "a cat"], ValueError, "mixes images and text: row 0 is an image .* row 1 is tex"),
        (["a cat", Path("a.png")], ValueError, "row 1 is an image .'a.png'. and row 0 is text"),
        (["a cat", "a.png"], ValueError, "mixes images and text"),
        ("folder", TypeError, r"X is a single str; pass a list .* e.g. \[X\]"),
        (".", TypeError, r"e.g. load_image_folder\(X\).paths"),
        (Image.fromarray(PIXELS), TypeError, "X is a single Image"),
        (PIXELS, ValueError, r"looks like one image, .* Pass X\[None\]"),
        (np.zeros((9, 4)), ValueError, r"array of numbers of shape \(9, 4\)"),
        (np.zeros((2, 2, 9, 9, 3)), ValueError, "images are"),
        (np.array([["a", "b"]]), ValueError, r"array of strings of shape \(1, 2\)"),
        (iter(["a"]), TypeError, r"pass list\(X\)"),
        ([3, 4], TypeError, "X holds a int in row 0"),
        (["a", {1}], TypeError, "X holds a set in row 1"),
    ],
)
def test_wrong_X(X, error, message, embedder):
    with pytest.raises(error, match=message):
        embedder("clip").transform(X)
    if not message.startswith(("mixes", "row")) or not isinstance(X[0], str):
        with pytest.raises(error, match=message):
            embedder("clip").fit(X)


def test_wrong_tables(embedder):
    import pandas as pd

    table = pd.DataFrame({"a": ["x"], "b": ["y"]})
    with pytest.raises(ValueError, match="table of 2 columns, .* column=..., or select it in"):
        embedder("bert").transform(table)
    with pytest.raises(ValueError, match="X has no column 'c'; it has"):
        embedder("bert", column="c").transform(table)
    with pytest.raises(ValueError, match="column='c' is for tables, and X is a list"):
        embedder("bert", column="c").transform(["x"])
    assert embedder("bert").transform(pd.Series(["x", "a"])).shape == (2, 16)


def test_model_of_the_other_kind(embedder):
    with pytest.raises(ValueError, match="X holds texts, and the model .* embeds image"):
        embedder("resnet", modality="text").transform(["a cat"])
    with pytest.raises(ValueError, match="X holds images, and the model .* embeds text"):
        embedder("bert").transform([PIXELS])
    with pytest.raises(BrokenInputError, match="a cat: does not exist"):
        embedder("resnet").transform(["a cat"])


def remove(folder, *patterns):
    for pattern in patterns:
        for path in folder.glob(pattern):
            path.unlink()


def edit_config(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.fixture
def resnet(saved, tmp_path):
    return Path(shutil.copytree(saved("resnet"), tmp_path / "model"))


def test_directory_without_weights(resnet):
    remove(resnet, "*.safetensors")
    with pytest.raises(ValueError, match=r"has no weights: there is no \*.safetensors file"):
        FoundationEmbedder(resnet).transform([PIXELS])


def test_pickles_are_refused(resnet):
    remove(resnet, "*.safetensors")
    (resnet / "pytorch_model.bin").write_bytes(b"not even a pickle")
    with pytest.raises(ValueError, match=r"only as a pickle \(pytorch_model.bin\).* safetensors"):
        FoundationEmbedder(resnet).transform([PIXELS])


def test_remote_code_is_refused(resnet, tmp_path):
    """The model's own code would leave a file behind."""
    ran = tmp_path / "it ran"
    (resnet / "modeling_mine.py").write_text(f"open({str(ran)!r}, 'w')")
    edit_config(resnet, model_type="mine", auto_map={"AutoConfig": "modeling_mine.Config"})
    with pytest.raises(ValueError, match="needs code from its own repository, .* never run"):
        FoundationEmbedder(resnet).transform([PIXELS])
    assert not ran.exists()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: remove(folder, "config.json"), "has no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "has a broken config.json"),
        (lambda folder: (folder / "config.json").write_text("[]"), "without a model_type"),
        (lambda folder: edit_config(folder, model_type="unheard"), "could not be loaded: "),
        (lambda folder: remove(folder, "preproc*"), "embeds nothing that is known here"),
        (
            lambda folder: (folder / "model.safetensors").write_bytes(b"x" * 99),
            "could not be loaded: ",
        ),
    ],
)
def test_spoilt_directories(spoil, message, resnet):
    spoil(resnet)
    with pytest.raises(ValueError, match=message):
        FoundationEmbedder(resnet).transform([PIXELS])


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        ("./no/such", FileNotFoundError, "model directory './no/such' does not exist"),
        (Path("no"), FileNotFoundError, "model directory 'no' does not exist"),
        (__file__, ValueError, "is a file. Pass the directory"),
        ("a b", ValueError, "neither a directory nor a Hugging Face id"),
        ([], ValueError, "model is an empty list"),
        (3, TypeError, "model is a int; it has to be"),
        (("a", "b"), TypeError, "model is a tuple; it has to be"),
        (["clip", 3], OSError, "openai/clip-vit-large-patch14.* nor in the local"),
    ],
)
def test_wrong_models(model, error, message):
    with pytest.raises(error, match=message):
        FoundationEmbedder(model).transform([PIXELS])


def test_model_without_its_processor():
    model, _, _ = tiny.build("resnet")
    with pytest.raises(TypeError, match="loaded ResNetModel without its processor"):
        FoundationEmbedder(model).transform([PIXELS])


def test_unknown_id_while_offline():
    with pytest.raises(OSError, match="HF_HUB_OFFLINE is set.* `hf download nobody/nothing`"):
        FoundationEmbedder("nobody/nothing").transform([PIXELS])
    with pytest.raises(OSError, match=r"at revision 'v1'.* local_files_only=True\."):
        FoundationEmbedder("nobody/nothing", revision="v1", local_files_only=True).transform(["a"])
    with pytest.raises(OSError, match="Did you mean the alias 'resnet18'"):
        FoundationEmbedder("resnet-18").transform([PIXELS])


@pytest.mark.parametrize("package", ["torch", "transformers", "PIL"])
def test_missing_extra(package, embedder, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    for call in (embedder().fit, embedder().transform):
        with pytest.raises(ImportError, match=r"which cannot be imported.*sklearn-zcore\[embed\]"):
            call([PIXELS])


@pytest.mark.parametrize(
    "parameters",
    [
        {"modality": "video"},
        {"pooling": "max"},
        {"batch_size": 0},
        {"dtype": "float64"},
        {"on_error": "skip"},
        {"num_workers": -1},
        {"cache_dir": 3},
        {"layer": 1.5},
    ],
)
def test_invalid_parameters(parameters, embedder):
    (name,) = parameters
    for method in ("fit", "transform"):
        with pytest.raises(ValueError, match=f"The '{name}' parameter of FoundationEmbedder"):
            getattr(embedder(**parameters), method)([PIXELS])


def test_embeddings_that_are_not_finite(tmp_path):
    import torch

    model, processor, _ = tiny.build("vit")
    with torch.no_grad():
        model.layernorm.weight.fill_(float("inf"))
    with pytest.raises(ValueError, match="gave NaN or infinite values for 2 of 2 items, .* row 0"):
        FoundationEmbedder((model.eval(), processor)).transform([PIXELS, PIXELS + np.uint8(9)])
