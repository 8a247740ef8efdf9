"""Blocks of tables of Arrow: Parquet files, pyarrow data sets, data sets of Hugging Face."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.rows._pieces import BlockSource, Pieces, even_bounds, joined, rows_of_block


def table_blocks(X: Any, columns: Sequence[str] | None) -> BlockSource | None:
    """Return the blocks of a table that pyarrow or Hugging Face reads; None if X is no such thing.

    Parameters
    ----------
    X : object
    columns : sequence of str or None
        See `sklearn_zcore.rows.block_source`.

    Returns
    -------
    BlockSource or None
    """
    name = type(X).__name__
    if type(X).__module__.partition(".")[0] == "datasets":
        if name == "IterableDataset":
            raise TypeError(
                "X is a datasets IterableDataset, which can be read only once, from its start. "
                "Pass a Dataset, e.g. load_dataset(..., streaming=False)."
            )
        if name in ("DatasetDict", "IterableDatasetDict"):
            raise TypeError(
                f"X is a datasets {name}. Pass one of its splits, e.g. the one named 'train'."
            )
        return DatasetBlocks(X, columns) if name == "Dataset" else None
    if name == "ParquetFile":
        raise TypeError(
            "X is a pyarrow ParquetFile, which workers cannot open again. Pass its path, or "
            "pyarrow.dataset.dataset(path)."
        )
    if name == "ParquetDataset":
        import pyarrow.dataset

        return FragmentBlocks(pyarrow.dataset.dataset(X.files, filesystem=X.filesystem), columns)
    if hasattr(X, "get_fragments"):
        return FragmentBlocks(X, columns)
    return None


class _Layout:
    """Which columns of a schema are the features.

    Parameters
    ----------
    schema : pyarrow.Schema
    columns : sequence of str or None
    """

    def __init__(self, schema: Any, columns: Sequence[str] | None) -> None:
        import pyarrow as pa

        self.names = list(schema.names if columns is None else columns)
        missing = [name for name in self.names if name not in schema.names]
        if missing or not self.names:
            raise ValueError(
                f"X has no column {missing[0]!r}: its columns are {', '.join(schema.names)}."
                if missing
                else "X has no columns."
            )
        types = [schema.field(name).type for name in self.names]
        lists = [t for t in types if _is_list(t)]
        advice = "Choose those of numbers, or one that holds lists of numbers, by columns=[...]"
        if lists and len(types) > 1:
            raise ValueError(
                f"X has {len(types)} columns ({', '.join(self.names)}), and "
                f"{self.names[types.index(lists[0])]!r} holds lists: rows cannot be both. {advice}."
            )
        self.is_list = bool(lists)
        values = [t.value_type if _is_list(t) else t for t in types]
        for name, kind in zip(self.names, values, strict=True):
            if not (
                pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
            ):
                raise TypeError(
                    f"Column {name!r} of X holds {kind}, and real numbers are needed. {advice}."
                )
        self.dtype = np.result_type(*(np.dtype(kind.to_pandas_dtype()) for kind in values))
        self.width: int | None = len(self.names)
        self.feature_names = None if self.is_list else self.names
        if self.is_list:
            self.width = getattr(types[0], "list_size", None)

    def numbers(self, table: Any, first: int) -> NDArray[Any]:
        """Return a table or batch as an array; its first row is that number, for messages."""
        if self.is_list:
            return self._of_lists(table.column(self.names[0]), table.num_rows, first)
        out = np.empty((table.num_rows, len(self.names)), self.dtype)
        for f, name in enumerate(self.names):
            column = table.column(name)
            self._refuse_nulls(column, name, first)
            out[:, f] = column.to_numpy(**_to_numpy(column))
        return out

    def _of_lists(self, column: Any, n: int, first: int) -> NDArray[Any]:
        import pyarrow.compute as pc

        name = self.names[0]
        self._refuse_nulls(column, name, first)
        lengths = pc.list_value_length(column)
        lengths = lengths.to_numpy(**_to_numpy(lengths))
        width = int(lengths[0]) if self.width is None else self.width
        other = np.flatnonzero(lengths != width)
        if other.size:
            raise ValueError(
                f"Column {name!r} of X holds lists of several lengths: {width}, and "
                f"{lengths[other[0]]} in row {first + other[0]}. All rows need as many numbers."
            )
        values = pc.list_flatten(column)
        if values.null_count:
            place = int(np.argmax(values.is_null().to_numpy(**_to_numpy(values))))
            raise ValueError(
                f"Column {name!r} of X has no value in row {first + place // width}, position "
                f"{place % width}. Fill such places in, or drop their rows."
            )
        return np.asarray(values.to_numpy(**_to_numpy(values))).reshape(n, width)

    @staticmethod
    def _refuse_nulls(column: Any, name: str, first: int) -> None:
        if column.null_count:
            row = int(np.argmax(column.is_null().to_numpy(**_to_numpy(column))))
            raise ValueError(
                f"Column {name!r} of X has {column.null_count} missing value(s) among the rows "
                f"from {first} on, the first in row {first + row}. Fill them in, or drop their "
                f"rows."
            )

    def measure(self, table: Any) -> None:
        """Learn the lists' length from some rows, where the type does not tell it."""
        if self.width is None:
            self.width = int(self.numbers(table, 0).shape[1])


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    types = pa.types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _to_numpy(column: Any) -> dict[str, bool]:
    """Return what lets a column be copied: a chunked array copies unasked."""
    return {} if hasattr(column, "num_chunks") else {"zero_copy_only": False}


class FragmentBlocks(Pieces):
    """A pyarrow data set; its pieces are row groups of Parquet files, or whole files.

    Neighbours that are small are one piece, and one block: files of a few rows cost no more than a
    large one, and rows that are chosen in blocks of many rows cover better.

    Parameters
    ----------
    data_set : pyarrow.dataset.Dataset
    columns : sequence of str or None
    """

    def __init__(self, data_set: Any, columns: Sequence[str] | None) -> None:
        self._layout = _Layout(data_set.schema, columns)
        fragments: list[Any] = []
        sizes: list[int] = []
        for fragment in data_set.get_fragments():
            split = getattr(fragment, "split_by_row_group", None)
            groups = [fragment] if split is None else split()
            fragments += groups
            # A row group's count_rows is that of its file.
            sizes += [
                fragment.count_rows() if split is None else sum(g.num_rows for g in own.row_groups)
                for own in groups
            ]
        if not sum(sizes):
            raise ValueError("X has no rows.")
        self._schema = data_set.schema
        self.feature_names = self._layout.feature_names
        if self._layout.width is None:
            self._layout.measure(data_set.head(1, columns=self._layout.names))
        assert self._layout.width is not None
        width, dtype = self._layout.width, self._layout.dtype
        self._fragments, sizes = joined(fragments, sizes, rows_of_block(width * dtype.itemsize))
        super().__init__(np.cumsum([0, *sizes]).astype(np.intp), width, dtype)

    def part(self, piece: int) -> "FragmentBlocks":
        """Return what a worker needs to read this piece."""
        own = object.__new__(FragmentBlocks)
        vars(own).update(vars(self), _fragments={piece: self._fragments[piece]})
        return own

    def read(self, piece: int) -> Iterator[NDArray[Any]]:
        """Yield the blocks of one piece in order."""
        size = rows_of_block(self.shape[1] * self.dtype.itemsize)
        first, n_waiting = int(self.bounds[piece]), 0
        waiting: list[NDArray[Any]] = []
        for fragment in self._fragments[piece]:
            batches = fragment.to_batches(
                schema=self._schema,
                columns=self._layout.names,
                batch_size=size,
                batch_readahead=0,
                fragment_readahead=0,
                use_threads=False,
            )
            for batch in batches:
                if n_waiting and n_waiting + batch.num_rows > size:
                    yield _put_together(waiting)
                    waiting, n_waiting = [], 0
                if batch.num_rows:
                    waiting.append(self._layout.numbers(batch, first))
                    first, n_waiting = first + batch.num_rows, n_waiting + batch.num_rows
        if waiting:
            yield _put_together(waiting)


def _put_together(blocks: list[NDArray[Any]]) -> NDArray[Any]:
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


class DatasetBlocks(Pieces):
    """A Hugging Face ``Dataset``.

    Parameters
    ----------
    data_set : datasets.Dataset
    columns : sequence of str or None
    """

    def __init__(self, data_set: Any, columns: Sequence[str] | None) -> None:
        self._layout = _Layout(data_set.features.arrow_schema, columns)
        if not len(data_set):
            raise ValueError("X has no rows.")
        self.feature_names = self._layout.feature_names
        self._data_set = data_set.with_format("arrow", columns=self._layout.names)
        self._layout.measure(self._data_set[:1])
        assert self._layout.width is not None
        width, dtype = self._layout.width, self._layout.dtype
        super().__init__(even_bounds(len(data_set), width * dtype.itemsize), width, dtype)

    def read(self, piece: int) -> Iterator[NDArray[Any]]:
        """Yield the one block of a piece."""
        first, end = self.bounds[piece : piece + 2].tolist()
        yield self._layout.numbers(self._data_set[first:end], first)

    def pick(self, piece: int, rows: NDArray[np.intp]) -> NDArray[Any]:
        """Return some rows of one piece, ascending, numbered from its first."""
        first = int(self.bounds[piece])
        return self._layout.numbers(self._data_set[(rows + first).tolist()], first)
