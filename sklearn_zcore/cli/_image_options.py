"""The options that say how a folder of images is embedded, with the help that teaches them."""

from pathlib import Path
from typing import Annotated

import typer

_MODEL, _RUN, _FILES = "Embedding images", "Running the model", "Copying the coreset's files"

Folder = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER",
        help="A folder of images, searched to any depth. If it has several sub-folders and no "
        "image beside them, they are the labels.",
        show_default=False,
    ),
]

Model = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        metavar="M",
        help="The pretrained model: clip, dinov2, resnet18, an id of the Hugging Face hub, or a "
        "directory. Given several times, the embeddings are concatenated.",
        show_default=False,
        rich_help_panel=_MODEL,
    ),
]

Pooling = Annotated[
    str | None,
    typer.Option(
        metavar="auto|cls|mean|pooler",
        help="How the model's output becomes one vector.",
        show_default="what the model is meant to be used with",
        rich_help_panel=_MODEL,
    ),
]

Layer = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="The hidden layer to pool.",
        show_default="-1, the output",
        rich_help_panel=_MODEL,
    ),
]

Revision = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Branch, tag or commit of a model of the hub.",
        show_default="main",
        rich_help_panel=_MODEL,
    ),
]

Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        help="Use models of the hub only if they have been downloaded before.",
        rich_help_panel=_MODEL,
    ),
]

OnError = Annotated[
    str | None,
    typer.Option(
        metavar="stop|skip",
        help="Images that cannot be read: stop with their list once all others are embedded, or "
        "list them and go on without.",
        show_default="stop",
        rich_help_panel=_RUN,
    ),
]

Device = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="cpu, cuda, cuda:1, mps.",
        show_default="a GPU if there is one",
        rich_help_panel=_RUN,
    ),
]

Dtype = Annotated[
    str | None,
    typer.Option(
        metavar="float32|bfloat16|float16",
        help="Precision of the model.",
        show_default="float32 on the CPU, bfloat16 on CUDA",
        rich_help_panel=_RUN,
    ),
]

BatchSize = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Images in a forward pass.",
        show_default="what fits in memory",
        rich_help_panel=_RUN,
    ),
]

Workers = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=0,
        help="Threads that decode images while the model computes.",
        show_default="one per core",
        rich_help_panel=_RUN,
    ),
]

CacheDir = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Where embeddings are kept, so that no image is embedded twice.",
        show_default="$ZCORE_CACHE_DIR, or sklearn-zcore in the user's folder of caches",
        rich_help_panel=_RUN,
    ),
]

NoCache = Annotated[
    bool,
    typer.Option("--no-cache", help="Keep no embeddings.", rich_help_panel=_RUN),
]

CopyTo = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Also copy the coreset's images to a new folder, keeping their sub-folders.",
        show_default=False,
        rich_help_panel=_FILES,
    ),
]

LinkTo = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="The same with hard links, which take no space.",
        show_default=False,
        rich_help_panel=_FILES,
    ),
]
