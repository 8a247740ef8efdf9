"""Rows as files that other tools read: tables, tasks to label, data sets of images."""

from sklearn_zcore.handover._columns import CsvStyle, csv_cells, write_columns
from sklearn_zcore.handover._coreset import ADDED, Coreset, make_coreset
from sklearn_zcore.handover._media import Media, media_of, put_files
from sklearn_zcore.handover._output import (
    Output,
    check_columns,
    format_of,
    write_coreset,
)
from sklearn_zcore.handover._places import check_new_folder, check_target, place_files
from sklearn_zcore.handover._records import plain_columns
from sklearn_zcore.handover._write import (
    FILE_FORMATS,
    FOLDER_FORMATS,
    write_file,
    write_folder,
)

__all__ = [
    "ADDED",
    "FILE_FORMATS",
    "FOLDER_FORMATS",
    "Coreset",
    "CsvStyle",
    "Media",
    "Output",
    "check_columns",
    "check_new_folder",
    "check_target",
    "csv_cells",
    "format_of",
    "make_coreset",
    "media_of",
    "place_files",
    "plain_columns",
    "put_files",
    "write_columns",
    "write_coreset",
    "write_file",
    "write_folder",
]
