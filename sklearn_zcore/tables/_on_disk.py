"""Features of tables that are larger than memory: a stream, or numbers in a store on disk."""

from collections.abc import Sequence
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

_NEED_NO_VALUES = ("selected", "weight_by", "weights")
_SHARE_OF_FREE = 0.5  # of memory: what a table may take
_LEAST_DRAWN, _MOST_DRAWN = 1_000, 100_000
_BYTES_A_CELL_DRAWN = 100
_BYTES_A_NUMBER_KEPT = 24  # measured: 12, and what ranking them takes
# Bytes in memory for one of a file, as text and numbers: measured, with room to spare.
_GROWTH = {"": 2.5, ".gz": 10.0, ".bz2": 12.0, ".xz": 12.0}


def is_beyond(origin: Origin, limit: float | None = None) -> bool:
    """Tell whether a table takes more memory than there is for it.

    Parameters
    ----------
    origin : Origin
        Files; only CSV and Parquet can be read a part at a time.
    limit : float or None, default=None
        Bytes; None is half of what is free.
    """
    limit = _limit() if limit is None else limit
    return limit is not None and _bytes_of(origin) > limit


def _limit() -> int | None:
    free = free_memory()
    return None if free is None else int(_SHARE_OF_FREE * free)


def _rows_to_draw(n_columns: int, limit: float | None) -> int:
    """Return from how many rows is learned what the columns hold; more than one kind of copy is."""
    n = _MOST_DRAWN if limit is None else limit // (_BYTES_A_CELL_DRAWN * n_columns)
    return int(max(_LEAST_DRAWN, min(n, _MOST_DRAWN)))


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


class LargeTable:
    """The rows of a table that is larger than memory, as numbers.

    Parameters
    ----------
    source : Table
        The columns that are features, with rows that can be read again, and without values.
    options : object
        With the command's options of columns as attributes.
    limit : float or None, default=None
        Bytes that may be taken; None is half of what is free.
    streamed : selector or None, default=None
        That takes a stream, see `takes_stream`. If it does not, or there is none, the numbers are
        written to a store on disk, which is there as long as this is.
    verbose : int
        Show progress bars.

    Attributes
    ----------
    features : Features
        ``X`` is a `TableStream` for the selector, or a `ColumnStore`.
    """

    def __init__(
        self,
        source: Table,
        options: Any,
        *,
        limit: float | None = None,
        streamed: Any = None,
        verbose: int = 0,
    ) -> None:
        refuse_on_disk(options.given if options.missing == "drop" else {}, only=("missing",))
        prepare = None if options.raw else preparation_of(options)
        names, rows = source.names, source.file_rows
        assert rows is not None
        limit = _limit() if limit is None else limit

        def blocks(some: list[str]) -> Any:
            with progress_bar(verbose, "Reading", "rows") as progress:
                progress.add_total(source.n_rows)
                for block in rows.blocks(some):
                    yield block
                    progress.advance(block.num_rows)

        n_drawn = _rows_to_draw(len(names), limit)
        stream = TableStream(source.path, names, blocks, prepare, infer=rows.infer, n_drawn=n_drawn)
        X: Any = stream
        if not takes_stream(streamed, stream.shape, limit):
            self._spool = Spool()
            X = temporary_store(
                RowStream(iter(stream), stream.n_rows), self._spool.folder, verbose=verbose
            )
        self.features = _features_of(X, names, prepare)
        if prepare is not None:
            self.features.notes = [*stream.notes, *self.features.notes]


def takes_stream(selector: Any, shape: tuple[int, int], limit: float | None) -> bool:
    """Tell whether a selector can take rows block by block, in the memory that there is.

    Parameters
    ----------
    selector : object
        With its budget.
    shape : tuple of int
        Rows and features.
    limit : float or None
        Bytes; None is as many as it takes.
    """
    n_rows, n_features = shape
    if not hasattr(selector, "max_rows_kept"):
        return False
    try:
        n_kept = selector.max_rows_kept(n_rows)
    except ValueError:  # with these parameters it needs all rows at once
        return False
    return limit is None or n_kept * (n_features + 4) * _BYTES_A_NUMBER_KEPT <= limit


def fit_rows(selector: Any, X: Any, **keywords: Any) -> None:
    """Fit a selector to rows in memory or in a store; or to those of a stream, block by block.

    Parameters
    ----------
    selector : estimator
    X : object
        A `TableStream`, or what ``fit`` takes.
    **keywords : object
        Of ``fit``; for a stream ``sample_weight`` only.
    """
    if not isinstance(X, TableStream):
        selector.fit(X, **keywords)
        return
    weights, start = keywords.get("sample_weight"), 0
    for block in X:
        some = None if weights is None else weights[start : start + len(block)]
        selector.partial_fit(block, sample_weight=some)
        start += len(block)
    selector.get_support(indices=True)  # now it is ranked


def _features_of(X: Any, names: list[str], prepare: TablePreparation | None) -> Features:
    how = "kept in a store on disk" if isinstance(X, ColumnStore) else "taken a part at a time"
    told = f"{how}: the table is larger than the memory for it"
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


def refuse_on_disk(given: dict[str, str], only: Sequence[str] = (), selector: Any = None) -> None:
    """Refuse what needs the values of all rows in memory.

    Parameters
    ----------
    given : dict of str to str
        The options that were given, by name.
    only : sequence of str, default=()
        Those that do; none is all but some.
    selector : estimator or None, default=None
        Refused if it fits no `ColumnStore`.

    Raises
    ------
    TableError
        Naming them.
    """
    needing = [o for n, o in given.items() if (n in only if only else n not in _NEED_NO_VALUES)]
    if selector is not None and not selector.fits_stores:
        needing.append(type(selector).__name__)
    if needing:
        raise TableError(
            f"{', '.join(needing)}: needs the values of all rows, and the table is larger than the "
            f"memory for it.",
            Words("Leave it out, or allow more: {memory}.", memory=Setting("memory", "SIZE")),
        )
