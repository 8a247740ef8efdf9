"""A table larger than memory as numbers, some rows at a time."""

import warnings
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_zcore._words import plural, shorten

from ._errors import TableError
from ._lists import spread_lists
from ._preparation import TablePreparation
from ._raw import raw_numbers
from ._table import Table

# Of a block, of which several copies are made: as cells, with types, as numbers.
_ROWS_AT_ONCE = 2**14
_NUMBERS_AT_ONCE = 2**22


class TableStream:
    """Rows of a CSV or Parquet file as numbers, block by block, in the order of the file.

    The file is read twice. The first pass, which creating this makes, counts the rows and draws
    some at random: from these the preparation learns what each column is, its scale and its
    categories. Iterating makes the second pass, and may be done again. At no time are more than a
    block and the drawn rows in memory.

    All rows are then treated as a preparation treats any but its training rows: categories that
    none of the drawn ones has are no feature, and a cell that cannot be read as what its column
    holds is missing, and warned of.

    Parameters
    ----------
    path : path-like
        The file, for messages.
    names : list of str
        The columns that are features.
    blocks : callable
        Takes names of columns; returns all rows from the first on, some at a time, as tables of
        pyarrow. It is called once for each pass.
    preparation : TablePreparation or None
        What makes numbers of the columns; it is fitted on the drawn rows. It must not leave out
        rows. None takes the columns as they are, which must then be complete numbers.
    infer : callable or None, default=None
        For CSV files, whose blocks hold text: gives a column of text the narrowest type that all
        its values have. Columns get the types that those of the drawn rows have.
    n_drawn : int, default=100_000
        Rows to draw.
    random_state : int, default=0
        Seed of the draw.

    Attributes
    ----------
    n_rows : int
        Rows of the file.
    shape : tuple of int
        Rows, and features.
    drawn : Table
        The drawn rows, in the order of the file; all of them where the file has no more.
    notes : list of str
        What was found out about columns that hold lists of numbers.

    Raises
    ------
    TableError
        As reading the file and `TablePreparation` raise it; if there are no rows.

    Examples
    --------
    A coreset of a file, through `FacilityLocationSelector.partial_fit`:

    >>> import pyarrow as pa
    >>> from sklearn_zcore import FacilityLocationSelector
    >>> from sklearn_zcore.tables import TablePreparation, TableStream
    >>> parts = [pa.table({"age": [31, 45], "city": ["Ulm", "Bonn"]}) for _ in range(50)]
    >>> def blocks(names):  # for instance, row groups of a Parquet file
    ...     return (part.select(names) for part in parts)
    >>> stream = TableStream("people.parquet", ["age", "city"], blocks, TablePreparation())
    >>> selector = FacilityLocationSelector(budget=2, random_state=0)
    >>> for X in stream:
    ...     selector = selector.partial_fit(X)
    >>> stream.n_rows, selector.n_samples_seen_
    (100, 100)
    >>> sorted(stream.drawn.table["city"].take(pa.array(selector.indices_)).to_pylist())
    ['Bonn', 'Ulm']
    """

    def __init__(
        self,
        path: Any,
        names: list[str],
        blocks: Callable[[list[str]], Iterable[Any]],
        preparation: TablePreparation | None,
        *,
        infer: Callable[[Any], Any] | None = None,
        n_drawn: int = 100_000,
        random_state: int = 0,
    ) -> None:
        self.path, self.names, self.preparation = Path(path), list(names), preparation
        self._blocks, self._infer = blocks, infer
        self._told: set[str] = set()
        drawn, self.n_rows = _draw(blocks(self.names), n_drawn, random_state)
        if drawn is None:
            raise TableError(f"The input {path} has no rows.")
        if infer is not None:
            drawn = _map_columns(drawn, lambda _, column: infer(column))
        self._types = {field.name: field.type for field in drawn.schema}
        self.drawn = Table(self.path, "", self.names, drawn.num_rows, table=drawn)
        kinds = None if preparation is None else preparation.kinds
        first_row = 0 if drawn.num_rows == self.n_rows else None
        spread, self.notes, self._widths = spread_lists(
            self.drawn, as_it_is=kinds or (), first_row=first_row
        )
        if preparation is None:
            n_features = len(spread.names)
        else:
            n_features = len(preparation.fit(spread).get_feature_names_out())
        self.shape = self.n_rows, n_features

    def __len__(self) -> int:
        return self.n_rows

    def __iter__(self) -> Generator[np.ndarray]:
        """Yield arrays of shape (n_rows_of_block, n_features) with all rows, in order."""
        n_most = min(_ROWS_AT_ONCE, max(1, _NUMBERS_AT_ONCE // self.shape[1]))
        n_before = 0
        for block in self._blocks(self.names):
            for first in range(0, block.num_rows, n_most):
                yield self._numbers(block.slice(first, n_most), n_before + first)
            n_before += block.num_rows

    def _numbers(self, block: Any, first_row: int) -> np.ndarray:
        if self._infer is not None:
            block = _map_columns(block, self._with_type)
        rows = Table(self.path, "", self.names, block.num_rows, table=block)
        rows = spread_lists(rows, known=self._widths, first_row=first_row).table
        if self.preparation is None:
            return np.asarray(raw_numbers(rows, missing="error").X)
        return self.preparation.transform(rows)

    def _with_type(self, name: str, text: Any) -> Any:
        """Give a column of text the type that it has among the drawn rows."""
        import pyarrow as pa
        import pyarrow.compute as pc

        assert self._infer is not None
        wanted, found = self._types[name], self._infer(text)
        if found.type == wanted:
            return found
        if pa.types.is_null(found.type):
            return pa.chunked_array([pa.nulls(len(text), wanted)])
        numbers = (pa.types.is_integer, pa.types.is_floating)
        if all(any(is_kind(kind) for is_kind in numbers) for kind in (wanted, found.type)):
            return found
        if pa.types.is_string(wanted) or pa.types.is_null(wanted):
            return pc.if_else(pc.is_null(found), pa.scalar(None, pa.string()), text)
        return self._cell_by_cell(name, text, wanted)

    def _cell_by_cell(self, name: str, text: Any, wanted: Any) -> Any:
        """Give what can be read that type; the other cells are missing, and that is told once."""
        import pyarrow as pa

        encoded = text.combine_chunks().dictionary_encode()
        values, bad = [], []
        for cell in encoded.dictionary:
            typed = self._infer(pa.chunked_array([pa.array([cell.as_py()])]))  # type: ignore[misc]
            try:
                values.append(typed.cast(wanted)[0].as_py())
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                values.append(None)
                bad.append(cell.as_py())
        if bad and name not in self._told:
            self._told.add(name)
            warnings.warn(
                f"Column {name!r} holds {wanted} in the {plural(self.drawn.n_rows, 'row')} that it "
                f"was learned from, and {plural(len(bad), 'value')} of other rows cannot be read "
                f"so: {shorten(bad)}. Taken for missing.",
                UserWarning,
                stacklevel=2,
            )
        return pa.chunked_array([pa.array(values, wanted).take(encoded.indices)])


def _map_columns(table: Any, function: Callable[[str, Any], Any]) -> Any:
    import pyarrow as pa

    return pa.table({name: function(name, table[name]) for name in table.column_names})


def _draw(blocks: Iterable[Any], n_drawn: int, seed: int) -> tuple[Any, int]:
    """Draw rows without replacement, in one pass; return them in order, and how many there are.

    Every row gets a random key, and the lowest stay.
    """
    import pyarrow as pa

    rng = np.random.default_rng(seed)
    kept: list[Any] = []
    keys: list[np.ndarray] = []
    n_rows, limit = 0, 1.0
    for block in blocks:
        own = rng.random(block.num_rows)
        n_rows += block.num_rows
        some = np.flatnonzero(own < limit)
        if not some.size and kept:
            continue
        kept.append(block.take(pa.array(some)))
        keys.append(own[some])
        if sum(map(len, keys)) > 2 * n_drawn:
            kept, keys = _lowest(kept, keys, n_drawn)
            limit = float(keys[0].max())
    if not n_rows:
        return None, 0
    kept, _ = _lowest(kept, keys, n_drawn)
    return kept[0], n_rows


def _lowest(parts: list[Any], keys: list[np.ndarray], n: int) -> tuple[list[Any], list[np.ndarray]]:
    import pyarrow as pa

    joined = np.concatenate(keys)
    rows = np.sort(np.argsort(joined, kind="stable")[:n])
    table = pa.concat_tables(parts).take(pa.array(rows)).combine_chunks()
    return [table], [joined[rows]]
