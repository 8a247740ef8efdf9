"""Features of tables that are larger than memory: numbers in a store on disk."""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from sklearn_zcore._progress import progress_bar
from sklearn_zcore._resources import free_memory
from sklearn_zcore.rows import ColumnStore, RowStream, temporary_store

from ._errors import Setting, TableError, Words
from ._features import Features, preparation_of
from ._origin import Origin, Spool
from ._packed import packing
from ._preparation import TablePreparation
from ._read_parquet import opened_parquet
from ._report import PreparedColumn
from ._stream import TableStream
from ._table import Table
from ._typed import infer

_STREAMED = ("min_distance", "weights")
_SHARE_OF_FREE = 0.5  # of memory: what a table may take
# Bytes in memory for one of a file, as text and numbers: measured, with room to spare.
_GROWTH = {"": 2.5, ".gz": 10.0, ".bz2": 12.0, ".xz": 12.0}


def is_beyond(origin: Origin, limit: int | None = None) -> bool:
    """Tell whether a table takes more memory than there is for it.

    Parameters
    ----------
    origin : Origin
        Files; only CSV and Parquet can be read a part at a time.
    limit : int or None, default=None
        Bytes; None is half of what is free.
    """
    if limit is None:
        free = free_memory()
        limit = None if free is None else int(_SHARE_OF_FREE * free)
    return limit is not None and _bytes_of(origin) > limit


def _bytes_of(origin: Origin) -> float:
    if origin.kind == ".csv":
        return sum(_GROWTH[packing(path)] * path.stat().st_size for path in origin.paths)
    if origin.kind != ".parquet":
        return 0
    total = 0
    for path in origin.paths:
        with opened_parquet(path) as file:
            groups = [file.metadata.row_group(i) for i in range(file.num_row_groups)]
            values = 12 * file.metadata.num_rows * file.metadata.num_columns
            total += max(values, 2 * sum(group.total_byte_size for group in groups))
    return total


class StoredFeatures:
    """The rows of a table as numbers, in a store that is there as long as this is.

    Parameters
    ----------
    source : Table
        With rows that can be read again, and without values.
    names : list of str
        The columns that are features.
    options : object
        With the command's options of columns as attributes.
    na_values : tuple of str
        What else stands for a missing value in a CSV file.
    verbose : int
        Show progress bars.

    Attributes
    ----------
    features : Features
        ``X`` is a `ColumnStore`.
    """

    def __init__(
        self,
        source: Table,
        names: list[str],
        options: Any,
        *,
        na_values: tuple[str, ...] = (),
        verbose: int = 0,
    ) -> None:
        refuse_on_disk(options.given if options.missing == "drop" else {}, only=("missing",))
        prepare = None if options.raw else preparation_of(options)
        decimal = options.decimal or "auto"
        self._spool = Spool()
        typed = partial(infer, na_values=na_values, decimal=decimal) if source.csv else None
        with ExitStack() as shown:
            progress = shown.enter_context(progress_bar(verbose, "Reading", "rows"))
            progress.add_total(2 * source.n_rows)

            def blocks(some: list[str]) -> Any:
                assert source.file_rows is not None
                for block in source.file_rows.blocks(some):
                    yield block
                    progress.advance(block.num_rows)

            stream = TableStream(source.path, names, blocks, prepare, infer=typed)

            def numbers() -> Any:
                yield from stream
                shown.close()  # before the progress of what follows is shown

            rows = RowStream(numbers(), stream.n_rows)
            X = temporary_store(rows, self._spool.folder, verbose=verbose)
        self.features = _features_of(X, names, prepare)


def _features_of(X: ColumnStore, names: list[str], prepare: TablePreparation | None) -> Features:
    told = "kept in a store on disk: the table is larger than the memory for it"
    if prepare is None:
        columns = [PreparedColumn(name, "numeric", "as it is", 1, 0) for name in names]
        done: list[str] = [
            Words("{n} as they are ({raw})", n=f"{X.shape[1]:,}", raw=Setting("raw")),
            told,
        ]
        return Features(X, columns, [], done, None, True, "error")
    drawn = "what the columns are was learned from rows drawn at random"
    done = [*prepare.report()[: -len(prepare.notes_) or None], told, drawn]
    return Features(X, prepare.columns_, prepare.notes_, done, None, False, "impute")


def refuse_on_disk(given: dict[str, str], only: Sequence[str] = ()) -> None:
    """Refuse options that need the values of all rows in memory.

    Parameters
    ----------
    given : dict of str to str
        The options that were given, by name.
    only : sequence of str, default=()
        Those that do; none is all but some.
    """
    given = {n: o for n, o in given.items() if (n in only if only else n not in _STREAMED)}
    if given:
        raise TableError(
            f"{', '.join(given.values())}: needs the values of all rows, and the table is larger "
            f"than the memory for it.",
            Words("Leave it out, or allow more: {memory}.", memory=Setting("memory", "SIZE")),
        )
