"""A folder of images as the input of a command: embedded."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sklearn_zcore._escape import shown, written
from sklearn_zcore._words import plural
from sklearn_zcore.handover import Media

from ._coreset import Coreset, write_coreset
from ._errors import CliError
from ._files import check_target, put_files
from ._options import FileOptions, ImageOptions, WritingOptions
from ._output import Output, check_output, write_together

# Options that are the embedder's parameters of that name.
_PARAMETERS = ("pooling", "layer", "revision", "device", "dtype", "batch_size")


@dataclass
class FolderInput:
    """A folder of images: what `TableInput` is for rows.

    Attributes
    ----------
    path : Path
        The folder.
    images : ImageOptions
        How it is embedded.
    files : FileOptions
        What becomes of the coreset's files.
    verbose : bool
        Show a progress bar.
    target : Path or None
        Where the coreset's files go.
    paths, classes : list of str, ndarray of str or None
        The images, and the class of each where sub-folders are classes, after `read`.
    kept : ndarray of int64
        The places in `paths` of those that can be read, after `prepare`.
    X : ndarray of shape (n_kept, n_features)
        Their embeddings.
    broken : dict of str to str
        The images that were skipped, with the reason.
    cache : Path or None
        Where the embeddings are kept.
    seconds : float
        The time it took.
    """

    path: Path
    images: ImageOptions
    files: FileOptions = field(default_factory=FileOptions)
    verbose: bool = False
    target: Path | None = None

    noun = "image"

    def __post_init__(self) -> None:
        """Refuse options that contradict, before any work is done."""
        if not self.images.model:
            raise CliError(
                f"{self.path} is a directory, and --model is missing.",
                "Name the model that embeds its images: --model clip, dinov2, resnet18, an id of "
                "the Hugging Face hub or a directory. If it holds tables, name one file.",
            )
        if self.images.no_cache and self.images.cache_dir is not None:
            raise CliError("--no-cache and --cache-dir contradict.", "Leave one of them out.")

    def check_output(self, writing: WritingOptions) -> Output:
        """Refuse outputs that could not be written, before any work is done."""
        output = check_output(
            writing.out,
            formats=(".csv", ".parquet", ".jsonl"),
            force=writing.force,
            source=self.path,
            formulas=writing.formulas,
            format=writing.format,
        )
        self.target = check_target(self.files, self.path)
        return output

    def read(self) -> int:
        """List the images and return their number."""
        from sklearn_zcore.embedding import load_image_folder

        # The shell has replaced the ~ that means the home directory; one that is left is a name.
        literal = str(self.path).startswith("~")
        try:
            found = load_image_folder(self.path.absolute() if literal else self.path)
        except ValueError as error:
            raise CliError(str(error)) from error
        self.paths: list[str] = found.paths
        self.classes: Any = found.labels
        return len(self.paths)

    def prepare(self, output: Output | None = None, target: str | None = None) -> Any:
        """Return the embeddings of the images that can be read.

        Parameters
        ----------
        output, target : object
            Of tables only: what is written of an image, and its class, need no column.

        Returns
        -------
        X : ndarray of shape (n_kept, n_features)
        """
        import numpy as np

        from sklearn_zcore.embedding import BrokenInputError

        embedder = self._build_embedder()
        start = time.perf_counter()
        errors: dict[int, str] = {}
        try:
            X = embedder.fit_transform(self.paths)
        except BrokenInputError as error:
            errors, X = error.errors, error.embeddings
            if self.images.on_error != "skip":
                raise self._stopped(errors) from error
        except (ValueError, TypeError, ImportError) as error:
            raise CliError(str(error)) from error
        except OSError as error:
            raise CliError(str(error) if error.filename is None else f"{error}.") from error
        except MemoryError as error:
            detail = f" ({error})" if str(error) else ""
            raise CliError(
                f"Not enough memory to embed the images{detail}.",
                "Use a smaller --batch-size and fewer --workers, or leave out the largest images.",
            ) from error
        self.broken = {self.paths[i]: reason for i, reason in errors.items()}
        self.kept = np.setdiff1d(np.arange(len(self.paths)), list(errors))
        if self.kept.size == 0:
            raise CliError(f"No image in {self.path} can be read.", _listed(self.broken))
        self.cache, self.seconds = embedder.cache_dir, time.perf_counter() - start
        self.X = X[self.kept]
        return self.X

    def _build_embedder(self) -> Any:
        import joblib

        from sklearn_zcore.embedding import FoundationEmbedder, default_cache_dir

        images = self.images
        models = images.model or []
        cache = None if images.no_cache else images.cache_dir or default_cache_dir()
        return FoundationEmbedder(
            models[0] if len(models) == 1 else models,
            modality="image",
            local_files_only=images.offline,
            cache_dir=cache,
            num_workers=joblib.cpu_count() if images.workers is None else images.workers,
            verbose=int(self.verbose),
            **{name: getattr(images, name) for name in _PARAMETERS if name in images.given},
        )

    def _stopped(self, errors: dict[int, str]) -> CliError:
        broken = {self.paths[i]: reason for i, reason in errors.items()}
        kept = "" if self.images.no_cache else " The embeddings of all others are in the cache."
        return CliError(
            f"{plural(len(broken), 'image')} of {len(self.paths):,} cannot be read:\n"
            f"{_listed(broken)}",
            f"Mend or delete them, or go on without: --on-error skip.{kept}",
        )

    @property
    def notes(self) -> list[str]:
        """What the user should know."""
        return []

    @property
    def warnings(self) -> list[str]:
        """The images that were skipped, one a line."""
        if not self.broken:
            return []
        skipped = plural(len(self.broken), "image")
        return [f"{skipped} skipped, which cannot be read:\n{_listed(self.broken)}"]

    def labelled(self, target: str | None) -> tuple[Any, Any, Any]:
        """Return embeddings, their classes, and that they are numbers already."""
        if self.classes is None:
            raise CliError(
                f"The images of {self.path} have no classes: they do not lie in sub-folders.",
                "Put each class into a sub-folder of its own.",
            )
        X = self.prepare()
        return X, self.classes[self.kept], None

    def names(self) -> list[str]:
        """Return the paths of all images, as they are written."""
        return [written(path) for path in self.paths]

    def beside(self, groups: list[str] | None) -> dict[str, Any]:
        """Return what a report shows beside the embeddings; its groups are the sub-folders."""
        images = [self.paths[row] for row in self.kept]
        classes = None if self.classes is None else {"label": self.classes[self.kept]}
        return {"images": images, "groups": classes}

    def columns(self, rows: Any) -> dict[str, Any]:
        """Return the paths of some images, and their classes, as columns."""
        columns: dict[str, Any] = {"path": [written(self.paths[row]) for row in rows]}
        if self.classes is not None:
            columns["label"] = [written(label) for label in self.classes[rows]]
        return columns

    def write(self, output: Output, coreset: Coreset) -> None:
        """Write the list of the coreset's images, and put its files where they are wanted."""
        columns = self.columns(coreset.rows)
        paths = [os.path.abspath(self.paths[row]) for row in coreset.rows]
        media = Media(self.path.absolute(), paths)
        with write_together(output) as new:
            if self.target is not None:
                link = self.files.link_to is not None
                put_files(new, self.target, media, link=link)
            write_coreset(new, output, coreset, columns, media)

    def lines(self) -> list[tuple[str, str]]:
        """Describe the input for people."""
        count = len(self.kept)
        found = plural(count, "image")
        if self.classes is not None:
            found += f" in {self._n_classes()} classes"
        if self.broken:
            found += f", {len(self.broken):,} skipped"
        rate = count / max(self.seconds, 1e-9)
        features = plural(self.X.shape[1], "feature")
        return [
            ("input", f"{self.path}, {found}"),
            ("model", " + ".join(self.images.model or [])),
            ("embedded", f"{features}, {self.seconds:.1f} s ({rate:,.0f} images/s)"),
            ("cache", str(self.cache or "none")),
        ]

    def written(self, output: Output, order: str) -> list[tuple[str, str]]:
        """Say what was written of it."""
        lines = [("written", f"{output.path} (by {order})")]
        return lines if self.target is None else [*lines, ("files", str(self.target))]

    def report(self) -> dict[str, Any]:
        """Describe the input for programs."""
        return {
            "input": str(self.path),
            "n_images": len(self.kept),
            "n_classes": None if self.classes is None else self._n_classes(),
            "skipped": self.broken,
            "model": self.images.model,
            "n_features": int(self.X.shape[1]),
            "seconds_embedding": round(self.seconds, 4),
            "cache": None if self.cache is None else str(self.cache),
            "files": None if self.target is None else str(self.target),
            "notes": self.notes,
        }

    def _n_classes(self) -> int:
        return len(set(self.classes[self.kept].tolist()))


def _listed(broken: dict[str, str]) -> str:
    return "\n".join(f"  {shown(path)}: {shown(reason)}" for path, reason in broken.items())
