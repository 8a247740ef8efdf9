"""What X may be: a sequence of images or of texts, in any container that holds one."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from sklearn_zcore.embedding._folder import is_image_name
from sklearn_zcore.embedding._images import to_array

Kind = Literal["image", "text"]


class Items(NamedTuple):
    """X as a sequence.

    Attributes
    ----------
    values : sequence
        One image or text each.
    kind : {"image", "text", "string"}
        "string" is a path or a text, which the model has a say in.
    """

    values: Sequence[Any]
    kind: str


def as_items(X: Any, column: str | None) -> Items:
    """Take X for a sequence of images or texts.

    Parameters
    ----------
    X : object
        See `FoundationEmbedder.transform`.
    column : str or None
        The column of a table with several.

    Returns
    -------
    Items

    Raises
    ------
    TypeError
        If X is not a sequence, or holds something else than images and texts.
    ValueError
        If X is empty, is a table of several columns, mixes images and texts, or is an array of a
        shape that is none of images.
    """
    if isinstance(X, str | bytes | os.PathLike | dict) or hasattr(X, "getexif"):
        raise TypeError(
            f"X is a single {type(X).__name__}; pass a list of images or texts"
            + (", e.g. load_image_folder(X).paths." if _is_folder(X) else ", e.g. [X].")
        )
    values = _as_sequence(_column_of(X, column))
    if len(values) == 0:
        raise ValueError("X is empty: there is no image or text to embed (0 samples).")
    if isinstance(values, np.ndarray):
        return Items(values, "image")
    if not isinstance(values, list | tuple):
        return Items(values, _kind_of_lazy(values))
    kinds: dict[str, int] = {}
    for row, value in enumerate(values):
        kinds.setdefault(_kind_of(value, row), row)
    kinds.pop("missing", None)
    if "image" in kinds and "string" in kinds:
        _check_strings_are_paths(values, kinds["image"])
    return Items(values, "image" if "image" in kinds else "string")


def _kind_of_lazy(values: Sequence[Any]) -> str:
    """Look at one item: the column of a data set decodes each image that it is asked for."""
    try:
        first = values[0]
    except Exception:
        return "image"  # a broken one, which is told later with all others
    kind = _kind_of(first, 0)
    return "image" if kind == "image" else "string"


def _is_folder(X: Any) -> bool:
    return isinstance(X, str | os.PathLike) and os.path.isdir(X)


def _column_of(X: Any, column: str | None) -> Any:
    """Return the one column of a table; X itself if it is none."""
    names = getattr(X, "column_names", None)  # datasets.Dataset, pyarrow
    if names is None:
        names = getattr(X, "columns", None)  # pandas, polars
    if names is None:
        if column is not None:
            raise ValueError(f"column={column!r} is for tables, and X is a {type(X).__name__}.")
        return X
    names = list(names)
    if column is None:
        if len(names) != 1:
            raise ValueError(
                f"X is a table of {len(names)} columns, {names[:6]}; embedding takes one. Name it "
                f"with column=..., or select it in a ColumnTransformer."
            )
        column = names[0]
    if column not in names:
        raise ValueError(f"X has no column {column!r}; it has {names[:6]}.")
    return X[column]


def _as_sequence(X: Any) -> Sequence[Any]:
    """Return a list, a lazy sequence such as a data set's column, or an array of images."""
    if hasattr(X, "to_list"):  # a Series, of pandas or polars
        return list(X.to_list())
    if hasattr(X, "to_pylist"):  # a column of pyarrow
        return list(X.to_pylist())
    if hasattr(X, "__array__") and hasattr(X, "ndim"):  # a tensor, if it is not an array
        try:
            X = to_array(X)
        except (TypeError, ValueError) as error:
            raise type(error)(f"X {error}.") from error
    if isinstance(X, np.ndarray):
        found: Sequence[Any] = _from_array(X)
        return found
    if not hasattr(X, "__len__") or not hasattr(X, "__getitem__"):
        raise TypeError(
            f"X is a {type(X).__name__}; it has to be a list, an array, or one column of a table. "
            f"An iterator would be used up by fit: pass list(X)."
        )
    sequence: Sequence[Any] = X
    return sequence


def _from_array(X: Any) -> Any:
    if X.dtype.kind in "OUST":
        if X.ndim == 2 and X.shape[1] == 1:
            X = X[:, 0]
        if X.ndim != 1:
            raise ValueError(
                f"X is an array of {'strings' if X.dtype.kind != 'O' else 'objects'} of shape "
                f"{X.shape}; embedding takes one column, (n,) or (n, 1)."
            )
        return X.tolist()
    if X.ndim not in (3, 4):
        raise ValueError(
            f"X is an array of numbers of shape {X.shape}; images are (n, h, w), (n, h, w, 3) or "
            f"(n, h, w, 4). Rows of numbers need no embedding: give them to the selector."
        )
    if X.ndim == 3 and X.shape[2] in (3, 4) and min(X.shape[:2]) > 4:
        raise ValueError(
            f"X has shape {X.shape}, which looks like one image, not like {X.shape[0]} images of "
            f"{X.shape[1]} x {X.shape[2]} pixels. Pass X[None] for one image."
        )
    return X


def _kind_of(value: Any, row: int) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "missing"
    if isinstance(value, str):
        return "string"
    if isinstance(value, os.PathLike | bytes | dict | np.ndarray) or hasattr(value, "getexif"):
        return "image"
    if hasattr(value, "__array__") and getattr(value, "ndim", 0) >= 2:
        return "image"
    if type(value).__name__ in ("NAType", "NaTType"):  # pandas
        return "missing"
    raise TypeError(
        f"X holds a {type(value).__name__} in row {row}, which is neither an image (path, PIL "
        f"image, uint8 array) nor a text."
    )


def _check_strings_are_paths(values: Sequence[Any], image_row: int) -> None:
    for row, value in enumerate(values):
        if isinstance(value, str) and not looks_like_path(value):
            raise _mixed(values, image_row, row)


def _mixed(values: Sequence[Any], image_row: int, text_row: int) -> ValueError:
    return ValueError(
        f"X mixes images and text: row {image_row} is an image ({_shown(values[image_row])}) and "
        f"row {text_row} is text ({_shown(values[text_row])}). Embed them apart, each with its own "
        f"FoundationEmbedder; if strings are paths or texts that look otherwise, set "
        f"modality='image' or modality='text'."
    )


def _shown(value: Any) -> str:
    if isinstance(value, str | Path):
        text = str(value)
        return repr(text if len(text) <= 40 else text[:39] + "…")
    return type(value).__name__


def looks_like_path(text: str) -> bool:
    """Return whether a string is more likely an image's path than a text."""
    return is_image_name(text) or os.path.isfile(text)


def resolve_kind(items: Items, modality: str, embeds: set[str], model: str) -> Kind:
    """Decide whether the items are images or texts.

    Parameters
    ----------
    items : Items
    modality : {"auto", "image", "text"}
        The parameter of that name.
    embeds : set of {"image", "text"}
        What the model can embed.
    model : str
        Its name, for messages.

    Returns
    -------
    {"image", "text"}

    Raises
    ------
    ValueError
        If the items are not what the modality or the model says, or some of each.
    """
    if modality == "auto":
        kind = _guess_kind(items, embeds, model)
    else:
        kind = "text" if modality == "text" else "image"
        if kind == "text" and items.kind == "image":
            raise ValueError("modality='text', and X holds images.")
    if kind not in embeds:
        able = " and ".join(sorted(embeds)) or "nothing that is known here"
        raise ValueError(
            f"X holds {'images' if kind == 'image' else 'texts'}, and the model {model!r} embeds "
            f"{able}. Use another model"
            + (", or set modality if the strings of X are something else." if items.kind == "string"
               else ".")
        )  # fmt: skip
    return kind


def _guess_kind(items: Items, embeds: set[str], model: str) -> Kind:
    if items.kind == "image" or embeds == {"image"}:
        return "image"
    path_row = text_row = None
    for row, value in enumerate(items.values):
        if not isinstance(value, str):
            continue
        if looks_like_path(value):
            path_row = row if path_row is None else path_row
        elif text_row is None and not os.path.isdir(value):
            text_row = row
        # A text model may be given file names as texts; a model of both may not guess.
        if path_row is not None and text_row is not None:
            if embeds == {"text"}:
                return "text"
            raise _mixed(items.values, path_row, text_row)
    return "text" if path_row is None else "image"
