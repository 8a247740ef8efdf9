"""What lies in a folder and is no file, has no end, or changes while it is read."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sklearn_zcore import FoundationEmbedder, load_image_folder
from sklearn_zcore.embedding import BrokenInputError
from tests.embedding import tiny

posix = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes and devices")


def within(seconds, code, *arguments):
    """Run code in a process that may not hang; return what it prints."""
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


LIST_BROKEN = """
import sys
from sklearn_zcore import FoundationEmbedder, load_image_folder
from sklearn_zcore.embedding import BrokenInputError
model, folder, workers = sys.argv[1:]
try:
    FoundationEmbedder(model, num_workers=int(workers)).transform(load_image_folder(folder).paths)
except BrokenInputError as error:
    print(error)
"""


@pytest.mark.slow
@posix
@pytest.mark.parametrize("num_workers", [0, 2])
def test_images_that_never_end(num_workers, files, saved):
    """A pipe that nobody writes to would hang, and /dev/zero fill the memory."""
    folder = Path(files[0]).parent
    os.mkfifo(folder / "pipe.png")
    (folder / "linked.png").symlink_to(folder / "pipe.png")
    (folder / "zero.png").symlink_to("/dev/zero")
    (folder / "good.png").symlink_to(files[0])
    told = within(100, LIST_BROKEN, saved("resnet"), folder, num_workers)
    assert told.startswith("3 of 16 items cannot be embedded")
    assert "pipe.png: is a named pipe, not a file" in told
    assert "linked.png: is a named pipe" in told and "zero.png: is a device" in told


LOAD = """
import sys
from PIL import Image
from sklearn_zcore import FoundationEmbedder
try:
    FoundationEmbedder(sys.argv[1]).transform([Image.new("RGB", (9, 9))])
except ValueError as error:
    print(error)
"""


@pytest.mark.slow
@posix
@pytest.mark.parametrize(
    "name",
    ["config.json", "model.safetensors", "preprocessor_config.json", "other", "modules.json"],
)
def test_model_with_a_pipe(name, saved, tmp_path):
    folder = shutil.copytree(saved("resnet"), tmp_path / "model")
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    told = within(100, LOAD, folder)
    assert f"{name} is a named pipe, not a regular file" in told


def test_link_to_nothing_in_a_model(saved, tmp_path):
    folder = shutil.copytree(saved("resnet"), tmp_path / "model")
    (folder / "vocab.txt").symlink_to(tmp_path / "nowhere")
    with pytest.raises(
        ValueError, match="cannot be loaded: No such file or directory: .*vocab.txt"
    ):
        FoundationEmbedder(folder).transform(np.zeros((1, 9, 9), np.uint8))


# One identity for the loaded model and for the cache


def edit(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_processor_that_was_changed(files, counted, tmp_path):
    """The model that is loaded must not be used on under the new key."""
    folder = tiny.save("vit", tmp_path / "model")
    embedder = FoundationEmbedder(folder, cache_dir=tmp_path / "cache")
    before = embedder.transform(files)
    edit(folder / "preprocessor_config.json", image_mean=[0.1, 0.2, 0.3])
    after = embedder.transform(files)
    assert counted.items == 24
    twin = shutil.copytree(folder, tmp_path / "twin")
    np.testing.assert_array_equal(after, FoundationEmbedder(twin).transform(files))
    assert np.abs(after - before).max() > 1e-3


def test_tokenizer_that_was_changed(tmp_path):
    folder = tiny.save("bert", tmp_path / "model")
    embedder = FoundationEmbedder(folder, cache_dir=tmp_path / "cache")
    before = embedder.transform(["a cat"])
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text())
    vocabulary = content["model"]["vocab"]
    vocabulary["cat"], vocabulary["dog"] = vocabulary["dog"], vocabulary["cat"]
    path.write_text(json.dumps(content))
    after = embedder.transform(["a cat", "a dog"])
    np.testing.assert_allclose(after[1], before[0], atol=1e-6)
    assert np.abs(after[0] - before[0]).max() > 1e-4


def test_settings_of_a_model_of_the_hub(saved, files, tmp_path, monkeypatch, counted):
    """Its commit says nothing of files that were edited where they were downloaded to."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    root = tmp_path / "hub" / "models--nice--model"
    folder = root / "snapshots" / ("1" * 40)
    shutil.copytree(saved("vit"), folder)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text("1" * 40)
    embedder = FoundationEmbedder("nice/model", cache_dir=tmp_path / "cache")
    before = embedder.transform(files)
    edit(folder / "preprocessor_config.json", image_mean=[0.1, 0.2, 0.3])
    after = embedder.transform(files)
    assert counted.items == 24 and np.abs(after - before).max() > 1e-3


def test_model_that_is_changed_while_it_is_loaded(files, tmp_path, monkeypatch):
    """Nothing is stored under a key that was made of other files."""
    from sklearn_zcore.embedding import _backbone, cache_info

    folder = tiny.save("vit", tmp_path / "model")
    original = _backbone._load_from

    def load(*args):
        edit(folder / "preprocessor_config.json", image_mean=[0.1, 0.2, 0.3])
        return original(*args)

    monkeypatch.setattr(_backbone, "_load_from", load)
    embedder = FoundationEmbedder(folder, cache_dir=tmp_path / "cache")
    with pytest.raises(ValueError, match="have changed while it was loaded. Run again"):
        embedder.transform(files)
    assert cache_info(tmp_path / "cache").models[0].n_embeddings == 0
    monkeypatch.setattr(_backbone, "_load_from", original)
    assert embedder.transform(files).shape == (12, 16)


# Folders and names


def test_a_folder_a_thousand_levels_deep(tmp_path, saved):
    """Deeper than Python calls itself; and then deeper than the system's paths are long."""
    names = ["a"] * 1200 + ["b" * 200] * 20
    here, entered = os.getcwd(), []
    try:
        os.chdir(tmp_path)
        for name in names:
            os.mkdir(name)
            os.chdir(name)
            entered.append(name)
            if len(entered) == 1200:
                Path("1.png").touch()
                (path,) = load_image_folder(tmp_path).paths
                assert path.count("/a") >= 1200 and path.endswith("/a/1.png")
                os.unlink("1.png")
        with pytest.raises(
            OSError, match=f"The folder {tmp_path} is nested too deep: 1,2.. levels"
        ):
            load_image_folder(tmp_path)
    finally:
        # One by one: shutil.rmtree calls itself for each level, and pytest calls that.
        for name in reversed(entered):
            os.chdir("..")
            os.rmdir(name)
        os.chdir(here)


def test_linked_folders_are_listed_once_and_in_their_own_place(tmp_path):
    for name in ("a", "z"):
        (tmp_path / name).mkdir()
    (tmp_path / "z" / "1.png").touch()
    (tmp_path / "a" / "link").symlink_to(tmp_path / "z")
    (tmp_path / "z" / "again").symlink_to(tmp_path)
    outside = tmp_path.with_name(f"{tmp_path.name}-outside")
    outside.mkdir()
    (outside / "2.png").touch()
    (tmp_path / "z" / "linked").symlink_to(outside)
    expected = [str(tmp_path / name) for name in ("z/1.png", "z/linked/2.png")]
    assert load_image_folder(tmp_path).paths == expected


@pytest.fixture
def odd_name(tmp_path):
    name = os.fsdecode(b"caf\xe9 \n\x1b[31m.png")
    try:
        (tmp_path / name).touch()
    except OSError:
        pytest.skip("the file system takes names of UTF-8 only")
    return name


def test_names_that_are_no_text(odd_name, tmp_path, files, embedder):
    """They are found and read; where they are told, they are told with escapes."""
    folder = tmp_path / os.fsdecode(b"\xff")
    shutil.copytree(Path(files[0]).parent, folder)
    shutil.copy(files[0], folder / odd_name)
    paths, _ = load_image_folder(folder)
    expected = embedder().transform(files)
    cached = embedder(cache_dir=tmp_path / os.fsdecode(b"cache \xfe"))
    embeddings = cached.transform(paths)
    np.testing.assert_array_equal(embeddings[:12], expected)
    np.testing.assert_array_equal(embeddings[12], expected[0])
    (folder / odd_name).write_bytes(b"")
    with pytest.raises(BrokenInputError) as caught:
        cached.transform(paths)
    assert str(caught.value).isprintable() is False  # its own line breaks, and nothing else
    assert "caf\\xe9 \\n\\x1b[31m.png: is empty" in str(caught.value)
    str(caught.value).encode()


def test_model_whose_directory_is_no_text(odd_name, files, saved, tmp_path):
    folder = tmp_path / os.fsdecode(b"model \xff")
    shutil.copytree(saved("resnet"), folder)
    with pytest.raises(
        ValueError, match=r"model \\\\xff' has a name that is not UTF-8, .* Rename it"
    ):
        FoundationEmbedder(folder).transform(files)


def test_texts_that_are_no_text(embedder):
    with pytest.raises(BrokenInputError, match="1 of 2 items .*\n  row 1.*is no text: surrogates"):
        embedder("bert").transform(["a cat", "a \udcff dog"])


# Pictures in other formats, and too large ones

EPS = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 10 10
%%EndComments
showpage
"""


@pytest.fixture
def ghostscript(monkeypatch):
    """Note that Pillow would have called it."""
    from PIL import EpsImagePlugin, Image

    called = []

    def call(*args, **kwargs):
        called.append(args)
        return Image.new("RGB", (10, 10)).im

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", call)
    return called


def test_postscript_is_not_run(ghostscript, embedder, files, tmp_path):
    from PIL import Image

    path = tmp_path / "page.jpg"
    path.write_bytes(EPS)
    told = "is not an image that Pillow can read as JPEG, PNG"
    for item in (path, EPS, {"bytes": EPS, "path": None}):
        with pytest.raises(BrokenInputError, match=told):
            embedder().transform([files[0], item])
    with Image.open(path) as image:
        with pytest.raises(BrokenInputError, match="is PostScript, which Pillow would have Ghosts"):
            embedder().transform([files[0], image])
        assert ghostscript == []
        image.load()
        assert embedder().transform([image]).shape == (1, 16)


@pytest.mark.parametrize("kind", ["JPEG", "MPO", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "ICO",
                                  "JPEG2000", "AVIF"])  # fmt: skip
def test_supported_formats(kind, embedder, tmp_path):
    from PIL import Image, features

    needed = {"WEBP": "webp", "AVIF": "avif", "JPEG2000": "jpg_2000"}.get(kind)
    if needed and not features.check(needed):
        pytest.skip(f"this Pillow was built without {needed}")
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    path = tmp_path / "image"
    Image.fromarray(pixels).save(path, kind)
    assert embedder(modality="image").transform([path]).shape == (1, 16)


@pytest.mark.parametrize("where", ["PIL.ImageFile.ImageFile.load", "PIL.Image.Image.resize"])
def test_an_image_that_does_not_fit_in_memory(where, embedder, files, monkeypatch):
    """It is a broken one, and the others are embedded."""
    import importlib

    module, class_name, method = where.rsplit(".", 2)
    owner = getattr(importlib.import_module(module), class_name)
    original = getattr(owner, method)

    def no_memory(self, *args, **kwargs):
        if self.size == (40, 30):
            raise MemoryError
        return original(self, *args, **kwargs)

    expected = embedder().transform(files)
    monkeypatch.setattr(owner, method, no_memory)
    with pytest.raises(BrokenInputError, match="does not fit in memory: it has 40 x 30") as caught:
        embedder().transform(files)
    good = ~np.isnan(caught.value.embeddings).any(axis=1)
    assert sorted(caught.value.errors) == [0, 4, 8]
    np.testing.assert_allclose(caught.value.embeddings[good], expected[good], atol=1e-5)


def test_pictures_that_are_not_read_are_told_of(tmp_path):
    for name in ("a.jpg", "deep/IMG_1.HEIC", "deep/b.heic", "deep/c.nef", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    what = r"3 pictures in .* such as deep.IMG_1\.HEIC: convert what ends in \.heic, \.nef"
    with pytest.warns(UserWarning, match=what):
        assert len(load_image_folder(tmp_path).paths) == 1
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(ValueError, match=f"holds no image.*{what}"):
        load_image_folder(tmp_path)
