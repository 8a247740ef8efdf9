"""A table or an array as the input of a command."""

from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

from sklearn_zcore._words import shorten
from sklearn_zcore.handover import (
    ADDED,
    Coreset,
    Output,
    check_columns,
    format_of,
    media_of,
    write_coreset,
)
from sklearn_zcore.tables import (
    ARRAY_FORMATS,
    Origin,
    read_table,
    resolve_roles,
    spelled,
)

from ._command import refuse
from ._coreset import FORMATS
from ._errors import CliError, as_option
from ._options import CarryOptions, ColumnOptions, ImageOptions, ReadingOptions, WritingOptions
from ._output import check_output, write_together

# What is done to columns, and not with --raw; nor, with more, to those that a model embeds.
_NAME_THEM = "Name the column with the labels"
_NOT_RAW = ("max_categories", "kind", "decimal")
_NOT_EMBEDDED = ("columns", "raw", "missing", "kind", "max_categories")


@dataclass
class TableInput:
    """Rows of a table: what `FolderInput` is for images.

    Attributes
    ----------
    origin : Origin
        Where they are.
    reading, columns, images : ReadingOptions, ColumnOptions, ImageOptions
        How it is read, how its columns become numbers, and how they are embedded.
    verbose : bool
        Show a progress bar.
    source : Table
        What was read, after `read`.
    roles, used, features : Roles, Table, Features
        What its columns are used for, those that are features, and how they became numbers, after
        `prepare`.
    embedding : EmbeddingRun
        Of columns that a model embeds.
    warnings : list of str
        What must be told even to who wants to hear of nothing else.
    """

    origin: Origin
    reading: ReadingOptions
    columns: ColumnOptions
    images: ImageOptions = field(default_factory=ImageOptions)
    verbose: bool = False
    warnings: list[str] = field(default_factory=list)

    noun = "row"
    streamed: Any = None  # a selector that may take a large table block by block

    def __post_init__(self) -> None:
        """Refuse options that contradict, before any work is done."""
        columns = self.columns
        self.embedded = [columns.images] if columns.images else []
        self.embedded += [name for text in columns.text or [] for name in text.split(",")]
        if self.embedded:
            self._check_embedded("--images" if columns.images else "--text")
        if not columns.raw:
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

    def _check_embedded(self, option: str) -> None:
        """Refuse what means nothing where a model embeds columns."""
        from sklearn_zcore.embedding import EmbeddingRun

        if not self.images.model:
            raise CliError(
                f"{option} needs the model that embeds the column, and --model is missing.",
                "For example: --model clip for images, --model minilm for texts.",
            )
        given = {n: o for n, o in self.columns.given.items() if n in _NOT_EMBEDDED}
        refuse(given, f"with {option}, the embeddings are selected on, and nothing else.")
        self.embedding = EmbeddingRun(self.images, self.verbose)

    def check_output(self, writing: WritingOptions) -> Output:
        """Refuse an output that could not be written, before any work is done."""
        kind, wanted = self.origin.kind, format_of(writing.out, writing.format)
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
            sources=self.sources,
            formulas=writing.formulas,
            format=writing.format,
        )
        return replace(output, only_indices=writing.indices or output.format == ".npy")

    @property
    def sources(self) -> tuple[Path, ...]:
        """What is never overwritten."""
        return self.origin.paths

    def check_target(self, target: str | None) -> None:
        """Refuse a comparison without labels; only a data set that has a name may know its own."""
        if target is None and self.origin.paths:
            array = "; of an .npz file, an array of it: --target y" * (self.origin.kind == ".npz")
            raise CliError("--target is missing.", f"{_NAME_THEM}: --target COLUMN{array}.")

    def may_be_counted(self, output: Output) -> bool:
        """Tell whether rows can be written, and nothing else is asked that needs their values."""
        columns = self.columns
        as_they_are = self.origin.kind != ".csv" or output.only_indices or output.format == ".csv"
        asks = self.embedded or columns.raw or columns.missing not in (None, "impute")
        return as_they_are and not asks and not columns.kind

    def read(self, *, values: bool = True, limit: float | None = inf) -> int:
        """Read the table and return the number of its rows.

        Parameters
        ----------
        values : bool, default=True
            Otherwise rows are counted.
        limit : float or None, default=inf
            Bytes: a larger table is read a part at a time. None is half of what is free.
        """
        from sklearn_zcore.tables import is_beyond

        self.limit = limit
        self.on_disk = values and not self.embedded and is_beyond(self.origin, limit)
        reading, self.values = self.reading, values and not self.on_disk
        self.source = read_table(
            self.origin,
            key=reading.key,
            sep=reading.sep,
            encoding=reading.encoding,
            na_values=[value for text in reading.na_values or [] for value in text.split(",")],
            decimal=self.columns.decimal or "auto",
            header=not reading.no_header,
            split=reading.split,
            data_home=reading.data_home,
            values=self.values,
            verbose=int(self.verbose),
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
        from sklearn_zcore.tables import find_features, preparation_of, store_features

        columns = self.columns
        ignored = [target] if target in self.source.names else []
        carried = columns.carry if isinstance(columns, CarryOptions) else None
        self.roles = resolve_roles(
            self.source,
            columns.columns or self.embedded,
            [*(columns.ignore or []), *ignored],
            carried or [],
        )
        check = partial(check_columns, self.source, self._written(), output)
        if self.origin.kind == ".zarr" and output is not None:
            given = {n: o for n, o in columns.given.items() if n not in ("raw", "ignore", "carry")}
            refuse(given, "the rows of a store are taken as they are.")
            features = store_features(self.source)
        elif not self.values or self.embedded:
            check()
            features = self._embed() if self.embedded else self._unread()
        else:
            prepare = None if columns.raw else preparation_of(columns)
            missing = columns.missing or ("error" if columns.raw else "impute")
            used = self.source.select(self.roles.features)
            self.used, features = find_features(used, prepare, missing, check)
        features.notes = [spelled(note, as_option) for note in features.notes]
        features.done = [spelled(line, as_option) for line in features.done]
        self.features = features
        return features.X

    def _unread(self) -> Any:
        """Return what stands for values that have not been read: a stream, a store, or a number."""
        from sklearn_zcore.tables import LargeTable, uncounted_features

        if not self.on_disk:
            return uncounted_features(self.source.n_rows)
        used = self.source.select(self.roles.features)
        self.large = LargeTable(
            used, self.columns, limit=self.limit, streamed=self.streamed, verbose=self.verbose
        )
        return self.large.features

    def _embed(self) -> Any:
        """Return the embeddings of columns of images and texts as features."""
        from sklearn_zcore.tables import cells_to_embed, embedded_features

        more: dict[str, Any] = {"normalize": True} if len(self.embedded) > 1 else {}
        blocks, broken = [], set()
        for name in self.embedded:
            noun = "image" if name == self.columns.images else "text"
            base = self.origin.base if noun == "image" else None
            cells, called = cells_to_embed(self.source, name, base)
            X, errors = self.embedding.run(cells, called, noun, **more)
            blocks.append(X)
            broken.update(errors)
        self.used = self.source.select(self.embedded)
        models = " + ".join(self.images.model or [])
        self.warnings += self.embedding.warnings("item")
        return embedded_features(self.embedded, blocks, broken, models)

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
        from sklearn_zcore.tables import column_text, preparation_of

        target = target or self.source.target
        if target is None:
            known = shorten(self.source.names, 20)
            hint = f"{_NAME_THEM}: --target COLUMN. It has {known}."
            raise CliError("--target is missing, and the data set does not say it.", hint)
        labels = column_text(self.source, target, "--target")
        X = self.prepare(target=target)  # Says what is wrong with the columns, and what they are.
        if self.kept is not None:
            labels = labels[self.kept]
        if self.features.raw:
            return X, labels, None
        rows = self.used if self.kept is None else self.used.take(self.kept)
        return (
            rows.array if rows.table is None else rows.table,
            labels,
            preparation_of(self.columns),
        )

    def names(self) -> None:
        """Rows have numbers alone."""

    def beside(self, groups: list[str] | None) -> dict[str, Any]:
        """Return what a report shows beside the features: the columns as they were read."""
        from sklearn_zcore.tables import shown_columns

        data, named = shown_columns(self.source, self.kept, self._written(), groups or [])
        numbers = {} if self.kept is None else {ADDED[0]: self.kept}
        shown = {"data": {**numbers, **(data or {})} or None, "groups": named}
        return shown | ({"images": self._media().paths} if self.columns.images else {})

    def _media(self, rows: Any = None) -> Any:
        """Return the files of the column of images, of some rows or of those of the matrix."""
        name = self.columns.images or ""
        rows = self.kept if rows is None else rows
        part = self.source if rows is None else self.source.take(rows)
        return media_of({name: part.table[name].to_pylist()}, self.origin.base, "--images", name)

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

    def write(self, output: Output, coreset: Coreset) -> None:
        """Write the coreset: a CSV input's cells as they were, all else with the type it has."""
        from sklearn_zcore.tables import columns_of_numbers, stored_rows

        columns: Any = {}
        if not output.only_indices:
            names, is_csv = self._written(), output.format == ".csv"
            columns = stored_rows(self.source, names, coreset.rows, as_text=is_csv)
            numbers = columns_of_numbers(self.source, columns)
            csv: dict[str, Any] = self.source.csv
            style = replace(output.style, **csv, numbers=frozenset(numbers))
            output = replace(output, style=style)
        has_files = self.columns.images and output.format.startswith(("label", "fifty", "image"))
        media = self._media(coreset.rows) if has_files else self.origin.base
        with write_together(output) as new:
            write_coreset(new, output, coreset, columns, media)

    def lines(self) -> list[tuple[str, str]]:
        """Describe the input for people."""
        features, roles = self.features, self.roles
        rows = f"{self.source.n_rows:,}"
        if features.n_dropped:
            rows += (
                f", {features.n_dropped:,} dropped for missing values: {len(features.X):,} remain"
            )
        lines = [("input", self.origin.shown), ("rows", rows), ("features", features.done[0])]
        lines += [("", line) for line in features.done[1:]]
        lines += self.embedding.lines(features.X, "item") if self.embedded else []
        lines += roles.lines()
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
        from sklearn_zcore.tables import missing_by_kind, names_by_kind

        features = self.features
        kinds = names_by_kind(features.columns, self.source.names)
        return {
            "input": self.origin.shown,
            "n_rows": self.source.n_rows,
            "n_dropped": features.n_dropped,
            "n_features": sum(column.n_features for column in features.columns),
            "columns": {**kinds, "carried": self.roles.carried, "ignored": self.roles.ignored},
            "raw": features.raw,
            "missing": missing_by_kind(features.columns, features.handling),
            "notes": self.notes,
            **(self.embedding.report() if self.embedded else {}),
        }
