"""The commands of benchmarks/recipes.md run, on made-up pictures of the format that each names."""

import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.slow

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
RECIPES = re.findall(r"```bash\n(.*)\n```", (BENCHMARKS / "recipes.md").read_text())
OF_PICTURES = [recipe for recipe in RECIPES if "benchmarks/images.py" in recipe]
SHORT = ("--steps", "1", "--batch-size", "4", "--seeds", "1", "--random-draws", "1")
SHORT += ("--prune-rates", "50", "--selectors", "zcore", "--finetune-steps", "1")
# Of the hub: (columns, names of the splits), as its pages show them.
COLUMNS = {
    "uoft-cs/cifar10": (("img", "label"), ("train", "test")),
    "uoft-cs/cifar100": (("img", "fine_label", "coarse_label"), ("train", "test")),
    "zh-plus/tiny-imagenet": (("image", "label"), ("train", "valid")),
    "ethz/food101": (("image", "label"), ("train", "validation")),
}


def made_up(n, side):
    labels = np.arange(n) % 3
    noise = np.random.default_rng(0).integers(0, 40, (n, side, side, 3))
    values = (60 * labels[:, None, None, None] + noise).astype(np.uint8)
    return [Image.fromarray(picture) for picture in values], labels


def write_data(name, folder):
    """Write data in the format of what a recipe names, and return where."""
    folder = folder / name
    if name in COLUMNS:
        datasets = pytest.importorskip("datasets", reason="the datasets package is not installed")
        (image, *labels), splits = COLUMNS[name]
        pictures, codes = made_up(12, 64 if "tiny" in name else 100 if "food" in name else 32)
        kind = datasets.ClassLabel(num_classes=3)
        features = datasets.Features({image: datasets.Image(), **dict.fromkeys(labels, kind)})
        part = datasets.Dataset.from_dict(
            {image: pictures, **dict.fromkeys(labels, codes)}, features=features
        )
        datasets.DatasetDict(dict.fromkeys(splits, part)).save_to_disk(folder)
        return folder
    parts = {"data/imagenet": ("train", "val"), "data/eurosat10": ("train", "test")}
    for part in parts.get(name, ("",)):
        pictures, labels = made_up(15, 64 if "eurosat" in name else 100)
        for number, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
            (folder / part / f"class {label}").mkdir(parents=True, exist_ok=True)
            picture.save(folder / part / f"class {label}" / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    sys.path.insert(0, str(BENCHMARKS))
    import images
    from embedding import tiny_model

    model = str(tiny_model(tmp_path_factory.mktemp("model")))
    return images, model


@pytest.mark.parametrize("recipe", OF_PICTURES, ids=lambda recipe: recipe.split()[2])
def test_recipe_of_pictures(recipe, images, tmp_path, capsys):
    benchmark, model = images
    arguments = shlex.split(recipe)[2:]
    out = arguments.index("--out") + 1
    assert arguments[out].startswith("results/")
    arguments[out] = str(tmp_path / "out")
    arguments[0] = str(write_data(arguments[0], tmp_path))
    arguments = [model if word in ("clip", "resnet18") and at and arguments[at - 1] == "--model"
                 else word for at, word in enumerate(arguments)]  # fmt: skip
    # Networks of the size that is asked for are slow at 224 pixels: one step tells.
    benchmark.main([*arguments, *SHORT, "--max-rows", "6", "--max-test", "4", "--image-size", "100"
                    if "data/" in recipe or "food" in recipe else "32"])  # fmt: skip
    printed = capsys.readouterr().out
    assert "| ZCore |" in printed and "(32 features)" in printed  # of two models, concatenated
    assert ("linear probe" in printed) == ("--finetune" in recipe)


def test_recipes_of_tables(tmp_path):
    """They are parsed here, and run in test_quality_benchmark.py."""
    tables = [recipe for recipe in RECIPES if recipe not in OF_PICTURES]
    assert [recipe.split()[:2] for recipe in tables] == [["python", "benchmarks/quality.py"]] * 2
    assert all("--openml-cc18" in recipe for recipe in tables)
