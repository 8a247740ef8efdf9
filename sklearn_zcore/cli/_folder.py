"""A folder of images, embedded."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ._errors import CliError, plural

_ON_ERROR = ("stop", "skip")


@dataclass
class FolderRequest:
    """How to embed a folder; each field is an option of that name, None where it was not given.

    Attributes
    ----------
    verbose : bool
        Show a progress bar.
    """

    folder: Path
    model: list[str] | None = None
    pooling: str | None = None
    layer: int | None = None
    revision: str | None = None
    offline: bool = False
    on_error: str | None = None
    device: str | None = None
    dtype: str | None = None
    batch_size: int | None = None
    workers: int | None = None
    cache_dir: Path | None = None
    no_cache: bool = False
    verbose: bool = False

    @classmethod
    def of(cls, folder: Path, options: dict[str, Any], *, verbose: bool) -> "FolderRequest":
        """Pick the options of these names from all that a command has."""
        named = {f.name for f in fields(cls)} - {"folder", "verbose"}
        return cls(folder, verbose=verbose, **{name: options[name] for name in named})

    def given(self) -> list[str]:
        """Return the options that were given, as they are called on the command line."""
        names = [n for n in vars(self) if n not in ("folder", "verbose")]
        return [f"--{n.replace('_', '-')}" for n in names if getattr(self, n) not in (None, False)]


@dataclass
class EmbeddedFolder:
    """The images of a folder with their embeddings.

    Attributes
    ----------
    paths : list of str
        The images that were embedded.
    labels : ndarray of str or None
        Their classes, where sub-folders are classes.
    rows : ndarray of int64
        Their places in the folder's list of images, from 0.
    X : ndarray of shape (n_images, n_features)
        Their embeddings.
    broken : dict
        The images that were skipped, with the reason.
    models : list of str
        The models.
    cache : Path or None
        Where the embeddings are kept.
    seconds : float
        The time it took.
    """

    paths: list[str]
    labels: Any
    rows: Any
    X: Any
    broken: dict[str, str]
    models: list[str] = field(default_factory=list)
    cache: Path | None = None
    seconds: float = 0.0


def check_request(request: FolderRequest) -> None:
    """Refuse options that contradict, before any work is done."""
    from ._app import _one_of

    if not request.model:
        raise CliError(
            f"{request.folder} is a directory, and --model is missing.",
            "Name the model that embeds its images: --model clip, dinov2, resnet18, an id of the "
            "Hugging Face hub or a directory.",
        )
    if request.no_cache and request.cache_dir is not None:
        raise CliError("--no-cache and --cache-dir contradict.", "Leave one of them out.")
    _one_of("--on-error", request.on_error, _ON_ERROR)
    _one_of("--pooling", request.pooling, ("auto", "cls", "mean", "pooler"))
    _one_of("--dtype", request.dtype, ("auto", "float32", "float16", "bfloat16"))


def list_folder(folder: Path) -> Any:
    """Return the paths and labels of a folder's images.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    images : ImageFolder
    """
    from sklearn_zcore.embedding import load_image_folder

    try:
        return load_image_folder(folder)
    except ValueError as error:
        raise CliError(str(error)) from error


def embed_folder(request: FolderRequest, images: Any) -> EmbeddedFolder:
    """Embed the images of a folder.

    Parameters
    ----------
    request : FolderRequest
        How.
    images : ImageFolder
        From `list_folder`.

    Returns
    -------
    embedded : EmbeddedFolder
        Without the images that are broken, if those are to be skipped.
    """
    import time

    import numpy as np

    from sklearn_zcore.embedding import BrokenInputError

    embedder = _build_embedder(request)
    start = time.perf_counter()
    errors: dict[int, str] = {}
    try:
        X = embedder.fit_transform(images.paths)
    except BrokenInputError as error:
        errors, X = error.errors, error.embeddings
        if request.on_error != "skip":
            raise _stopped(request, images.paths, errors) from error
    except (ValueError, TypeError, ImportError) as error:
        raise CliError(str(error)) from error
    except OSError as error:
        raise CliError(str(error) if error.filename is None else f"{error}.") from error
    rows = np.array([i for i in range(len(images.paths)) if i not in errors], dtype=np.int64)
    if rows.size == 0:
        raise CliError(f"No image in {request.folder} can be read.", _listed(images.paths, errors))
    return EmbeddedFolder(
        paths=[images.paths[i] for i in rows],
        labels=None if images.labels is None else images.labels[rows],
        rows=rows,
        X=X[rows],
        broken={images.paths[i]: reason for i, reason in errors.items()},
        models=request.model or [],
        cache=embedder.cache_dir,
        seconds=time.perf_counter() - start,
    )


def _build_embedder(request: FolderRequest) -> Any:
    import joblib

    from sklearn_zcore.embedding import FoundationEmbedder, default_cache_dir

    assert request.model
    given = {
        name: getattr(request, name)
        for name in ("pooling", "layer", "revision", "device", "dtype", "batch_size")
        if getattr(request, name) is not None
    }
    cache = None if request.no_cache else request.cache_dir or default_cache_dir()
    return FoundationEmbedder(
        request.model[0] if len(request.model) == 1 else request.model,
        modality="image",
        local_files_only=request.offline,
        cache_dir=cache,
        num_workers=joblib.cpu_count() if request.workers is None else request.workers,
        verbose=int(request.verbose),
        **given,
    )


def _listed(paths: list[str], errors: dict[int, str]) -> str:
    return "\n".join(f"  {paths[i]}: {reason}" for i, reason in errors.items())


def _stopped(request: FolderRequest, paths: list[str], errors: dict[int, str]) -> CliError:
    kept = "" if request.no_cache else " The embeddings of all others are in the cache."
    return CliError(
        f"{plural(len(errors), 'image')} of {len(paths):,} cannot be read:\n"
        f"{_listed(paths, errors)}",
        f"Mend or delete them, or go on without: --on-error skip.{kept}",
    )


def broken_note(broken: dict[str, str]) -> str:
    """List the images that were skipped, one a line."""
    lines = "\n".join(f"  {path}: {reason}" for path, reason in broken.items())
    return f"{plural(len(broken), 'image')} skipped, which cannot be read:\n{lines}"


def folder_lines(embedded: EmbeddedFolder, folder: Path) -> list[tuple[str, str]]:
    """Describe an embedded folder for people.

    Parameters
    ----------
    embedded : EmbeddedFolder
    folder : Path

    Returns
    -------
    lines : list of (label, text)
        For `print_lines`.
    """
    found = plural(len(embedded.paths), "image")
    if embedded.labels is not None:
        found += f" in {len(set(embedded.labels.tolist()))} classes"
    if embedded.broken:
        found += f", {len(embedded.broken):,} skipped"
    rate = len(embedded.paths) / max(embedded.seconds, 1e-9)
    features = plural(embedded.X.shape[1], "feature")
    return [
        ("input", f"{folder}, {found}"),
        ("model", " + ".join(embedded.models)),
        ("embedded", f"{features}, {embedded.seconds:.1f} s ({rate:,.0f} images/s)"),
        ("cache", str(embedded.cache or "none")),
    ]


def folder_json(embedded: EmbeddedFolder, folder: Path) -> dict[str, Any]:
    """Describe an embedded folder for programs."""
    return {
        "input": str(folder),
        "n_images": len(embedded.paths),
        "n_classes": None if embedded.labels is None else len(set(embedded.labels.tolist())),
        "skipped": embedded.broken,
        "model": embedded.models,
        "n_features": int(embedded.X.shape[1]),
        "seconds_embedding": round(embedded.seconds, 4),
        "cache": None if embedded.cache is None else str(embedded.cache),
    }
