"""A folder of images as the input of a command: embedded."""

import os
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sklearn_zcore._escape import written
from sklearn_zcore._words import plural
from sklearn_zcore.handover import (
    Coreset,
    Media,
    Output,
    check_target,
    place_files,
    write_coreset,
)

from ._errors import CliError
from ._options import FileOptions, ImageOptions, WritingOptions
from ._output import check_output, write_together


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
    notes : list of str
        What the user should know.
    paths, classes : list of str, ndarray of str or None
        The images, and the class of each where sub-folders are classes, after `read`.
    kept : ndarray of int64
        The places in `paths` of those that can be read, after `prepare`.
    X : ndarray of shape (n_kept, n_features)
        Their embeddings.
    embedding : EmbeddingRun
        How they came about.
    """

    path: Path
    images: ImageOptions
    files: FileOptions = field(default_factory=FileOptions)
    verbose: bool = False
    target: Path | None = None
    notes: list[str] = field(default_factory=list)

    noun = "image"
    on_disk = False
    streamed: Any = None

    def __post_init__(self) -> None:
        """Refuse options that contradict, before any work is done."""
        if not self.images.model:
            raise CliError(
                f"{self.path} is a directory, and --model is missing.",
                "Name the model that embeds its images: --model clip, dinov2, resnet18, an id of "
                "the Hugging Face hub or a directory. If it holds tables, name one file.",
            )
        from sklearn_zcore.embedding import EmbeddingRun

        self.embedding = EmbeddingRun(self.images, self.verbose)

    @property
    def sources(self) -> list[Path]:
        """What is never overwritten."""
        return [self.path]

    def check_target(self, target: str | None) -> None:
        """Accept that labels are not named: they are the sub-folders."""

    def check_output(self, writing: WritingOptions) -> Output:
        """Refuse outputs that could not be written, before any work is done."""
        output = check_output(
            writing.out,
            formats=(".csv", ".parquet", ".jsonl"),
            force=writing.force,
            sources=self.sources,
            formulas=writing.formulas,
            format=writing.format,
        )
        self.target = check_target(self.files, self.path)
        return output

    def may_be_counted(self, output: Output) -> bool:
        """Tell whether the rows could be written without a look at them: images are embedded."""
        return False

    def read(self, *, values: bool = True, limit: float | None = None) -> int:
        """List the images and return their number."""
        from sklearn_zcore.embedding import load_image_folder

        # The shell has replaced the ~ that means the home directory; one that is left is a name.
        literal = str(self.path).startswith("~")
        try:
            with warnings.catch_warnings(record=True, action="always") as caught:
                found = load_image_folder(self.path.absolute() if literal else self.path)
        except ValueError as error:
            raise CliError(str(error)) from error
        self.notes = [str(warning.message) for warning in caught]
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
        X, broken = self.embedding.run(self.paths, self.paths)
        self._keep(broken)
        self.X = X[self.kept]
        return self.X

    def prepare_to(self, path: Path, *, force: bool) -> Any:
        """Return a store of the embeddings, that is written while they are computed."""
        self.X, broken = self.embedding.run_to(path, self.paths, self.paths, overwrite=force)
        self._keep(broken)
        return self.X

    def _keep(self, broken: list[int]) -> None:
        import numpy as np

        self.kept = np.setdiff1d(np.arange(len(self.paths)), broken)
        if self.kept.size == 0:
            raise CliError(f"No image in {self.path} can be read.", self.warnings[0])

    @property
    def warnings(self) -> list[str]:
        """The images that were skipped, one a line."""
        return self.embedding.warnings()

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

    def column(self, name: str, option: str) -> Any:
        """Return the paths or the classes of the images that can be read."""
        if not self.has_column(name):
            raise CliError(
                f"{option}: of images, there are the columns path and, where they lie in "
                f"sub-folders, label; not {name!r}."
            )
        return self.all_values(name)[self.kept]

    def has_column(self, name: str) -> bool:
        """Return whether something is known of each image by that name."""
        return name == "path" or (name == "label" and self.classes is not None)

    def all_values(self, name: str) -> Any:
        """Return the paths or the classes of all images."""
        import numpy as np

        return np.array(self.paths if name == "path" else self.classes, dtype=object)

    @property
    def n_rows(self) -> int:
        """How many images there are."""
        return len(self.paths)

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
                place_files(new, self.target, media, link=link)
            write_coreset(new, output, coreset, columns, media)

    def lines(self) -> list[tuple[str, str]]:
        """Describe the input for people."""
        found = plural(len(self.kept), "image")
        if self.classes is not None:
            found += f" in {self._n_classes()} classes"
        if self.embedding.broken:
            found += f", {len(self.embedding.broken):,} skipped"
        return [("input", f"{self.path}, {found}"), *self.embedding.lines(self.X)]

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
            "n_features": int(self.X.shape[1]),
            **self.embedding.report(),
            "files": None if self.target is None else str(self.target),
            "notes": self.notes,
        }

    def _n_classes(self) -> int:
        return len(set(self.classes[self.kept].tolist()))
