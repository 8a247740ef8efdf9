"""From columns to the matrix that is selected on, by scikit-learn's own transformers."""

import warnings
from dataclasses import dataclass, field
from typing import Any

from ._columns import Roles, as_text, column_kind, notes_on
from ._errors import CliError, plural, shorten
from ._source import Source

MISSING_CATEGORY = "missing"
_MISSING_HINT = (
    "Fill them in: --missing impute. Leave out the rows: --missing drop. Or leave out the columns: "
    "--ignore, --carry."
)


@dataclass
class Features:
    """The matrix and how it came about.

    Attributes
    ----------
    X : ndarray of shape (n_kept, n_features)
        The features.
    kept : ndarray of shape (n_kept,) or None
        The input's rows in `X`; None is all of them.
    kinds : dict
        The used columns by kind: numeric, datetime, categorical.
    raw : bool
        Whether the columns were used as they are.
    missing : dict
        By kind: the columns with missing values, the number of cells and what was done.
    n_dropped : int
        Rows left out because a value was missing.
    categories : int
        Features that came from categorical columns.
    grouped : dict
        Columns whose rare categories share one feature, with the number of categories.
    notes : list of str
        What the user should know.
    """

    X: Any = None
    kept: Any = None
    kinds: dict[str, list[str]] = field(default_factory=dict)
    raw: bool = False
    missing: dict[str, dict[str, Any]] = field(default_factory=dict)
    n_dropped: int = 0
    categories: int = 0
    grouped: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def build_features(
    source: Source, roles: Roles, *, raw: bool, missing: str, max_categories: int
) -> Features:
    """Make the matrix that the selector is fitted on.

    Parameters
    ----------
    source : Source
        The input.
    roles : Roles
        Which of its columns are features.
    raw : bool
        Use the columns as they are.
    missing : {"impute", "drop", "error"}
        What to do about missing values.
    max_categories : int
        The number of features that a categorical column may become.

    Returns
    -------
    features : Features
        The matrix and its story.
    """
    out = Features(raw=raw)
    if source.table is not None:
        columns = _table_columns(source, roles, out)
    else:
        columns = _array_columns(source, roles, out)
    if raw and (other := out.kinds["categorical"] + out.kinds["datetime"]):
        raise CliError(
            f"--raw needs numeric columns, and these are not: {shorten(other)}.",
            "Leave them out (--ignore, --carry) or leave out --raw.",
        )
    _refuse_infinite(columns, out.kinds)
    columns = _handle_missing(columns, out, missing)
    out.X = columns["numeric"] if raw else _transform(columns, out, max_categories)
    return out


def _array_columns(source: Source, roles: Roles, out: Features) -> dict[str, Any]:
    """Return the used columns of an array, as floats."""
    import numpy as np

    X = source.array
    if len(roles.features) < len(source.names):
        position = {name: i for i, name in enumerate(source.names)}
        X = X[:, [position[n] for n in roles.features]]
    # Half precision overflows when it is summed; integers have no missing value.
    small = X.dtype in (np.float16, np.float32) or X.dtype.kind == "b"
    X = np.ascontiguousarray(X, dtype=np.float32 if small else np.float64)
    out.kinds = {"numeric": roles.features, "datetime": [], "categorical": []}
    return {"numeric": X, "categorical": []}


def _table_columns(source: Source, roles: Roles, out: Features) -> dict[str, Any]:
    """Return the used columns of a table: a matrix of numbers and a list of text columns."""
    import numpy as np

    out.kinds = {"numeric": [], "datetime": [], "categorical": [], "empty": []}
    for name in roles.features:
        kind = column_kind(name, source.table[name])
        out.kinds[kind].append(name)
        out.notes.extend(notes_on(name, kind, source.table[name]))
    numbers = [_as_floats(source.table[n]) for n in out.kinds["numeric"] + out.kinds["datetime"]]
    matrix = np.column_stack(numbers) if numbers else np.empty((source.n_rows, 0))
    text = [
        np.asarray(as_text(source.table[n]).to_pylist(), dtype=object)
        for n in out.kinds["categorical"]
    ]
    return {"numeric": matrix, "categorical": text}


def _as_floats(column: Any) -> Any:
    """Convert numbers and times to float64, with NaN where a value is missing."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    scale = 1.0
    if pa.types.is_temporal(kind):
        if pa.types.is_date(kind):
            column = pc.cast(column, pa.timestamp("s"))
        # Everything in seconds, so that the unit of the file does not matter.
        unit = getattr(column.type, "unit", "s")
        scale = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}[unit]
        wide = pa.int32() if pa.types.is_time32(column.type) else pa.int64()
        column = pc.cast(column, wide)
    values = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.asarray(values, dtype=np.float64) * scale


def _refuse_infinite(columns: dict[str, Any], kinds: dict[str, list[str]]) -> None:
    """Refuse infinite values by column and row."""
    import numpy as np

    X = columns["numeric"]
    infinite = np.isinf(X)
    if not infinite.any():
        return
    names = kinds["numeric"] + kinds["datetime"]
    row, column = (int(i) for i in np.argwhere(infinite)[0])
    count = int(infinite.sum())
    bad = [names[j] for j in np.flatnonzero(infinite.any(axis=0))]
    raise CliError(
        f"The input has {plural(count, 'infinite value')} in {shorten(bad)}; the first is in row "
        f"{row:,} (counted from 0) of column {names[column]!r}.",
        "Repair or remove them; in a CSV file, --na-values inf,-inf takes them for missing.",
    )


def _handle_missing(columns: dict[str, Any], out: Features, missing: str) -> dict[str, Any]:
    """Count what is missing and do what was asked; imputing itself comes with the scaling."""
    import numpy as np

    X, text = columns["numeric"], columns["categorical"]
    holes = np.isnan(X)
    text_holes = [np.array([value is None for value in column]) for column in text]
    empty = holes.all(axis=0)
    cells = _count_missing(out, holes, text_holes, missing)
    out.kinds["empty"] = out.kinds.get("empty", []) + _take_empty(out.kinds, empty)
    if missing == "error" and (cells or out.kinds["empty"]):
        cells.update(dict.fromkeys(out.kinds["empty"], len(X)))
        listed = ", ".join(f"{name} ({count:,})" for name, count in list(cells.items())[:8])
        more = f" and {len(cells) - 8:,} more columns" if len(cells) > 8 else ""
        raise CliError(
            f"The input has {plural(sum(cells.values()), 'missing value')}: {listed}{more}.",
            _MISSING_HINT,
        )
    if empty.any():
        X, holes = X[:, ~empty], holes[:, ~empty]
    if out.kinds["empty"]:
        out.notes.append(f"{shorten(out.kinds['empty'])}: no value in any row; not used.")
    if X.shape[1] + len(text) == 0:
        raise CliError("No column is left to select on: none has a value in any row.")
    if missing == "drop" and out.missing:
        keep = ~holes.any(axis=1)
        for hole in text_holes:
            keep &= ~hole
        out.n_dropped = int((~keep).sum())
        if not keep.any():
            raise CliError(
                "--missing drop leaves no row: each has a missing value.",
                "Fill them in (--missing impute) or leave out the emptiest columns (--ignore).",
            )
        out.kept = np.flatnonzero(keep)
        X, text = X[keep], [column[keep] for column in text]
    return {"numeric": X, "categorical": text}


def _count_missing(
    out: Features, holes: Any, text_holes: list[Any], missing: str
) -> dict[str, int]:
    """Count the missing cells of each column that has some but not only those."""
    counts = [int(c) for c in holes.sum(axis=0)] + [int(h.sum()) for h in text_holes]
    names = [(k, n) for k in ("numeric", "datetime", "categorical") for n in out.kinds[k]]
    done = {"numeric": "median", "datetime": "median", "categorical": f"'{MISSING_CATEGORY}'"}
    cells = {}
    for (kind, name), count in zip(names, counts, strict=True):
        if 0 < count < len(holes):
            cells[name] = count
            handling = done[kind] if missing == "impute" else missing
            entry = out.missing.setdefault(kind, {"columns": {}, "cells": 0, "handling": handling})
            entry["columns"][name] = count
            entry["cells"] += count
    return cells


def _take_empty(kinds: dict[str, list[str]], empty: Any) -> list[str]:
    """Remove the columns of numbers without any value from their kinds and return them."""
    names = kinds["numeric"] + kinds["datetime"]
    gone = [name for name, is_empty in zip(names, empty, strict=True) if is_empty]
    for kind in ("numeric", "datetime"):
        kinds[kind] = [name for name in kinds[kind] if name not in gone]
    return gone


def _transform(columns: dict[str, Any], out: Features, max_categories: int) -> Any:
    """Impute, standardise and one-hot encode with a ColumnTransformer."""
    import numpy as np
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    X, text = columns["numeric"], columns["categorical"]
    n_numeric = X.shape[1]
    impute = out.kept is None
    numeric: list[Any] = [StandardScaler()]
    if impute and {"numeric", "datetime"} & set(out.missing):
        numeric.insert(0, SimpleImputer(strategy="median"))
    encoder = OneHotEncoder(max_categories=max_categories, sparse_output=False, dtype=np.float32)
    categorical: list[Any] = [encoder]
    if impute and "categorical" in out.missing:
        fill = SimpleImputer(missing_values=None, strategy="constant", fill_value=MISSING_CATEGORY)
        categorical.insert(0, fill)
    steps = []
    if n_numeric:
        steps.append(("numeric", make_pipeline(*numeric), list(range(n_numeric))))
    if text:
        places = list(range(n_numeric, n_numeric + len(text)))
        steps.append(("categorical", make_pipeline(*categorical), places))
    transformer = ColumnTransformer(steps, sparse_threshold=0.0)
    with warnings.catch_warnings():
        # Huge values overflow when they are squared; the check below names the column.
        warnings.simplefilter("ignore", RuntimeWarning)
        result = transformer.fit_transform(_frame(X, text))
    names = out.kinds["numeric"] + out.kinds["datetime"]
    overflown = np.flatnonzero(~np.isfinite(result[:, :n_numeric]).all(axis=0))
    if len(overflown):
        raise CliError(
            f"The values in {shorten(names[i] for i in overflown)} are too large to standardise.",
            "Rescale them, or leave the columns out (--ignore, --carry).",
        )
    out.categories = result.shape[1] - n_numeric
    if text:
        fitted = transformer.named_transformers_["categorical"][-1]
        found = fitted.infrequent_categories_
        for name, values, rare in zip(
            out.kinds["categorical"], fitted.categories_, found, strict=True
        ):
            if rare is not None:
                out.grouped[name] = len(values)
    return result


def _frame(X: Any, text: list[Any]) -> Any:
    """Put numbers and categories side by side; an array without categories stays an array."""
    if not text:
        return X
    import pandas as pd

    numbers = pd.DataFrame(X, copy=False)
    places = range(X.shape[1], X.shape[1] + len(text))
    # As objects: pandas would turn None into NaN in its own string type.
    strings = {i: pd.Series(c, dtype=object) for i, c in zip(places, text, strict=True)}
    return pd.concat([numbers, pd.DataFrame(strings, index=numbers.index)], axis=1)
