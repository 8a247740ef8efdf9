"""What may be passed as rows, and what is refused because it would cost or lose something."""

import sys
from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np

from sklearn_zcore._resources import free_memory
from sklearn_zcore.rows import ColumnStore

_SHARE_OF_FREE = 0.5  # of memory: what a Zarr array may take there


def as_readable(X: Any, owner: str, *, able: Sequence[str] = (), instead: str = "") -> Any:
    """Return X as something that scikit-learn reads as it is meant.

    Parameters
    ----------
    X : object
        What was passed as rows.
    owner : str
        Name of the estimator, for the message.
    able : sequence of str
        Names of the estimators that fit a `ColumnStore`, for the message.
    instead : str, default=""
        What others make of collections that have blocks, for the message.

    Returns
    -------
    object
        Tensors as arrays on the CPU, all else as it is.

    Raises
    ------
    TypeError
        If reading it would fetch or compute more than anyone has asked for.
    ValueError
        If it is a masked array, whose masked values would count.
    """
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(X, torch.Tensor):
        tensor = X.detach().cpu()
        return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
    if isinstance(X, np.ma.MaskedArray):
        n_masked = int(np.ma.getmaskarray(X).sum())
        if n_masked:
            raise ValueError(
                f"X is a masked array, {n_masked} of its values are masked, and {owner} needs all "
                f"of them. Fill them in, e.g. X.filled(X.mean()), or drop their rows."
            )
        return X.data
    _refuse_collections(X, owner, able, instead)
    return X


def _refuse_collections(X: Any, owner: str, able: Sequence[str], instead: str) -> None:
    """Raise TypeError about what is not in memory, or would have to be made dense."""
    others = " and ".join([", ".join(able[:-1]), *able[-1:]] if len(able) > 1 else able)
    if isinstance(X, ColumnStore) and owner not in able:
        raise TypeError(
            f"X is a ColumnStore, which {owner} does not fit. If all rows fit in memory, pass "
            f"X.take(slice(None)). If they do not: {others} fit it."
        )
    if isinstance(X, str | bytes | PathLike):
        raise TypeError(
            f"X is a path, and {owner} needs the rows themselves. Open what is there: "
            f"ColumnStore.open(path), np.load(path, mmap_mode='r'), zarr.open(path), "
            f"pandas.read_parquet(path)."
        )
    if hasattr(X, "__next__"):
        raise TypeError(
            f"X is a {type(X).__name__}, which can be read only once. If its blocks of rows fit in "
            f"memory, pass np.concatenate(list(X)). If they do not, {_by_store(X)}"
            f"{'' if owner in able else f', by one of {others}' if able else ''}."
        )
    remedy = _remedy(X)
    if remedy is not None:
        kind = f"{type(X).__module__.partition('.')[0]} {type(X).__name__}"
        otherwise = f" If it does not, {_by_store(X)}"
        otherwise += "." if owner in able else f", by one of {others}." if able else "."
        if instead and _has_blocks(X):
            otherwise = instead
        raise TypeError(
            f"X is a {kind}, and {owner} does not read all of it into memory unasked. If it fits "
            f"there, pass {remedy}.{otherwise}"
        )
    if getattr(X, "sparse", None) is not None and hasattr(X, "dtypes"):
        raise TypeError(
            f"X is a pandas frame of sparse columns, and {owner} needs dense rows. If they fit in "
            f"memory, pass X.sparse.to_dense()."
        )


def is_elsewhere(X: Any) -> bool:
    """Return whether X is a collection whose rows would have to be read, or made dense."""
    is_sparse = getattr(X, "sparse", None) is not None and hasattr(X, "dtypes")
    is_zarr = type(X).__module__.partition(".")[0] == "zarr"
    is_store = isinstance(X, ColumnStore)
    return is_sparse or is_zarr or is_store or _remedy(X) is not None


def as_canonical(X: Any) -> Any:
    """Return a sparse matrix as floats, one for each place, in order; X stays as it is."""
    if X.dtype not in (np.float32, np.float64):
        X = X.astype(np.float64)
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X


def _remedy(X: Any) -> str | None:
    """Return what to pass instead of a collection that is not in memory; None if X is."""
    package, name = type(X).__module__.partition(".")[0], type(X).__name__
    if hasattr(X, "__dask_graph__"):
        return "X.compute()"
    if package == "zarr" and name == "Array":
        free = free_memory()
        return None if free is None or X.nbytes <= _SHARE_OF_FREE * free else "X[:]"
    if package == "polars" and name == "LazyFrame":
        return "X.collect()"
    if package == "pyarrow" and name in {"ParquetFile", "ParquetDataset"}:
        return "X.read()"
    if package == "pyarrow" and hasattr(X, "to_table"):
        return "X.to_table()"
    if package == "datasets" and name in {"Dataset", "IterableDataset", "DatasetDict"}:
        return "numbers, e.g. np.stack(X.with_format('numpy')['embedding'])"
    return None


def _has_blocks(X: Any) -> bool:
    """Return whether `block_source` reads a collection; what it refuses has none."""
    package, name = type(X).__module__.partition(".")[0], type(X).__name__
    if package == "pyarrow":
        return name != "ParquetFile"
    return package == "zarr" or hasattr(X, "__dask_graph__") or name == "Dataset"


def _by_store(X: Any) -> str:
    """Return what to do with a collection that does not fit in memory."""
    package, name = type(X).__module__.partition(".")[0], type(X).__name__
    rows, before, columns = "X", "", ""
    if package == "polars":
        rows, before = "'rows.parquet'", "X.sink_parquet('rows.parquet'), then "
    elif name == "ParquetFile":
        rows = "its path"
    elif name == "IterableDataset":
        rows = "blocks of its rows, an iterator of arrays"
    elif package == "datasets" and name == "Dataset":
        columns = ", columns=['embedding']"
    elif package == "datasets":
        rows = "one of its splits"
    call = f"ColumnStore.from_array({rows}, path{columns})"
    return f"write it to a store, {before}{call}, and fit that"
