"""What each tool reads: its file, or its folder."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from sklearn_zcore.tables import Setting, TableError, Words

from ._columns import CsvStyle, write_columns
from ._media import Media, put_files
from ._records import plain_columns, records

# Names of every sample of FiftyOne.
_FIFTYONE_OWN = {"created_at", "filepath", "id", "last_modified_at", "media_type", "metadata"}
_FIFTYONE_OWN |= {"tags", "ground_truth"}


def write_file(format: str, file: IO[bytes], columns: Any, media: Media | None = None) -> None:
    """Write rows as a file that another tool reads.

    Parameters
    ----------
    format : {"jsonl", "label-studio"}
        JSON, one object a line; or the tasks of a project of Label Studio.
    file : binary file
        Where to.
    columns : dict of str to sequence, or pyarrow.Table
        The rows.
    media : Media or None, default=None
        The files that they are about.

    Raises
    ------
    TableError
        If a column holds what JSON cannot.
    """
    rows = records(FILE_FORMATS[format](plain_columns(columns), media))
    if format == "jsonl":
        for row in rows:
            file.write(_as_json(row) + b"\n")
        return
    file.write(b"[\n" + b",\n".join(_as_json({"data": row}) for row in rows) + b"\n]\n")


def _as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def _as_they_are(columns: dict[str, list[Any]], media: Media | None) -> dict[str, list[Any]]:
    return columns


def _with_urls(columns: dict[str, list[Any]], media: Media | None) -> dict[str, list[Any]]:
    """Return the columns with a column ``image`` that Label Studio serves from a local folder."""
    if media is None:
        return columns
    urls = [f"/data/local-files/?d={quote(_text(name))}" for name in media.names()]
    return {"image": urls} | columns


def write_folder(format: str, folder: Path, columns: Any, media: Media) -> None:
    """Write rows as a folder that another tool reads.

    Parameters
    ----------
    format : {"fiftyone", "imagefolder"}
        A data set of FiftyOne, whose files stay where they are; or a copy of the files, with a
        ``metadata.csv``, which Hugging Face's ``load_dataset("imagefolder")`` reads.
    folder : Path
        An empty folder.
    columns : dict of str to sequence, or pyarrow.Table
        The rows.
    media : Media
        The files that they are about.

    Raises
    ------
    TableError
        If a column holds what the tool cannot take, or a file has a name that is no text.
    OSError
        If a file cannot be copied.
    """
    FOLDER_FORMATS[format](folder, plain_columns(columns), media)


def _write_fiftyone(folder: Path, columns: dict[str, list[Any]], media: Media) -> None:
    """Write ``samples.json``: a dict for each sample, whose keys are its fields."""
    fields: dict[str, list[Any]] = {"filepath": [_text(path) for path in media.paths]}
    fields["tags"] = [["coreset"]] * len(media.paths)
    for name, values in columns.items():
        if name == "label":
            fields["ground_truth"] = [
                None if value is None else {"_cls": "Classification", "label": str(value)}
                for value in values
            ]
        else:
            fields[_field_name(name, {*fields, *columns} - {name})] = values
    samples = [
        {name: value for name, value in row.items() if value is not None} for row in records(fields)
    ]
    (folder / "samples.json").write_bytes(_as_json({"samples": samples}))


def _field_name(name: str, taken: set[str]) -> str:
    """Return a name that a field of FiftyOne can have."""
    field = name.replace(".", "_").lstrip("_") or "column"
    while field in _FIFTYONE_OWN | taken:
        field += "_"
    return field


def _write_imagefolder(folder: Path, columns: dict[str, list[Any]], media: Media) -> None:
    """Copy the files, and write ``metadata.csv`` with the column ``file_name``."""
    if "image" in columns:
        raise TableError(
            "The column 'image' would stand beside the images themselves, which are called so.",
            Words("Rename it, or leave it out: {ignore}.", ignore=Setting("ignore", "image")),
        )
    table = {"file_name": [_text(name) for name in media.names()]}
    table |= {
        name: [_cell(value) for value in values]
        for name, values in columns.items()
        if name != "file_name"
    }
    put_files(media, folder)
    with (folder / "metadata.csv").open("wb") as file:
        # For a reader that has to find the files: no apostrophe before what looks like a formula.
        write_columns(file, "csv", table, CsvStyle(escape_formulas=False))


def _cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else value


def _text(path: str) -> str:
    """Return a path that is text, or say that it is none."""
    try:
        path.encode()
    except UnicodeEncodeError:
        raise TableError(
            f"The name of the file {path.encode(errors='surrogateescape')!r} is no UTF-8, and "
            f"other tools would not find it.",
            "Rename it.",
        ) from None
    return path


FILE_FORMATS: dict[str, Callable[..., dict[str, list[Any]]]] = {
    "jsonl": _as_they_are,
    "label-studio": _with_urls,
}
FOLDER_FORMATS: dict[str, Callable[[Path, dict[str, list[Any]], Media], None]] = {
    "fiftyone": _write_fiftyone,
    "imagefolder": _write_imagefolder,
}
