"""The options of ``zcore select``, in groups, with the help that teaches them."""

from pathlib import Path
from typing import Annotated

import typer

_INPUT, _COLUMNS, _SELECTION = "Reading the table", "Columns", "Selection"
_WRITING, _OTHER = "Writing the coreset", "Other"

Table = Annotated[
    Path,
    typer.Argument(
        metavar="TABLE",
        help="The input: .csv, .csv.gz, .tsv, .parquet, .npy or .npz, one row per sample; or a "
        "folder of images, with --model.",
        show_default=False,
    ),
]

Budget = Annotated[
    str,
    typer.Option(
        "--budget",
        "-b",
        metavar="SIZE",
        help="How much to select: a percentage (10%), a fraction (0.1) or a number of rows "
        "(500). Shares are rounded down.",
        show_default=False,
    ),
]

Out = Annotated[
    Path,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="The output. .csv, .parquet: the rows with all columns as they were, and "
        "zcore_row (from 0), zcore_score, zcore_rank (1 = most valuable). .npy: the row "
        "numbers. .npz (for arrays): X, indices, scores, ranks. A CSV keeps the separator and "
        "encoding of a CSV input; the columns of an array are f0, f1, ...",
        show_default=False,
        rich_help_panel=_WRITING,
    ),
]

Columns = Annotated[
    list[str] | None,
    typer.Option(
        metavar="A,B",
        help="Select on these columns only; the others are carried.",
        show_default="all",
        rich_help_panel=_COLUMNS,
    ),
]

Carry = Annotated[
    list[str] | None,
    typer.Option(
        metavar="A,B",
        help="Write these through without selecting on them: ids, labels, free text.",
        show_default="none",
        rich_help_panel=_COLUMNS,
    ),
]

Ignore = Annotated[
    list[str] | None,
    typer.Option(
        metavar="A,B",
        help="Neither select on these nor write them.",
        show_default="none",
        rich_help_panel=_COLUMNS,
    ),
]

Missing = Annotated[
    str | None,
    typer.Option(
        metavar="impute|drop|error",
        help="Missing values: fill in (numbers with the median, categories with a category "
        "'missing' of their own), leave out their rows, or stop.",
        show_default="impute; error with --raw",
        rich_help_panel=_COLUMNS,
    ),
]

Raw = Annotated[
    bool,
    typer.Option(
        "--raw",
        help="Use the columns as they are: all numeric, none missing. Right for embeddings. "
        "Without it, scikit-learn standardises numeric columns and one-hot encodes categories.",
        rich_help_panel=_COLUMNS,
    ),
]

MaxCategories = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=2,
        help="Features that one categorical column may become; its rarest categories share "
        "the last one.",
        rich_help_panel=_COLUMNS,
    ),
]

Kind = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=KIND",
        help="What a column is, where it would be taken for something else: numeric, datetime, "
        "categorical or text.",
        show_default="found out",
        rich_help_panel=_COLUMNS,
    ),
]

Decimal = Annotated[
    str | None,
    typer.Option(
        metavar=".|,",
        help="The decimal separator of the table's numbers.",
        show_default="found out for each column",
        rich_help_panel=_COLUMNS,
    ),
]

Method = Annotated[
    str,
    typer.Option(
        metavar="zcore|facility-location|k-means|k-center|herding|random",
        help="How to select: zcore as published; facility-location, the one to start with when a "
        "model is to be trained on the coreset; random, the yardstick.",
        rich_help_panel=_SELECTION,
    ),
]

Metric = Annotated[
    str | None,
    typer.Option(
        metavar="manhattan|euclidean",
        help="The distance of facility-location.",
        show_default="manhattan",
        rich_help_panel=_SELECTION,
    ),
]

NIter = Annotated[
    str | None,
    typer.Option(
        metavar="N|auto",
        help="Number of draws; auto doubles it until the coreset is stable.",
        show_default="1000000",
        rich_help_panel=_SELECTION,
    ),
]

SubspaceDim = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Features in a random subspace.",
        show_default="2",
        rich_help_panel=_SELECTION,
    ),
]

NNeighbors = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Neighbours that count as redundant.",
        show_default="1000",
        rich_help_panel=_SELECTION,
    ),
]

Exponent = Annotated[
    float | None,
    typer.Option(
        metavar="X",
        help="How fast redundancy fades with distance.",
        show_default="4",
        rich_help_panel=_SELECTION,
    ),
]

Seed = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=0,
        max=2**32 - 1,
        help="Seed of the draws; the same seed gives the same coreset.",
        rich_help_panel=_SELECTION,
    ),
]

Jobs = Annotated[
    int,
    typer.Option(
        "--jobs",
        "-j",
        metavar="N",
        help="Threads; -1 is one per core. It does not change the result.",
        rich_help_panel=_SELECTION,
    ),
]

Indices = Annotated[
    bool,
    typer.Option(
        "--indices",
        help="Write only the row numbers (from 0): .csv with the column zcore_row, or .npy.",
        rich_help_panel=_WRITING,
    ),
]

Order = Annotated[
    str,
    typer.Option(
        metavar="row|rank",
        help="Order of the written rows: as in the input, or most valuable first.",
        rich_help_panel=_WRITING,
    ),
]

Force = Annotated[
    bool,
    typer.Option("--force", "-f", help="Overwrite an existing output.", rich_help_panel=_WRITING),
]

Key = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The array to use in an .npz file that holds several.",
        show_default=False,
        rich_help_panel=_INPUT,
    ),
]

Sep = Annotated[
    str | None,
    typer.Option(
        metavar="CHAR",
        help="Separator of a CSV file; 'tab' for a tab.",
        show_default="comma; tab for .tsv",
        rich_help_panel=_INPUT,
    ),
]

Encoding = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Encoding of a CSV file.",
        show_default="utf-8",
        rich_help_panel=_INPUT,
    ),
]

NaValues = Annotated[
    list[str] | None,
    typer.Option(
        metavar="A,B",
        help="What else stands for a missing value in a CSV file, besides NA, NaN, null and "
        "the rest of what pandas knows.",
        show_default="none",
        rich_help_panel=_INPUT,
    ),
]

Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Print warnings and errors only.", rich_help_panel=_OTHER),
]

Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print the summary as JSON on stdout; all else goes to stderr.",
        rich_help_panel=_OTHER,
    ),
]

Debug = Annotated[
    bool,
    typer.Option("--debug", help="Show the traceback of an error.", rich_help_panel=_OTHER),
]
