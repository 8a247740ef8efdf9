"""Pictures with labels: from an .npz, a folder, or a data set of Hugging Face's `datasets`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter, ImageOps
from sklearn.model_selection import train_test_split

from sklearn_zcore import load_image_folder

HELD_OUT = ("test", "validation", "valid", "val")  # the first of them that there is
ARRAYS = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True)
class Pictures:
    """Pictures with labels, decoded when they are looked at.

    Attributes
    ----------
    items : sequence
        uint8 arrays of shape (h, w) or (h, w, 3), paths, or PIL images.
    labels : ndarray of shape (n,), int
    n_classes : int
    corrupted : ndarray of shape (n,), bool
        Which of them `open` spoils.
    seed : int
        Of what it does to them.
    """

    items: Sequence
    labels: np.ndarray
    n_classes: int
    corrupted: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    seed: int = 0

    def __len__(self):
        return len(self.labels)

    def take(self, rows):
        """Return some of them."""
        rows = np.asarray(rows)
        if isinstance(self.items, np.ndarray):
            items = self.items[rows]
        elif isinstance(self.items, Column):
            items = self.items.take(rows)
        else:
            items = [self.items[row] for row in rows]
        spoiled = self.corrupted[rows] if self.corrupted.size else self.corrupted
        return replace(self, items=items, labels=self.labels[rows], corrupted=spoiled)

    def open(self, row):
        """Return one of them, grey or RGB."""
        item = self.items[row]
        image = Image.fromarray(item) if isinstance(item, np.ndarray) else item
        if not isinstance(image, Image.Image):
            try:
                with Image.open(image) as file:
                    image = ImageOps.exif_transpose(file)
            except (OSError, SyntaxError) as error:
                raise OSError(f"{item} cannot be read as a picture: {error}") from error
        if image.mode not in ("L", "RGB"):
            image = image.convert("RGB")
        if self.corrupted.size and self.corrupted[row]:
            # By content, not by place: it stays the same picture in any part of the set.
            content = int(np.asarray(image, np.uint64).sum())
            image = spoil(image, np.random.default_rng([self.seed, content]))
        return image


@dataclass(frozen=True)
class Column:
    """A column of images of a Hugging Face data set, some rows of it."""

    data: object
    name: str
    rows: np.ndarray

    def __getitem__(self, row):
        return self.data[int(self.rows[row])][self.name]

    def take(self, rows):
        """Return some rows of it."""
        return replace(self, rows=self.rows[rows])


def load_pictures(where, seed):
    """Return (training pictures, test pictures); where no test set is given, a fifth is drawn."""
    path = Path(where)
    if path.is_file() != (path.suffix == ".npz") or (path.is_absolute() and not path.exists()):
        raise SystemExit(
            f"{where}: there is no such folder, and no .npz of that name. An id of the hub is "
            f"written as owner/name."
        )
    if path.suffix == ".npz":
        return _from_arrays(path)
    hugging_face = ("dataset_dict.json", "dataset_info.json", "state.json")
    if path.is_dir() and not any((path / name).exists() for name in hugging_face):
        return _from_folder(path, seed)
    return _from_datasets(where, seed)


def _from_arrays(path):
    with np.load(path) as arrays:
        missing = [name for name in ARRAYS if name not in arrays]
        if missing:
            raise SystemExit(
                f"{path}: it has no {', '.join(missing)}; it has {', '.join(arrays) or 'nothing'}."
            )
        x_train, y_train, x_test, y_test = (arrays[name] for name in ARRAYS)
    for name, x, y in (("train", x_train, y_train), ("test", x_test, y_test)):
        if x.dtype != np.uint8 or x.ndim not in (3, 4) or (x.ndim == 4 and x.shape[3] != 3):
            raise SystemExit(
                f"{path}: x_{name} is expected to be uint8 of shape (n, h, w) or (n, h, w, 3), and "
                f"is {x.dtype} of shape {x.shape}."
            )
        if len(x) != np.size(y):
            raise SystemExit(f"{path}: x_{name} has {len(x)} pictures and y_{name} {np.size(y)}.")
    return _labelled(x_train, y_train.ravel(), x_test, y_test.ravel(), path)


def _from_folder(path, seed):
    train, test = path / "train", next((path / n for n in HELD_OUT if (path / n).is_dir()), None)
    if train.is_dir() and test is not None:
        parts = [load_image_folder(part) for part in (train, test)]
        if any(part.labels is None for part in parts):
            raise SystemExit(f"{path}: train and {test.name} need a folder for every class.")
        (x_train, y_train), (x_test, y_test) = ((p.paths, p.labels) for p in parts)
        return _labelled(x_train, np.asarray(y_train), x_test, np.asarray(y_test), path)
    found = load_image_folder(path)
    if found.labels is None:
        raise SystemExit(f"{path}: a folder for every class is expected in it.")
    return _split(found.paths, np.asarray(found.labels), seed, path)


def _from_datasets(where, seed):
    try:
        import datasets
    except ImportError as error:
        raise SystemExit(f"{where}: pip install datasets, or give an .npz or a folder.") from error
    loaded = (
        datasets.load_from_disk(where) if Path(where).is_dir() else datasets.load_dataset(where)
    )
    splits = loaded if isinstance(loaded, dict) else {"train": loaded}
    if "train" not in splits:
        raise SystemExit(f"{where}: it has no split 'train', but {', '.join(splits)}.")
    features = splits["train"].features
    images = [name for name, kind in features.items() if isinstance(kind, datasets.Image)]
    labels = [name for name, kind in features.items() if isinstance(kind, datasets.ClassLabel)]
    if not images or not labels:
        raise SystemExit(f"{where}: an Image and a ClassLabel are expected among {features}.")
    label = "fine_label" if "fine_label" in labels else labels[0]

    def column(part):
        return Column(part, images[0], np.arange(len(part))), np.asarray(part[label])

    test = next((name for name in HELD_OUT if name in splits), None)
    if test is None:
        return _split(*column(splits["train"]), seed, where)
    return _labelled(*column(splits["train"]), *column(splits[test]), where)


def _labelled(x_train, y_train, x_test, y_test, where):
    classes, codes = np.unique(np.concatenate([y_train, y_test]), return_inverse=True)
    if classes.size < 2 or not len(y_train) or not len(y_test):
        raise SystemExit(
            f"{where}: {len(y_train)} training pictures and {len(y_test)} test pictures of "
            f"{classes.size} classes are not enough."
        )
    train = Pictures(x_train, codes[: len(y_train)], classes.size)
    return train, Pictures(x_test, codes[len(y_train) :], classes.size)


def _split(items, labels, seed, where):
    classes, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if classes.size < 2 or counts.min() < 2:
        raise SystemExit(f"{where}: at least two classes of at least two pictures are expected.")
    pictures = Pictures(items, codes, classes.size)
    shares = train_test_split(
        np.arange(len(codes)), test_size=0.2, stratify=codes, random_state=seed
    )
    return tuple(pictures.take(np.sort(rows)) for rows in shares)


def some(pictures, max_rows, seed):
    """Return at most so many pictures, drawn class by class."""
    if max_rows is None or len(pictures) <= max_rows:
        return pictures
    if max_rows < pictures.n_classes:
        raise SystemExit(f"{max_rows} pictures are fewer than the {pictures.n_classes} classes.")
    rows = np.arange(len(pictures))
    rows, _ = train_test_split(
        rows, train_size=max_rows, stratify=pictures.labels, random_state=seed
    )
    return pictures.take(np.sort(rows))


def long_tail(pictures, factor, seed):
    """Return pictures whose classes shrink evenly, the last to ``factor`` times the first."""
    rng = np.random.default_rng([seed, 1])
    last = max(pictures.n_classes - 1, 1)
    most = np.bincount(pictures.labels, minlength=pictures.n_classes).max()
    kept = []
    for label in range(pictures.n_classes):
        rows = np.flatnonzero(pictures.labels == label)
        size = min(rows.size, max(1, round(most * factor ** (label / last))))
        kept.append(rng.permutation(rows)[:size])
    return pictures.take(np.sort(np.concatenate(kept)))


def mislabel(pictures, share, seed):
    """Return pictures of which a share have one of the other labels."""
    rng = np.random.default_rng([seed, 2])
    labels = pictures.labels.copy()
    rows = rng.permutation(len(labels))[: round(share * len(labels))]
    labels[rows] += rng.integers(1, pictures.n_classes, rows.size)
    return replace(pictures, labels=labels % pictures.n_classes)


def corrupt(pictures, share, seed):
    """Return pictures a share of which is spoiled, each in one of five ways."""
    rng = np.random.default_rng([seed, 3])
    spoiled = np.zeros(len(pictures), bool)
    spoiled[rng.permutation(len(pictures))[: round(share * len(pictures))]] = True
    return replace(pictures, corrupted=spoiled, seed=seed)


def spoil(image, rng):
    """Add noise, hide a part, take detail away, lay fog over, or blur along a line."""
    way = rng.integers(5)
    values = np.asarray(image, np.float32)
    if way == 0:
        values = values + rng.normal(0, 40, values.shape)
    elif way == 1:
        h, w = (max(1, side // 2) for side in values.shape[:2])
        top, left = rng.integers(values.shape[0] - h + 1), rng.integers(values.shape[1] - w + 1)
        values = values.copy()
        values[top : top + h, left : left + w] = 0
    elif way == 2:
        small = image.resize([max(1, side // 4) for side in image.size])
        return small.resize(image.size)
    elif way == 3:
        thickness = rng.uniform(0.4, 0.7)
        coarse = Image.fromarray(rng.integers(128, 256, (4, 4), dtype=np.uint8))
        fog = np.asarray(coarse.resize(image.size, Image.Resampling.BICUBIC), np.float32)
        fog = fog if values.ndim == 2 else fog[..., None]
        values = (1 - thickness) * values + thickness * fog
    else:
        line = np.zeros((5, 5))
        line[2] = 1
        line = line if rng.integers(2) else line.T
        return image.filter(ImageFilter.Kernel((5, 5), line.ravel()))
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
