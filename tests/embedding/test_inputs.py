"""Images and texts in every container, and every kind of picture."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import StandardScaler

from sklearn_zcore import FoundationEmbedder, load_image_folder

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)
GREY = PIXELS[:, :, 0]


@pytest.fixture
def same(embedder):
    """Check that two images give the same embedding."""

    def check(image, reference, atol=1e-6):
        one, other = embedder().transform([image]), embedder().transform([reference])
        np.testing.assert_allclose(one, other, atol=atol)

    return check


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def written(tmp_path):
    """Write an image to a file, and return its path."""

    def write(image, kind="PNG", **options):
        path = tmp_path / f"image.{kind.lower()}"
        path.write_bytes(encoded(image, kind, **options))
        return path

    return write


def test_containers(embedder, files, pictures):
    import pandas as pd
    import polars as pl

    images = [Image.fromarray(pixels) for pixels in pictures]
    expected = embedder().transform(pictures)
    for X in (
        images,
        tuple(pictures),
        files,
        [Path(path) for path in files],
        [files[0], Path(files[1]), images[2], *pictures[3:]],
        np.array(files),
        np.array(files, dtype=object)[:, None],
        pd.Series(files, index=range(5, 17)),
        pd.Series(images),
        pd.DataFrame({"path": files}),
        pd.DataFrame({"path": pd.array(files, dtype="string")}),
        pl.Series(files),
        pl.DataFrame({"path": files}),
        [Path(path).read_bytes() for path in files],
        [{"bytes": Path(path).read_bytes(), "path": None} for path in files],
        [{"bytes": None, "path": path} for path in files],
    ):
        np.testing.assert_array_equal(embedder().fit_transform(X), expected)
    table = pd.DataFrame({"path": files, "other": 1})
    np.testing.assert_array_equal(embedder(column="path").transform(table), expected)


def test_data_set_of_hugging_face(embedder, files, pictures):
    datasets = pytest.importorskip("datasets", reason="needs the package datasets")
    expected = embedder().transform(pictures)
    data = datasets.Dataset.from_dict({"image": files, "label": list(range(12))})
    data = data.cast_column("image", datasets.Image())
    np.testing.assert_array_equal(embedder().transform(data["image"]), expected)
    np.testing.assert_array_equal(embedder(column="image").transform(data), expected)
    np.testing.assert_array_equal(embedder().transform(data.select_columns("image")), expected)
    for row in (0, 3):
        kept = Path(files[row]).read_bytes()
        Path(files[row]).write_text("no picture")
        with pytest.raises(ValueError, match=f"1 of 12 items .*\n  row {row}: is broken: "):
            embedder().transform(data["image"])
        Path(files[row]).write_bytes(kept)
    texts = datasets.Dataset.from_dict({"text": ["a cat", "the dog"]})
    assert embedder("bert").transform(texts["text"]).shape == (2, 16)


@pytest.mark.parametrize("shape", [(4, 20, 30), (4, 20, 30, 1), (4, 20, 30, 3), (4, 20, 30, 4)])
def test_arrays(embedder, shape):
    X = RNG.integers(0, 256, shape, dtype=np.uint8)
    expected = embedder().transform(list(X))
    np.testing.assert_array_equal(embedder().transform(X), expected)
    assert np.ptp(expected, axis=0).max() > 0


def test_tensor(embedder):
    import torch

    X = RNG.integers(0, 256, (4, 20, 30, 3), dtype=np.uint8)
    expected = embedder().transform(X)
    np.testing.assert_array_equal(embedder().transform(torch.from_numpy(X)), expected)


@pytest.mark.parametrize("kind", ["bfloat16", "gradient", "half"])
def test_tensors_that_numpy_does_not_take(kind, embedder):
    """In one tensor, and in a list of them."""
    import torch

    pixels = torch.from_numpy(RNG.integers(0, 256, (4, 20, 30, 3), dtype=np.uint8))
    X = pixels.float() / 255
    X = {"bfloat16": X.bfloat16(), "gradient": X.requires_grad_(), "half": X.half()}[kind]
    expected = embedder().transform(X.detach().float().numpy())
    np.testing.assert_allclose(embedder().fit_transform(X), expected, atol=1e-2)
    np.testing.assert_array_equal(embedder().transform(list(X)), embedder().transform(X))


def test_arrays_that_are_none(embedder):
    import torch

    with pytest.raises(TypeError, match="X is a Tensor that cannot be made an array: "):
        embedder().transform(torch.zeros(4, 20, 30).to_sparse())
    masked = np.ma.masked_less(RNG.random((4, 20, 30)), 0.1)
    with pytest.raises(ValueError, match="X is an array with masked values, .* fill them first"):
        embedder().transform(masked)
    with pytest.raises(ValueError, match="row 1.*: is an array with masked values"):
        embedder().transform([GREY, masked[0]])
    assert embedder().transform(np.ma.masked_array(np.stack([GREY]))).shape == (1, 16)


def test_grey(same, written):
    rgb = np.dstack([GREY] * 3)
    same(GREY, rgb)
    same(Image.fromarray(GREY), rgb)
    same(written(Image.fromarray(GREY)), rgb)
    same(Image.fromarray(GREY > 100), np.where(GREY > 100, 255, 0).astype(np.uint8))
    same(GREY > 100, np.where(GREY > 100, 255, 0).astype(np.uint8))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(orientation, same, written):
    """The tag says how the stored pixels have to be turned, which NumPy can do, too."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    seen = PIXELS
    stored = {
        1: seen,
        2: seen[:, ::-1],
        3: seen[::-1, ::-1],
        4: seen[::-1],
        5: seen.transpose(1, 0, 2),
        6: np.rot90(seen),
        7: seen[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(seen, -1),
    }[orientation]
    path = written(Image.fromarray(np.ascontiguousarray(stored)), exif=exif)
    same(path, seen)
    with Image.open(path) as image:
        same(image, seen)


def test_palette(same, written):
    palette = Image.fromarray(PIXELS).quantize(16)
    rgb = np.asarray(palette.convert("RGB"))
    same(written(palette), rgb)
    same(palette, rgb)
    same(written(palette, "GIF"), rgb)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_is_on_white(mode, same, written):
    alpha = RNG.integers(0, 256, GREY.shape, dtype=np.uint8)
    colours = PIXELS if mode == "RGBA" else GREY[:, :, None]
    share = alpha[:, :, None] / 255
    expected = np.rint(colours * share + 255 * (1 - share)).astype(np.uint8)
    if mode == "LA":
        expected = np.repeat(expected, 3, axis=2)
    pixels = np.dstack([colours, alpha])
    image = Image.fromarray(pixels)
    assert image.mode == mode
    same(image, expected, atol=2e-2)  # Pillow rounds to 8 bits in between
    same(written(image), expected, atol=2e-2)
    if mode == "RGBA":
        same(pixels, expected, atol=2e-2)


def test_transparent_parts_are_white(same, written):
    """What lies below full transparency must not show."""
    hidden = np.dstack([PIXELS, np.zeros_like(GREY)])
    white = np.full_like(PIXELS, 255)
    same(hidden, white)
    same(written(Image.fromarray(hidden)), white)
    palette = Image.fromarray(PIXELS).quantize(4)
    rgb = np.array(palette.convert("RGB"))
    rgb[np.asarray(palette) == 2] = 255
    same(written(palette, transparency=2), rgb)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit(kind, same, written):
    """The lower eight bits are noise, which 8 bits cannot hold."""
    wide = GREY.astype(np.uint16) * 257
    same(Image.fromarray(wide), GREY)
    same(written(Image.fromarray(wide), kind), GREY)
    same(wide, GREY)
    same(Image.fromarray(wide.astype(np.int32)), GREY)
    assert wide.max() > 60_000


def test_other_modes(same, written):
    cmyk = Image.fromarray(PIXELS).convert("CMYK")
    same(cmyk, np.asarray(cmyk.convert("RGB")))
    same(written(cmyk, "TIFF"), np.asarray(cmyk.convert("RGB")))
    same(PIXELS.astype(np.int64), PIXELS)
    same(PIXELS / 255, PIXELS)
    same(np.float32(PIXELS) / np.float32(255), PIXELS)
    same(written(Image.fromarray(GREY / np.float32(255)), "TIFF"), GREY)


def test_animation_is_its_first_frame(same, tmp_path):
    frames = [Image.fromarray(PIXELS), Image.fromarray(255 - PIXELS)]
    path = tmp_path / "moving.png"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    same(path, PIXELS)


def test_broken_exif_turns_nothing(same, written):
    path = written(Image.fromarray(PIXELS), "PNG", exif=b"Exif\x00\x00MM\x00*\x00\xff\xff")
    same(path, PIXELS)


def test_modality(embedder, files, tmp_path, monkeypatch):
    clip = embedder("clip")
    as_images, as_texts = clip.transform(files), clip.transform(["a cat", "the dog"])
    assert as_images.shape == (12, 12) and as_texts.shape == (2, 12)
    texts = clip.set_params(modality="text").transform(files)
    assert np.abs(texts - as_images).max() > 1e-3
    monkeypatch.chdir(tmp_path / "pictures")
    Path("00.png").rename("cat")  # a file without an extension is still a file
    images = embedder("clip").transform(["cat"])
    np.testing.assert_allclose(images, as_images[:1], atol=1e-5)
    with pytest.raises(ValueError, match="modality='text', and X holds images"):
        embedder("clip", modality="text").transform([PIXELS])
    with pytest.raises(ValueError, match="row 0, a: does not exist"):
        embedder("clip", modality="image").transform(["a"])


def test_names_of_files_are_texts_to_a_model_of_texts(embedder):
    X = ["a.jpg", "the cat"]
    assert embedder("bert").transform(X).shape == (2, 16)
    with pytest.raises(ValueError, match="X holds images, and the model .* embeds text"):
        embedder("bert").transform(["a.jpg", "b.jpg"])


def test_in_a_column_transformer_beside_numbers(saved, files):
    import pandas as pd

    table = pd.DataFrame({"path": files, "price": np.arange(12.0)}, index=list("abcdefghijkl"))
    columns = ColumnTransformer(
        [
            ("embed", FoundationEmbedder(saved("resnet")), ["path"]),
            ("scale", StandardScaler(), ["price"]),
        ]
    )
    features = columns.set_output(transform="pandas").fit_transform(table)
    assert features.shape == (12, 17)
    assert list(features.index) == list("abcdefghijkl")
    assert features.columns[0] == "embed__foundationembedder0"
    assert features.columns[16] == "scale__price"
    expected = FoundationEmbedder(saved("resnet")).transform(files)
    np.testing.assert_array_equal(features.iloc[:, :16], expected)


def test_load_image_folder(tmp_path):
    names = ["b/2.JPG", "a/x/1.png", "a/1.webp", "b/notes.txt", ".cache/1.png", "a/.1.png"]
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "a" / "again").symlink_to(tmp_path / "a")
    paths, labels = load_image_folder(tmp_path)
    expected = [str(tmp_path / name) for name in ("a/1.webp", "a/x/1.png", "b/2.JPG")]
    assert paths == expected
    assert labels.tolist() == ["a", "a", "b"]
    (tmp_path / "0.gif").touch()
    assert load_image_folder(str(tmp_path)).labels is None
    paths, labels = load_image_folder(tmp_path / "b")
    assert len(paths) == 1 and labels is None


def test_load_image_folder_mistakes(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere does not exist"):
        load_image_folder(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="holds no image: no file in it ends in .*jpg"):
        load_image_folder(tmp_path)
    file = tmp_path / "a.png"
    file.touch()
    with pytest.raises(NotADirectoryError, match="is a file, not a folder"):
        load_image_folder(file)


def test_text_is_the_same_in_every_order(embedder):
    texts = ["a", "the cat sits on the mat", "dog", "a photo of a dog", "", "a"]
    expected = embedder("bert").transform(texts)
    again = embedder("bert", batch_size=2).transform(texts[::-1])[::-1]
    np.testing.assert_allclose(again, expected, atol=1e-5)
    np.testing.assert_array_equal(expected[0], expected[5])
