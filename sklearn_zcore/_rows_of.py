"""Rows by number, of whatever holds rows: arrays, frames, lists, data sets of other libraries."""

import sys
from collections.abc import Set
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.validation import _num_samples


def count_rows(data: Any) -> int:
    """Return the number of rows.

    Parameters
    ----------
    data : sequence of n_samples rows
        See `rows_of`.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If it has no rows that can be asked for by number.
    """
    _refuse_unnumbered(data)
    if _is_dask_frame(data):
        return len(data)  # what has to be computed for this is computed
    return int(_num_samples(data))


def rows_of(data: Any, rows: NDArray[np.intp]) -> Any:
    """Return some rows, in the container that they came in.

    Parameters
    ----------
    data : sequence of n_samples rows
        Array (NumPy, Zarr, dask), sparse matrix, data frame (pandas, polars, dask), pyarrow table,
        Hugging Face ``Dataset``, torch ``Dataset``, or any sequence.
    rows : ndarray of shape (n_rows,)
        Their numbers, ascending.

    Returns
    -------
    object
        As lazy as ``data``: a Hugging Face data set by its ``select``, a torch data set as a
        ``Subset``, a dask collection as a graph. Of a Zarr array, one in memory. Other sequences
        as lists.

    Raises
    ------
    TypeError
        If it has no rows that can be asked for by number.
    """
    _refuse_unnumbered(data)
    if _is_a(data, "datasets", "Dataset"):
        return data.select(rows)
    if _is_a(data, "torch.utils.data", "Dataset"):
        return sys.modules["torch.utils.data"].Subset(data, rows.tolist())
    if _is_dask_frame(data):
        return _rows_of_dask_frame(data, rows)
    if _is_a(data, "pyarrow", "RecordBatch"):  # indexing it takes it for an array of structs
        return data.take(rows)
    if _is_a(data, "zarr", "Array"):
        return data.oindex[rows]
    if _is_a(data, "pandas.api.extensions", "ExtensionArray"):
        return data[rows]
    return _safe_indexing(indexable(data)[0], rows)


def is_data_set(data: Any) -> bool:
    """Return whether its rows are items that a library reads or decodes when they are asked for."""
    return _is_a(data, "datasets", "Dataset") or _is_a(data, "torch.utils.data", "Dataset")


def _is_a(data: Any, module: str, name: str) -> bool:
    """Return whether data is of a class of a library, which is not imported for that."""
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(data, kind)


def _is_dask_frame(data: Any) -> bool:
    return hasattr(data, "__dask_graph__") and hasattr(data, "map_partitions")


def _rows_of_dask_frame(frame: Any, rows: NDArray[np.intp]) -> Any:
    """Return rows of a dask frame or series: each partition gives its own, when it is computed."""
    import dask.dataframe as dd
    from dask.delayed import delayed

    sizes = np.asarray(frame.map_partitions(len).compute())
    ends = np.cumsum(sizes)
    take = delayed(_rows_of_part, pure=True)
    parts = [
        take(part, rows[(rows >= end - size) & (rows < end)] - (end - size))
        for part, size, end in zip(frame.to_delayed(), sizes, ends, strict=True)
    ]
    return dd.from_delayed(parts, meta=frame, verify_meta=False)


def _rows_of_part(part: Any, rows: NDArray[np.intp]) -> Any:
    return part.iloc[rows]


def _refuse_unnumbered(data: Any) -> None:
    """Raise TypeError for what has rows, but not by number, and say what to pass instead."""
    remedy = _remedy(data)
    if remedy is not None:
        package = type(data).__module__.partition(".")[0].replace("builtins", "")
        kind = f"{package} {type(data).__name__}".strip()
        raise TypeError(f"A {kind} has no rows that can be asked for by number. Pass {remedy}.")


def _remedy(data: Any) -> str | None:
    package, name = type(data).__module__.partition(".")[0], type(data).__name__
    if package == "datasets" and isinstance(data, dict):
        return "one of its splits, e.g. the one named 'train'"
    if _is_a(data, "datasets", "IterableDataset"):
        return "a Dataset, e.g. Dataset.from_generator(...) or load_dataset(..., streaming=False)"
    if _is_a(data, "torch.utils.data", "IterableDataset"):
        return "a map-style Dataset, or list(...) of it"
    if _is_a(data, "torch.utils.data", "DataLoader"):
        return "its .dataset"
    if _is_a(data, "dask.array", "Array") and np.isnan(data.shape[:1]).any():
        return "what X.compute_chunk_sizes() gives, as its chunks are of unknown sizes"
    if package == "polars" and name == "LazyFrame":
        return "the frame that .collect() gives"
    if package == "pyarrow" and hasattr(data, "to_table"):
        return "the table that .to_table() gives"
    if package == "dask" and not (hasattr(data, "map_partitions") or hasattr(data, "ndim")):
        return "what .compute() gives"
    if isinstance(data, dict) and not hasattr(data, "tocsr"):
        return "each of its values by itself"
    if isinstance(data, str | bytes):
        return "a list of the rows"  # not of characters
    if isinstance(data, Set) or (hasattr(data, "__next__") and not hasattr(data, "__len__")):
        return "list(...) of it, in the order of X"
    return None
