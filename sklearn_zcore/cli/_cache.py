"""``zcore cache``: the embeddings that are kept."""

import typer

from sklearn_zcore._words import plural

from ._command import Command, Commands, command
from ._options import CacheOptions, ResultOptions
from ._tell import print_json, print_lines

cache_app = typer.Typer(
    name="cache",
    cls=Commands,
    help="Show or delete the embeddings that zcore keeps.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@cache_app.command(cls=Command)
@command
def info(cache: CacheOptions, tell: ResultOptions) -> None:
    """Show where the embeddings are kept, how many there are, and the space they take."""
    from rich.filesize import decimal

    from sklearn_zcore.embedding import cache_info, default_cache_dir

    found = cache_info(cache.cache_dir or default_cache_dir())
    if tell.json:
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


@cache_app.command(cls=Command)
@command
def clear(cache: CacheOptions, tell: ResultOptions) -> None:
    """Delete the embeddings that are kept. Nothing else in the folder is touched."""
    from rich.filesize import decimal

    from sklearn_zcore.embedding import clear_cache, default_cache_dir

    folder = cache.cache_dir or default_cache_dir()
    freed = clear_cache(folder)
    if tell.json:
        print_json({"path": str(folder), "bytes": freed})
    else:
        print_lines("Cache cleared", [("path", str(folder)), ("freed", decimal(freed))])
