"""Data sets that have a name instead of a file: of OpenML, and of Hugging Face."""

import warnings
from pathlib import Path
from typing import Any

from sklearn_zcore._words import plural, shorten

from ._errors import Setting, TableError, Words, require
from ._frames import as_columns
from ._read_parquet import without_views
from ._table import Table, refuse_duplicates


def read_openml(name: str, data_home: str | None = None) -> Table:
    """Fetch a data set of OpenML, or take it from scikit-learn's cache.

    Parameters
    ----------
    name : str
        ``credit-g``; ``credit-g@1``, a version of it; or ``31``, its number.
    data_home : str or None, default=None
        Where scikit-learn keeps what it has fetched; None is its own folder, which the variable
        ``SCIKIT_LEARN_DATA`` names.

    Returns
    -------
    table : Table
        The target is one of its carried columns.
    """
    pa, pandas = require("pyarrow", "pandas", why="Reading openml:")
    from sklearn.datasets import fetch_openml

    base, _, version = name.partition("@")
    if not base or (version and not version.isdecimal()):
        raise TableError(
            f"The input openml:{name} names no data set.",
            "Write openml:NAME, openml:NAME@VERSION or openml:NUMBER, such as openml:credit-g.",
        )
    which: dict[str, Any] = {"name": base, "version": int(version) if version else "active"}
    if base.isdecimal() and not version:
        which = {"data_id": int(base)}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            found = fetch_openml(**which, as_frame=True, parser="auto", data_home=data_home)
        except OSError as error:
            raise TableError(
                f"The input openml:{name} is not in scikit-learn's cache, and could not be "
                f"fetched: {error}.",
                Words(
                    "Fetch it where there is a network, and copy the cache: {data_home} says "
                    "where it is.",
                    data_home=Setting("data_home"),
                ),
            ) from error
        except ValueError as error:
            raise TableError(f"The input openml:{name} cannot be had: {error}") from error
    assert isinstance(found.frame, pandas.DataFrame)
    columns = as_columns(found.frame)
    targets = [str(target) for target in found.target_names]
    table = Table(
        Path(f"openml:{name}"),
        "openml",
        list(columns),
        len(found.frame),
        table=pa.table(columns),
        carried=dict.fromkeys(targets, "the target of the data set"),
        target=targets[0] if len(targets) == 1 else None,
    )
    table.warnings += [" ".join(str(w.message).split()) for w in caught]
    return table


def read_hf(name: str, split: str | None = None) -> Table:
    """Load a data set of Hugging Face: of the hub, of its local cache, or of a folder.

    Parameters
    ----------
    name : str
        ``user/name``, ``user/name:config``, or a folder: what ``save_to_disk`` has written, or
        files that ``load_dataset`` knows, such as Parquet.
    split : str or None, default=None
        Which rows, as ``load_dataset`` takes it: ``"train"``, ``"train[:10%]"``. None if there
        is one only.

    Returns
    -------
    table : Table
        Labels are names. If there is one column of labels, it is carried.
    """
    (datasets,) = require("datasets", why="Reading hf:")
    data = _load(datasets, name, split)
    if hasattr(data, "keys"):
        names = list(data)
        if len(names) != 1:
            raise TableError(
                f"The input hf:{name} has {plural(len(names), 'split')}: {shorten(names)}.",
                Words("Name one: {split}.", split=Setting("split", names[0])),
            )
        data = data[names[0]]
    table = without_views(data.with_format("arrow")[:])
    names = list(table.column_names)
    refuse_duplicates(Path(f"hf:{name}"), names)
    if not names or table.num_rows == 0:
        raise TableError(f"The input hf:{name} has {len(names)} columns and {table.num_rows} rows.")
    labels = [n for n in names if isinstance(data.features[n], datasets.ClassLabel)]
    for label in labels:
        column = _named(table[label], data.features[label].names)
        table = table.set_column(names.index(label), label, column)
    target = labels[0] if len(labels) == 1 else None
    carried = {} if target is None else {target: "the label of the data set"}
    path = Path(f"hf:{name}")
    return Table(path, "hf", names, table.num_rows, table=table, carried=carried, target=target)


def _load(datasets: Any, name: str, split: str | None) -> Any:
    """Load a data set, or all of its splits."""
    folder = Path(name)
    shows = datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        if not folder.is_dir():
            base, _, config = name.partition(":")
            return datasets.load_dataset(base, config or None, split=split)
        saved = [folder / file for file in ("state.json", "dataset_dict.json")]
        if not any(file.exists() for file in saved):
            return datasets.load_dataset(str(folder), split=split)
        data = datasets.load_from_disk(str(folder))
        return data if split is None else data[split]
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise TableError(
            f"The input hf:{name} cannot be loaded: {reason}.",
            "Is it in the cache, or is there a network? A folder is hf:./FOLDER.",
        ) from error
    finally:
        if not shows:
            datasets.enable_progress_bars()


def _named(codes: Any, names: list[str]) -> Any:
    """Return the names of labels; -1 is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    codes = pc.cast(codes, pa.int32())
    known = pc.if_else(pc.less(codes, 0), pa.scalar(None, pa.int32()), codes)
    chunks = [pa.DictionaryArray.from_arrays(chunk, pa.array(names)) for chunk in known.chunks]
    return pa.chunked_array(chunks, pa.dictionary(pa.int32(), pa.string()))
