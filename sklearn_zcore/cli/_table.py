"""A table or an array as the input of a command."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sklearn_zcore._words import shorten
from sklearn_zcore.handover import ADDED, Coreset, csv_cells
from sklearn_zcore.tables import (
    ARRAY_FORMATS,
    check_table,
    read_table,
    resolve_roles,
    shortened,
    spelled,
    spread_lists,
)

from ._command import refuse
from ._coreset import FORMATS, write_coreset
from ._errors import CliError, as_option
from ._options import CarryOptions, ColumnOptions, ReadingOptions, WritingOptions
from ._output import Output, check_output, format_of, write_together

# What is done to columns, and not with --raw.
_NOT_RAW = ("max_categories", "kind", "decimal")
_KINDS = ("numeric", "datetime", "categorical", "text", "identifier", "empty")


@dataclass
class TableInput:
    """A file of rows: what `FolderInput` is for images.

    Attributes
    ----------
    path : Path
        The file.
    reading, columns : ReadingOptions, ColumnOptions
        How it is read, and how its columns become numbers.
    source : Table
        What was read, after `read`.
    roles, used, features : Roles, Table, Features
        What its columns are used for, those that are features, and how they became numbers, after
        `prepare`.
    warnings : list of str
        What must be told even to who wants to hear of nothing else.
    """

    path: Path
    reading: ReadingOptions
    columns: ColumnOptions
    warnings: list[str] = field(default_factory=list)

    noun = "row"

    def __post_init__(self) -> None:
        """Refuse options that contradict, before any work is done."""
        if not self.columns.raw:
            return
        if self.columns.missing == "impute":
            raise CliError(
                "--raw uses the columns as they are, --missing impute changes them.",
                "Leave one of them out, or use --missing drop.",
            )
        refuse(
            {n: option for n, option in self.columns.given.items() if n in _NOT_RAW},
            "--raw uses the columns as they are; --max-categories, --kind and --decimal mean "
            "nothing to it.",
        )

    def check_output(self, writing: WritingOptions) -> Output:
        """Refuse an output that could not be written, before any work is done."""
        kind, wanted = check_table(self.path), format_of(writing.out, writing.format)
        if wanted == ".npz" and kind not in ARRAY_FORMATS:
            raise CliError(
                "A table cannot be written as .npz.", "Use .csv or .parquet; .npy for row numbers."
            )
        if writing.indices and wanted not in (".csv", ".npy", None):
            raise CliError("--indices writes .csv or .npy.", "Change the extension of --out.")
        output = check_output(
            writing.out,
            formats=FORMATS,
            force=writing.force,
            source=self.path,
            formulas=writing.formulas,
            format=writing.format,
        )
        return replace(output, only_indices=writing.indices or output.format == ".npy")

    def read(self) -> int:
        """Read the file and return the number of its rows."""
        reading = self.reading
        self.source = read_table(
            self.path,
            key=reading.key,
            sep=reading.sep,
            encoding=reading.encoding,
            na_values=tuple(v for text in reading.na_values or [] for v in text.split(",")),
            decimal=self.columns.decimal or "auto",
            header=not reading.no_header,
        )
        self.warnings += [spelled(warning, as_option) for warning in self.source.warnings]
        return self.source.n_rows

    def prepare(self, output: Output | None = None, target: str | None = None) -> Any:
        """Return the matrix that is selected on; ``target`` is no feature.

        Parameters
        ----------
        output : Output or None, default=None
            Where columns will be written to: those that it cannot hold are refused first.
        target : str or None, default=None
            The column of the labels.

        Returns
        -------
        X : ndarray of shape (n_kept, n_features)
        """
        from sklearn_zcore.tables import build_features

        columns = self.columns
        ignored = [target] if target in self.source.names else []
        carried = columns.carry if isinstance(columns, CarryOptions) else None
        self.roles = resolve_roles(
            self.source, columns.columns or [], [*(columns.ignore or []), *ignored], carried or []
        )
        if output is not None:
            self._check_written(output)
        self.used, told = spread_lists(self.source.select(self.roles.features))
        self.roles.notes.extend(spelled(note, as_option) for note in told if not columns.raw)
        prepare = None if columns.raw else preparation(columns)
        missing = columns.missing or ("error" if columns.raw else "impute")
        features = build_features(self.used, prepare, missing)
        features.notes = [spelled(note, as_option) for note in features.notes]
        features.done = [spelled(line, as_option) for line in features.done]
        self.features = features
        return features.X

    @property
    def kept(self) -> Any:
        """The row in the file of each row of the matrix; None if they are the same."""
        return self.features.kept

    @property
    def notes(self) -> list[str]:
        """What the user should know."""
        return self.roles.notes + self.features.notes

    def labelled(self, target: str | None) -> tuple[Any, Any, Any]:
        """Return rows, their labels (None where there is none), and what makes numbers of them."""
        from sklearn_zcore.tables import column_text

        labels = column_text(self.source, target or "", "--target")
        X = self.prepare(target=target)  # Says what is wrong with the columns, and what they are.
        if self.kept is not None:
            labels = labels[self.kept]
        if self.columns.raw:
            return X, labels, None
        rows = self.used if self.kept is None else self.used.take(self.kept)
        return rows.array if rows.table is None else rows.table, labels, preparation(self.columns)

    def names(self) -> None:
        """Rows have numbers alone."""

    def beside(self, groups: list[str] | None) -> dict[str, Any]:
        """Return what a report shows beside the features: the columns as they were read."""
        from sklearn_zcore.tables import shown_columns

        data, named = shown_columns(self.source, self.kept, self._written(), groups or [])
        numbers = {} if self.kept is None else {ADDED[0]: self.kept}
        return {"data": {**numbers, **(data or {})} or None, "groups": named}

    def column(self, name: str, option: str) -> Any:
        """Return a column of the rows of the matrix, as text; None where nothing stands."""
        values = self.all_values(name, option)
        return values if self.kept is None else values[self.kept]

    def all_values(self, name: str, option: str = "") -> Any:
        """Return a column of all rows of the file, as text."""
        from sklearn_zcore.tables import column_text

        return column_text(self.source, name, option)

    @property
    def n_rows(self) -> int:
        """How many rows the file has."""
        return self.source.n_rows

    def has_column(self, name: str) -> bool:
        """Return whether there is a column of that name."""
        return name in self.source.names

    def _written(self) -> list[str]:
        """Return the columns that are written."""
        ignored = set(self.roles.ignored)
        return [name for name in self.source.names if name not in ignored]

    def _check_written(self, output: Output) -> None:
        """Refuse columns that the output cannot hold."""
        if output.only_indices or output.format == ".npz":
            return
        written, source = self._written(), self.source
        if taken := [name for name in ADDED if name in written]:
            raise CliError(
                f"The input {self.path} already has the column {', '.join(taken)}, which zcore "
                "adds.",
                f"Leave it out: --ignore {','.join(taken)}.",
            )
        if output.format == ".csv" and source.table is not None and source.verbatim is None:
            for name in written:
                csv_cells(name, source.table[name].slice(0, 0))

    def write(self, output: Output, coreset: Coreset) -> None:
        """Write the coreset: a CSV input's cells as they were, all else with the type it has."""
        columns = {} if output.only_indices else self._columns(output, coreset)
        style = replace(output.style, numbers=frozenset(self._numbers()))
        if self.source.csv and not output.only_indices:
            style = replace(style, sep=self.source.csv["sep"], encoding=self.source.csv["encoding"])
        with write_together(output) as new:
            write_coreset(new, replace(output, style=style), coreset, columns, self.path)

    def _numbers(self) -> list[str]:
        """Return the columns whose cells are no text, however they are written in the file."""
        if self.source.verbatim is None:
            return []
        schema = self.source.table.schema
        return [column.name for column in schema if str(column.type) != "string"]

    def _columns(self, output: Output, coreset: Coreset) -> Any:
        """Return the columns that are written of the coreset's rows."""
        import numpy as np

        source, written = self.source, self._written()
        if source.table is not None:
            import pyarrow as pa

            verbatim = output.format == ".csv" and source.verbatim is not None
            table = source.verbatim if verbatim else source.table
            return table.select(written).take(pa.array(coreset.rows))
        X = np.asarray(source.array[coreset.rows])
        X = X.astype(X.dtype.newbyteorder("="), copy=False)  # Files may come from other machines.
        place = {name: i for i, name in enumerate(source.names)}
        return {name: X[:, place[name]] for name in written}

    def lines(self) -> list[tuple[str, str]]:
        """Describe the input for people."""
        features, roles = self.features, self.roles
        rows = f"{self.source.n_rows:,}"
        if features.n_dropped:
            rows += (
                f", {features.n_dropped:,} dropped for missing values: {len(features.X):,} remain"
            )
        lines = [("input", str(self.path)), ("rows", rows), ("features", features.done[0])]
        lines += [("", line) for line in features.done[1:]]
        if roles.carried:
            lines.append(("carried", f"{shorten(roles.carried)} (written, not used)"))
        if roles.ignored:
            lines.append(("ignored", f"{shorten(roles.ignored)} (neither used nor written)"))
        return lines

    def written(self, output: Output, order: str) -> list[tuple[str, str]]:
        """Say what was written of it."""
        content = "rows with zcore_row, _score and _rank"
        if output.format == ".npz":
            content = "X, indices, scores, ranks"
        if output.only_indices:
            content = "row numbers only"
        return [("written", f"{output.path} ({content}, by {order})")]

    def report(self) -> dict[str, Any]:
        """Describe the input for programs."""
        from sklearn_zcore.tables import missing_by_kind

        features = self.features
        kinds: dict[str, list[str]] = {kind: [] for kind in _KINDS}
        for column in features.columns:
            kinds[column.kind].append(column.name)
        kinds = {kind: shortened(names, self.source.names) for kind, names in kinds.items()}
        return {
            "input": str(self.path),
            "n_rows": self.source.n_rows,
            "n_dropped": features.n_dropped,
            "n_features": int(features.X.shape[1]),
            "columns": {**kinds, "carried": self.roles.carried, "ignored": self.roles.ignored},
            "raw": features.raw,
            "missing": missing_by_kind(features.columns, features.handling),
            "notes": self.notes,
        }


def preparation(columns: ColumnOptions) -> Any:
    """Return what makes numbers of a table's columns, unfitted."""
    from sklearn_zcore.tables import TablePreparation

    return TablePreparation(
        missing="error" if columns.missing == "error" else "impute",
        max_categories=columns.max_categories,
        kinds=_parse_kinds(columns.kind),
        decimal=columns.decimal or "auto",
    )


def _parse_kinds(given: list[str] | None) -> dict[str, str]:
    """Read ``--kind``: a column's name, an equals sign, and what it is."""
    kinds = {}
    for text in given or []:
        name, sign, kind = text.rpartition("=")
        if not sign:
            raise CliError(
                f"--kind {text!r} is not of the form NAME=KIND.",
                "For example: --kind zip=categorical.",
            )
        kinds[name] = kind
    return kinds
