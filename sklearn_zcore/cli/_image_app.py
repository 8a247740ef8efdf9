"""The commands ``zcore embed`` and ``zcore cache``."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from . import _image_options as _i
from ._errors import reported, say

cache_app = typer.Typer(
    name="cache",
    help="Show or delete the embeddings that zcore keeps.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@reported
def embed(
    folder: _i.Folder,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="The output. .parquet: path, label where sub-folders are classes, and the "
            "features e0, e1, ... .npy: the features alone, as float32, and their paths in a "
            ".paths.csv beside it.",
            show_default=False,
        ),
    ],
    model: _i.Model = None,
    pooling: _i.Pooling = None,
    layer: _i.Layer = None,
    revision: _i.Revision = None,
    offline: _i.Offline = False,
    on_error: _i.OnError = None,
    device: _i.Device = None,
    dtype: _i.Dtype = None,
    batch_size: _i.BatchSize = None,
    workers: _i.Workers = None,
    cache_dir: _i.CacheDir = None,
    no_cache: _i.NoCache = False,
    force: Annotated[
        bool, typer.Option("--force", "-f", help="Overwrite an existing output.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print warnings and errors only.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Embed a folder of images with a pretrained model.

    [bold]Examples[/bold]

    [cyan]zcore embed photos --model dinov2 --out embeddings.parquet[/cyan]

    The two models of the paper, concatenated:

    [cyan]zcore embed photos -m clip -m resnet18 -o embeddings.npy[/cyan]
    """
    options = locals()  # by name
    from ._folder import (
        FolderRequest,
        broken_note,
        check_request,
        embed_folder,
        folder_json,
        folder_lines,
        list_folder,
    )
    from ._image_output import check_image_output
    from ._report import print_json, print_lines

    request = FolderRequest.of(folder, options, verbose=not quiet and sys.stderr.isatty())
    images = list_folder(folder)
    check_request(request)
    outputs = [check_image_output(out, folder, (".parquet", ".npy"), force)]
    if outputs[0].format == ".npy":
        beside = out.with_suffix(".paths.csv")
        outputs.append(check_image_output(beside, folder, (".csv",), force))
    embedded = embed_folder(request, images)
    _write_embeddings(outputs, embedded, force)
    if json:
        print_json({**folder_json(embedded, folder), "output": str(out)})
    elif not quiet:
        written = [("written", " and ".join(str(output.path) for output in outputs))]
        print_lines("Images embedded", folder_lines(embedded, folder) + written)
    if embedded.broken:
        say(broken_note(embedded.broken), label="Warning: ", style="bold yellow")


def _write_embeddings(outputs: list[Any], embedded: Any, force: bool) -> None:
    from ._image_output import write_matrix, write_table

    columns: dict[str, Any] = {"path": embedded.paths}
    if embedded.labels is not None:
        columns["label"] = embedded.labels.tolist()
    if len(outputs) > 1:
        write_matrix(outputs[0], embedded.X, force=force)
        write_table(outputs[1], columns, force=force)
        return
    columns |= {f"e{i}": values.copy() for i, values in enumerate(embedded.X.T)}
    write_table(outputs[0], columns, force=force)


_CacheDir = Annotated[
    Path | None,
    typer.Option(
        "--cache-dir",
        metavar="DIR",
        help="The cache's folder.",
        show_default="$ZCORE_CACHE_DIR, or sklearn-zcore in the user's folder of caches",
    ),
]
_Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


@cache_app.command()
@reported
def info(
    cache_dir: _CacheDir = None,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    debug: _Debug = False,
) -> None:
    """Show where the embeddings are kept, how many there are, and the space they take."""
    from rich.filesize import decimal

    from sklearn_zcore.embedding import cache_info, default_cache_dir

    from ._errors import plural
    from ._report import print_json, print_lines

    found = cache_info(cache_dir or default_cache_dir())
    if json:
        models = [
            {"name": m.name, "n_embeddings": m.n_embeddings, "width": m.width, **m.identity}
            for m in found.models
        ]
        print_json({"path": str(found.path), "bytes": found.n_bytes, "models": models})
        return
    total = sum(model.n_embeddings for model in found.models)
    lines = [
        ("path", str(found.path)),
        ("size", f"{decimal(found.n_bytes)}, {plural(total, 'embedding')}"),
    ]
    for model in found.models:
        kind, pooling = model.identity["kind"], model.identity["pooling"].split()[0]
        count = plural(model.n_embeddings, kind)
        how = f"pooling {pooling}, layer {model.identity['layer']}, {model.identity['dtype']}"
        lines.append(("model", f"{model.name}: {count}, {model.width:,} features ({how})"))
    print_lines("Cache of embeddings", lines)


@cache_app.command()
@reported
def clear(cache_dir: _CacheDir = None, debug: _Debug = False) -> None:
    """Delete the embeddings that are kept. Nothing else in the folder is touched."""
    from rich.filesize import decimal

    from sklearn_zcore.embedding import clear_cache, default_cache_dir

    from ._report import print_lines

    folder = cache_dir or default_cache_dir()
    freed = clear_cache(folder)
    print_lines("Cache cleared", [("path", str(folder)), ("freed", decimal(freed))])
