"""What the options are called and what their help teaches: groups that commands share."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from ._command import Options, opt

_MODEL = "Embedding images"

Rows = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT",
        help="A row per sample: .csv, .tsv, .jsonl (also .gz, .bz2, .xz), .parquet, .npy, .npz; "
        "several files, or a folder of .parquet, are one table; - is stdin; openml:NAME and "
        "hf:NAME are data sets. Or a folder of images, with --model.",
        show_default=False,
    ),
]

BUDGET_HELP = (
    "How much to select: a percentage (10%), a fraction (0.1) or a number of rows (500). Shares "
    "are rounded down."
)


@dataclass(frozen=True, kw_only=True)
class BudgetOptions(Options):
    """How much is selected."""

    budget: str = opt(..., "SIZE", BUDGET_HELP, short="-b")


@dataclass(frozen=True, kw_only=True)
class ReadingOptions(Options):
    """How a table is read."""

    panel = "Reading the table"
    rare = {"key", "split", "data_home"}

    key: str | None = opt(None, "NAME", "The array to use in an .npz file that holds several.")
    sep: str | None = opt(
        None, "CHAR", "Separator of a CSV file; 'tab' for a tab.", shown="comma; tab for .tsv"
    )
    encoding: str | None = opt(None, "NAME", "Encoding of a CSV file.", shown="utf-8")
    no_header: bool = opt(
        False, "", "The first line of a CSV file is a row; its columns are called f0, f1, ..."
    )
    na_values: list[str] | None = opt(
        None,
        "A,B",
        "What else stands for a missing value in a CSV file, besides NA, NaN, null and the rest "
        "of what pandas knows.",
        shown=False,
    )
    split: str | None = opt(
        None, "NAME", "Which rows of hf:NAME: train, test, train[:10%].", shown="the only one"
    )
    data_home: Path | None = opt(
        None,
        "DIR",
        "Where scikit-learn keeps what openml:NAME fetches.",
        shown="$SCIKIT_LEARN_DATA, or scikit_learn_data in the home folder",
    )


@dataclass(frozen=True, kw_only=True)
class ColumnOptions(Options):
    """What the columns of a table are used for, and how they become numbers."""

    panel = "Columns"
    rare = {"max_categories"}

    columns: list[str] | None = opt(
        None, "A,B", "Select on these columns only; the others are carried.", shown="all"
    )
    ignore: list[str] | None = opt(
        None, "A,B", "Neither select on these nor write them.", shown=False
    )
    missing: Literal["impute", "drop", "error"] | None = opt(
        None,
        "",
        "Missing values: fill in (medians, and a category 'missing' of their own), leave out their "
        "rows, or stop.",
        shown="impute; error with --raw",
    )
    raw: bool = opt(
        False,
        "",
        "Use the columns as they are, all numbers: right for embeddings. Others are "
        "standardised, and categories one-hot encoded.",
    )
    max_categories: int = opt(
        100,
        "N",
        "Features that one categorical column may become; its rarest categories share the last "
        "one.",
        min=2,
    )
    kind: list[str] | None = opt(
        None,
        "NAME=KIND",
        "What a column is, where it would be taken for something else: numeric, datetime, "
        "categorical or text.",
        shown="found out",
    )
    decimal: Literal[".", ","] | None = opt(
        None, "", "The decimal separator of the table's numbers.", shown="found out"
    )
    images: str | None = opt(
        None,
        "COLUMN",
        "Select on the images of this column, as --model embeds them: paths, from the table's "
        "folder. The other columns are carried.",
        shown=False,
    )
    text: list[str] | None = opt(
        None, "A,B", "The same for columns of text, with a model such as minilm.", shown=False
    )


@dataclass(frozen=True, kw_only=True)
class CarryOptions(ColumnOptions):
    """The same, where columns are written as well."""

    carry: list[str] | None = opt(
        None,
        "A,B",
        "Write these through without selecting on them: ids, labels, free text.",
        shown=False,
    )


@dataclass(frozen=True, kw_only=True)
class SelectorOptions(Options):
    """The selector. Each field but the first is a parameter of one, of that name."""

    panel = "Selection"
    rare = {"metric", "subspace_dim", "n_neighbors", "exponent"}

    method: str = opt(
        "facility-location",
        "NAME",
        "How to select: facility-location, the best on most data when a model is to be trained on "
        "the coreset; zcore, as published; k-means, k-center, herding or subzerocore, its rivals; "
        "random, the yardstick.",
    )
    metric: Literal["manhattan", "euclidean", "cosine"] | None = opt(
        None,
        "",
        "The distance of facility-location and k-center, which has no manhattan.",
        shown="manhattan; euclidean for k-center",
    )
    n_iter: str | None = opt(
        None,
        "N|auto",
        "Number of draws; auto doubles it until another seed repeats the coreset.",
        shown="1000000",
    )
    subspace_dim: int | None = opt(None, "N", "Features in a random subspace.", shown="2")
    n_neighbors: int | None = opt(None, "N", "Neighbours that count as redundant.", shown="1000")
    exponent: float | None = opt(None, "X", "How fast redundancy fades with distance.", shown="4")


@dataclass(frozen=True, kw_only=True)
class CampaignOptions(Options):
    """What is known of the rows: chosen before, owed a share, and how much each counts."""

    panel = "Rounds, groups and weights"
    rare = {"group_budget", "weight_by", "min_distance", "weights"}

    selected: str | None = opt(
        None,
        "FILE|COLUMN",
        "Rows selected before: an earlier coreset (its zcore_row, or path), a .npy of row numbers, "
        "or a column that is not empty for them, such as label. --budget then counts further "
        "rows. If it is --out itself, the file keeps its rows and goes on.",
        shown=False,
    )
    group_by: list[str] | None = opt(
        None, "A,B", "Columns whose every value gets a share of the coreset.", shown=False
    )
    group_budget: str | None = opt(
        None,
        "SHARES",
        "proportional to the rows of the groups, equal, sqrt (of their rows), or NAME=SIZE,... "
        "with a number of rows (a=25) or a share (a=0.25).",
        shown="proportional",
    )
    weight_by: str | None = opt(
        None, "COLUMN", "As how many rows each counts in what is to be covered.", shown="1"
    )
    min_distance: str | None = opt(
        None,
        "X|auto",
        "No selected row is nearer than this to another, in units of the prepared features; auto "
        "is half the median distance of neighbours.",
        shown=False,
    )
    weights: bool = opt(
        False, "", "Also write zcore_weight: how many rows each selected row stands for."
    )


@dataclass(frozen=True, kw_only=True)
class RunOptions(Options):
    """What every selector is told."""

    panel = "Selection"

    seed: int = opt(
        0,
        "N",
        "Seed of all that is random; the same seed gives the same result.",
        min=0,
        max=2**32 - 1,
    )
    jobs: int = opt(
        -1, "N", "Threads; -1 is one per core. It does not change the result.", short="-j"
    )


@dataclass(frozen=True, kw_only=True)
class ForceOptions(Options):
    """What a command that writes may do."""

    force: bool = opt(False, "", "Overwrite an existing output.", short="-f")


@dataclass(frozen=True, kw_only=True)
class FormulaOptions(ForceOptions):
    """The same, of a command that may write text to a CSV file."""

    rare = {"formulas"}

    formulas: Literal["escape", "keep"] | None = opt(
        None,
        "",
        "Text in a CSV file that a spreadsheet would run as a formula, because it begins with = + "
        "- @: put an apostrophe before it, or keep it as it is.",
        shown="escape",
    )


@dataclass(frozen=True, kw_only=True)
class WritingOptions(FormulaOptions):
    """What is written of a coreset, and in which order."""

    panel = "Writing the coreset"
    rare = {"indices"}

    out: Path = opt(
        ...,
        "FILE",
        "The output. .csv, .parquet, .jsonl: the rows with all columns as they were, and "
        "zcore_row (from 0), zcore_score, zcore_rank (1 = most valuable). .npy: the row numbers. "
        ".npz (for arrays): X, indices, scores, ranks. Text is packed by .gz, .bz2, .xz. A CSV "
        "keeps separator and encoding of a CSV input, without a byte-order mark; the columns of "
        "an array are f0, f1, ... - is stdout.",
        short="-o",
    )
    format: Literal["csv", "parquet", "jsonl", "label-studio", "fiftyone", "imagefolder"] | None = (
        opt(
            None,
            "",
            "What to write: a table; label-studio, a file of tasks; of files, in a new folder: "
            "fiftyone, a data set, or imagefolder, copies with a metadata.csv for load_dataset.",
            shown="what the extension says",
        )
    )
    indices: bool = opt(
        False, "", "Write only the row numbers (from 0): .csv with the column zcore_row, or .npy."
    )
    order: Literal["row", "rank"] = opt(
        "row", "", "Order of the written rows: as in the input, or most valuable first."
    )


@dataclass(frozen=True, kw_only=True)
class FileOptions(Options):
    """What becomes of the files of a folder's coreset."""

    panel = "Copying the coreset's files"

    copy_to: Path | None = opt(
        None, "DIR", "Also copy the coreset's images to a new folder, keeping their sub-folders."
    )
    link_to: Path | None = opt(None, "DIR", "The same with hard links, which take no space.")


@dataclass(frozen=True, kw_only=True)
class CacheOptions(Options):
    """Where embeddings are kept."""

    panel = "Running the model"
    rare = {"cache_dir"}

    cache_dir: Path | None = opt(
        None,
        "DIR",
        "Where embeddings are kept, so that no image is embedded twice.",
        shown="$ZCORE_CACHE_DIR, or sklearn-zcore in the user's folder of caches",
    )


@dataclass(frozen=True, kw_only=True)
class ImageOptions(CacheOptions):
    """How a folder of images is embedded."""

    rare = {"pooling", "layer", "revision", "offline", "device", "dtype", "batch_size", "no_cache"}

    model: list[str] | None = opt(
        None,
        "M",
        "The pretrained model: clip, dinov2, resnet18, an id of the Hugging Face hub, or a "
        "directory. Given several times, the embeddings are concatenated.",
        short="-m",
        panel=_MODEL,
    )
    pooling: Literal["auto", "cls", "mean", "pooler"] | None = opt(
        None,
        "",
        "How the model's output becomes one vector.",
        shown="what the model is meant to be used with",
        panel=_MODEL,
    )
    layer: int | None = opt(
        None, "N", "The hidden layer to pool.", shown="-1, the output", panel=_MODEL
    )
    revision: str | None = opt(
        None, "NAME", "Branch, tag or commit of a model of the hub.", shown="main", panel=_MODEL
    )
    offline: bool = opt(
        False, "", "Use models of the hub only if they have been downloaded before.", panel=_MODEL
    )
    on_error: Literal["stop", "skip"] = opt(
        "stop",
        "",
        "Images that cannot be read: stop with their list once all others are embedded, or list "
        "them and go on without.",
    )
    device: str | None = opt(None, "NAME", "cpu, cuda, cuda:1, mps.", shown="a GPU if there is one")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] | None = opt(
        None, "", "Precision of the model.", shown="float32 on the CPU, bfloat16 on CUDA"
    )
    batch_size: int | None = opt(
        None, "N", "Images in a forward pass.", shown="what fits in memory", min=1
    )
    workers: int | None = opt(
        None,
        "N",
        "Threads that decode images while the model computes.",
        shown="one per core",
        min=0,
    )
    no_cache: bool = opt(False, "", "Keep no embeddings.")


@dataclass(frozen=True, kw_only=True)
class ResultOptions(Options):
    """How a command tells what it found."""

    panel = "Other"
    rare = {"debug"}

    json: bool = opt(False, "", "Print the summary as JSON on stdout; all else goes to stderr.")
    debug: bool = opt(False, "", "Show the traceback of an error.")


@dataclass(frozen=True, kw_only=True)
class TellOptions(ResultOptions):
    """The same, of a command that has more to tell."""

    quiet: bool = opt(
        False,
        "",
        "Show no progress bar, no notes, and no summary of what was written.",
        short="-q",
    )

    @property
    def verbose(self) -> bool:
        """Whether there is somebody who looks at a progress bar."""
        return not self.quiet and sys.stderr.isatty()
