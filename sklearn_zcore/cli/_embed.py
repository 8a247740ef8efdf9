"""``zcore embed``: a folder of images in, embeddings out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from sklearn_zcore.handover import write_columns

from ._command import command, opt
from ._errors import CliError
from ._folder import FolderInput
from ._options import FormulaOptions, ImageOptions, TellOptions
from ._output import check_output, write_together
from ._tell import print_json, print_lines, say_notes, say_warnings


@dataclass(frozen=True, kw_only=True)
class EmbedOptions(FormulaOptions):
    """What ``zcore embed`` writes."""

    out: Path = opt(
        ...,
        "FILE",
        "The output. .parquet: path, label where sub-folders are classes, and the features e0, "
        "e1, ... .npy: the features alone, as float32, and their paths in a .paths.csv beside it. "
        ".zarr: the same in a store that is written as the work goes on, whatever the memory; a "
        "run that was killed goes on.",
        short="-o",
    )


@command
def embed(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="A folder of images, searched to any depth. If it has several sub-folders and no "
            "image beside them, they are the labels.",
            show_default=False,
        ),
    ],
    writing: EmbedOptions,
    images: ImageOptions,
    tell: TellOptions,
) -> None:
    """Embed a folder of images with a pretrained model.

    [bold]Examples[/bold]

    [cyan]zcore embed photos --model dinov2 --out embeddings.parquet[/cyan]

    The two models of the paper, concatenated:

    [cyan]zcore embed photos -m clip -m resnet18 -o embeddings.npy[/cyan]
    """
    import numpy as np

    out, force, formulas = writing.out, writing.force, writing.formulas
    input = FolderInput(folder, images, verbose=tell.verbose)
    input.read()
    formats = (".parquet", ".npy", ".zarr")
    outputs = [check_output(out, formats=formats, force=force, sources=[folder])]
    if outputs[0].format != ".parquet":
        beside = out.with_suffix(".paths.csv")
        outputs.append(check_output(beside, formats=(".csv",), force=force, formulas=formulas))
    elif formulas is not None:
        raise CliError("--formulas: for CSV files, and none is written.", "Leave it out.")
    is_store = outputs[0].format == ".zarr"
    X = input.prepare_to(out, force=force) if is_store else input.prepare()
    columns = input.columns(input.kept)
    # A store is whole by itself, and has been on its way for as long as the work took.
    outputs = outputs[is_store:]
    with write_together(*outputs) as new:
        files = [new.file(output.path) for output in outputs]
        if len(outputs) > 1:
            np.save(files[0], X, allow_pickle=False)
        elif not is_store:
            columns |= {f"e{i}": values for i, values in enumerate(X.T)}
        write_columns(files[-1], outputs[-1].format[1:], columns, outputs[-1].style)
    if tell.json:
        print_json({**input.report(), "output": str(out)})
    elif not tell.quiet:
        written = " and ".join(dict.fromkeys(map(str, [out, *(output.path for output in outputs)])))
        print_lines("Images embedded", [*input.lines(), ("written", written)])
        say_notes(input.notes)
    say_warnings(input.warnings)
