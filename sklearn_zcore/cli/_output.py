"""Writing the coreset: checked before the work starts, whole or not at all."""

import csv
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sklearn_zcore.tables import TABLE_FORMATS, Table, file_format

from ._errors import CliError, require

ADDED = ("zcore_row", "zcore_score", "zcore_rank")
_FORMATS = (".csv", ".parquet", ".npy", ".npz")


@dataclass
class Coreset:
    """The selected rows, in the order in which they are written.

    Attributes
    ----------
    rows : ndarray of int64
        Row numbers in the input, from 0.
    scores : ndarray
        Their scores.
    ranks : ndarray of int64
        Their ranks; 1 is the most valuable row.
    """

    rows: Any
    scores: Any
    ranks: Any


@dataclass
class Output:
    """Where the coreset goes and in which form.

    Attributes
    ----------
    path : Path
        The file.
    format : str
        ``.csv``, ``.parquet``, ``.npy`` or ``.npz``.
    only_indices : bool
        Whether only the row numbers are written.
    """

    path: Path
    format: str
    only_indices: bool


def check_output(
    path: Path, *, source: Path, source_format: str, only_indices: bool, force: bool
) -> Output:
    """Refuse an output that could not be written, before any work is done.

    Parameters
    ----------
    path : Path
        The file to write.
    source : Path
        The input, which is never overwritten.
    source_format : str
        The input's format.
    only_indices : bool
        Write only row numbers.
    force : bool
        Overwrite an existing file.

    Returns
    -------
    output : Output
        Where and how to write.
    """
    kind = file_format(path)
    if path.is_dir():
        raise CliError(f"The output {path} is a directory.", f"Name a file: {path}/coreset.csv.")
    if kind not in _FORMATS or path.name.lower().endswith(".gz"):
        raise CliError(
            f"The output {path} has an extension that zcore does not write.",
            f"It writes {', '.join(_FORMATS)}.",
        )
    if kind == ".npz" and source_format in TABLE_FORMATS:
        raise CliError(
            "A table cannot be written as .npz.", "Use .csv or .parquet; .npy for row numbers."
        )
    if only_indices and kind not in (".csv", ".npy"):
        raise CliError("--indices writes .csv or .npy.", "Change the extension of --out.")
    if kind == ".parquet":
        require("pyarrow", "pyarrow.parquet", why="Writing .parquet")
    if path.exists() and source.exists() and os.path.samefile(path, source):
        raise CliError(f"The output {path} is the input itself.", "Name another file.")
    if path.exists() and not force:
        raise CliError(f"The output {path} exists.", "Overwrite it with --force, or name another.")
    probe_directory(path)
    return Output(path, kind, only_indices or kind == ".npy")


def probe_directory(path: Path) -> None:
    """Make and remove a file beside the output: the only test of a directory that is sure."""
    if not path.parent.exists():
        raise CliError(
            f"The output's directory {path.parent} does not exist.", "Make it, or name another."
        )
    try:
        handle, temporary = _create_beside(Path(os.path.realpath(path)))
        os.close(handle)
        os.unlink(temporary)
    except OSError as error:
        raise CliError(
            f"The output's directory {path.parent} cannot be written to: {error.strerror}.",
            "Name a file in another directory.",
        ) from error


def check_columns(source: Table, written: list[str], output: Output) -> None:
    """Refuse columns that the output cannot hold.

    Parameters
    ----------
    source : Source
        The input.
    written : list of str
        Its columns that are to be written.
    output : Output
        Where and how.
    """
    if output.only_indices or output.format == ".npz":
        return
    taken = [name for name in ADDED if name in written]
    if taken:
        raise CliError(
            f"The input {source.path} already has the column {', '.join(taken)}, which zcore adds.",
            f"Leave it out: --ignore {','.join(taken)}.",
        )
    if output.format == ".csv" and source.table is not None and source.verbatim is None:
        for name in written:
            _cells(name, source.table[name].slice(0, 0))


def _create_beside(path: Path) -> tuple[int, Path]:
    """Create a file of a new name in the same directory, with the usual permissions."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    return os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), temporary


@contextmanager
def atomic(path: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """Open a file that appears under its name only when it is whole and on disk.

    Parameters
    ----------
    path : Path
        The final name.
    force : bool
        Replace what is there.

    Yields
    ------
    file : binary file
        To write to.
    """
    path = Path(os.path.realpath(path))  # Replace what a link points to, not the link.
    handle, temporary = _create_beside(path)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            if not force:
                raise CliError(
                    f"The output {path} was made by another program in the meantime.",
                    "Overwrite it with --force, or name another.",
                )
            os.chmod(temporary, path.stat().st_mode & 0o7777)
        os.replace(temporary, path)
    finally:
        # Also after Ctrl-C and on a full disk; after the replacement there is nothing left.
        temporary.unlink(missing_ok=True)


def write_coreset(
    output: Output, source: Table, written: list[str], coreset: Coreset, *, force: bool
) -> None:
    """Write the selected rows.

    Parameters
    ----------
    output : Output
        Where and how.
    source : Source
        The input.
    written : list of str
        Its columns that are written.
    coreset : Coreset
        The rows.
    force : bool
        Overwrite an existing file.
    """
    writer: Callable[..., None]
    if output.format == ".npy":
        writer = _write_npy
    elif output.format == ".npz":
        writer = _write_npz
    elif output.format == ".parquet":
        writer = _write_parquet
    else:
        writer = _write_csv_indices if output.only_indices else _write_csv
    try:
        with atomic(output.path, force=force) as file:
            writer(file, source, written, coreset)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CliError(
            f"The output {output.path} could not be written: {reason}. Nothing is left of it."
        ) from error


def _write_npy(file: IO[bytes], source: Table, written: list[str], coreset: Coreset) -> None:
    """Write the row numbers."""
    import numpy as np

    np.save(file, coreset.rows, allow_pickle=False)


def _write_npz(file: IO[bytes], source: Table, written: list[str], coreset: Coreset) -> None:
    """Write the rows of an array with their numbers, scores and ranks."""
    import numpy as np

    np.savez(
        file,
        X=_array_rows(source, written, coreset),
        indices=coreset.rows,
        scores=coreset.scores,
        ranks=coreset.ranks,
    )


def _array_rows(source: Table, written: list[str], coreset: Coreset) -> Any:
    """Return the selected rows of an array in the dtype it has."""
    import numpy as np

    X = np.asarray(source.array[coreset.rows])
    X = X.astype(X.dtype.newbyteorder("="), copy=False)  # Files may come from other machines.
    if len(written) == len(source.names):
        return X
    place = {name: i for i, name in enumerate(source.names)}
    return X[:, [place[name] for name in written]]


def _added(coreset: Coreset) -> dict[str, Any]:
    """Return the columns that zcore adds."""
    return dict(zip(ADDED, (coreset.rows, coreset.scores, coreset.ranks), strict=True))


def _write_parquet(file: IO[bytes], source: Table, written: list[str], coreset: Coreset) -> None:
    """Write the rows with the types they have in the input."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    if source.table is not None:
        table = source.table.select(written).take(pa.array(coreset.rows))
    else:
        X = _array_rows(source, written, coreset)
        if X.dtype == np.float16:
            X = X.astype(np.float32)  # Few readers of Parquet know half precision.
        table = pa.table({name: np.ascontiguousarray(X[:, i]) for i, name in enumerate(written)})
    for name, values in _added(coreset).items():
        table = table.append_column(name, pa.array(values))
    pq.write_table(table, file, compression="zstd")


def _write_csv(file: IO[bytes], source: Table, written: list[str], coreset: Coreset) -> None:
    """Write the rows as text: a CSV input's cells stay as they were written."""
    columns: list[list[str]]
    if source.table is not None:
        import pyarrow as pa

        table = source.verbatim if source.verbatim is not None else source.table
        part = table.select(written).take(pa.array(coreset.rows))
        columns = [_cells(name, part[name]) for name in written]
    else:
        X = _array_rows(source, written, coreset)
        columns = [_number_cells(X[:, i]) for i in range(len(written))]
    columns += [_number_cells(values) for values in _added(coreset).values()]
    _write_lines(file, [*written, *ADDED], columns, source.csv)


def _write_csv_indices(
    file: IO[bytes], source: Table, written: list[str], coreset: Coreset
) -> None:
    """Write one column of row numbers."""
    _write_lines(file, [ADDED[0]], [_number_cells(coreset.rows)], {})


def _write_lines(
    file: IO[bytes], header: list[str], columns: list[list[str]], dialect: dict[str, str]
) -> None:
    """Write columns of text in the separator and encoding of the input."""
    import io

    text = io.TextIOWrapper(file, encoding=dialect.get("encoding", "utf-8"), newline="")
    lines = csv.writer(text, delimiter=dialect.get("sep", ","), lineterminator="\n")
    lines.writerow(header)
    lines.writerows(zip(*columns, strict=True))
    text.flush()
    text.detach()


def _number_cells(values: Any) -> list[str]:
    """Write numbers with the digits that give back the same number, and NaN as nothing."""
    import numpy as np

    values = np.asarray(values)
    cells: list[str] = values.astype(str).tolist()
    if values.dtype.kind == "f":
        return ["" if hole else cell for cell, hole in zip(cells, np.isnan(values), strict=True)]
    return cells


def _cells(name: str, column: Any) -> list[str]:
    """Write a typed column as text, with nothing for a missing value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    if pa.types.is_floating(column.type):
        return _number_cells(column.to_numpy())
    try:
        text = pc.cast(column, pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
        raise CliError(
            f"Column {name!r} of type {column.type} cannot be written as CSV.",
            "Write .parquet instead, or leave the column out: --ignore.",
        ) from error
    return ["" if value is None else value for value in text.to_pylist()]
