"""Rows as files that other tools read: tables, tasks to label, data sets of images."""

from sklearn_zcore.handover._columns import CsvStyle, csv_cells, write_columns
from sklearn_zcore.handover._media import Media, media_of, put_files
from sklearn_zcore.handover._records import plain_columns
from sklearn_zcore.handover._write import (
    FILE_FORMATS,
    FOLDER_FORMATS,
    write_file,
    write_folder,
)

__all__ = [
    "FILE_FORMATS",
    "FOLDER_FORMATS",
    "CsvStyle",
    "Media",
    "csv_cells",
    "media_of",
    "plain_columns",
    "put_files",
    "write_columns",
    "write_file",
    "write_folder",
]
