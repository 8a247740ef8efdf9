"""A run of the command's models over images or texts: what it takes, and what is told of it."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import joblib

from sklearn_zcore._escape import shown
from sklearn_zcore._words import plural
from sklearn_zcore.embedding._broken import BrokenInputError
from sklearn_zcore.embedding._cache_info import default_cache_dir
from sklearn_zcore.embedding._embedder import FoundationEmbedder
from sklearn_zcore.embedding._to_store import BlockwiseEmbedding, refuse_store_at
from sklearn_zcore.rows import ColumnStore
from sklearn_zcore.tables import TableError

# Options that are the embedder's parameters of that name.
_PARAMETERS = ("pooling", "layer", "revision", "device", "dtype", "batch_size")


@dataclass
class EmbeddingRun:
    """Items that a model embeds.

    Attributes
    ----------
    options : object
        With the command's options of the model, and of how it is run, as attributes; ``given`` has
        the names of those that were given.
    verbose : bool
        Show a progress bar.
    broken : dict of str to str
        The items that were skipped, with the reason.
    cache : Path or None
        Where the embeddings are kept.
    seconds : float
        The time it took.
    n_computed : int
        How many went through the model; the others were known, or equal.
    """

    options: Any
    verbose: bool = False
    broken: dict[str, str] = field(default_factory=dict)
    cache: Path | None = None
    seconds: float = 0.0
    n_computed: int = 0

    def __post_init__(self) -> None:
        """Refuse options that contradict, before any work is done."""
        if self.options.no_cache and self.options.cache_dir is not None:
            raise TableError("--no-cache and --cache-dir contradict.", "Leave one of them out.")

    def embedder(self, modality: str = "image", **parameters: Any) -> Any:
        """Return the embedder that was asked for."""
        options = self.options
        models = options.model or []
        cache = None if options.no_cache else options.cache_dir or default_cache_dir()
        return FoundationEmbedder(
            models[0] if len(models) == 1 else models,
            modality=modality,
            local_files_only=options.offline,
            cache_dir=cache,
            num_workers=joblib.cpu_count() if options.workers is None else options.workers,
            verbose=int(self.verbose),
            **{name: getattr(options, name) for name in _PARAMETERS if name in options.given},
            **parameters,
        )

    def run(
        self, items: Sequence[Any], names: Sequence[str], noun: str = "image", **parameters: Any
    ) -> tuple[Any, list[int]]:
        """Embed items.

        Parameters
        ----------
        items : sequence
            Images or texts.
        names : sequence of str
            What they are called where they are broken.
        noun : {"image", "text"}
            What they are.
        **parameters
            Of the embedder.

        Returns
        -------
        X : ndarray of shape (n_items, n_features)
            Of those that are broken: NaN.
        broken : list of int
            Their rows.
        """
        embedder = self.embedder(noun, **parameters)
        with self._told(names, noun, len(items)) as errors:
            try:
                X = embedder.fit_transform(items)
            except BrokenInputError as error:
                errors |= error.errors
                X = error.embeddings
            self.n_computed += embedder.n_computed_
        self.cache = embedder.cache_dir
        return X, list(errors)

    def run_to(
        self, path: Path, items: Sequence[Any], names: Sequence[str], *, overwrite: bool = False
    ) -> tuple[Any, list[int]]:
        """Embed images, and write a store of them as they are made.

        Parameters
        ----------
        path : Path
            Where to.
        items, names : sequence
            As `run` takes them.
        overwrite : bool, default=False

        Returns
        -------
        store : ColumnStore
            Without the broken ones.
        broken : list of int
            Their rows.
        """
        skip = self.options.on_error == "skip"
        embedder = self.embedder().set_params(verbose=0)
        blockwise = BlockwiseEmbedding(embedder, items, 4096)
        with self._told(names, "image", len(items)) as errors:
            try:
                refuse_store_at(path, overwrite)
                verbose = int(self.verbose)
                with closing(blockwise.blocks(verbose=verbose, skip=skip)) as blocks:
                    store = ColumnStore.from_array(
                        blocks, path, overwrite=overwrite, verbose=verbose
                    )
            except BrokenInputError:
                store = None
            errors |= blockwise.errors
            self.n_computed += blockwise.n_computed
        self.cache = embedder.cache_dir
        return store, list(errors)

    @contextmanager
    def _told(self, names: Sequence[str], noun: str, n_items: int) -> Iterator[dict[int, str]]:
        """Take the time, and tell of broken items and of what else goes wrong."""
        start = time.perf_counter()
        errors: dict[int, str] = {}
        try:
            yield errors
        except FileExistsError:
            raise
        except (ValueError, TypeError, ImportError) as error:
            raise TableError(str(error)) from error
        except OSError as error:
            raise TableError(str(error) if error.filename is None else f"{error}.") from error
        except MemoryError as error:
            detail = f" ({error})" if str(error) else ""
            raise TableError(
                f"Not enough memory to embed the {noun}s{detail}.",
                "Use a smaller --batch-size and fewer --workers, or leave out the largest.",
            ) from error
        self.seconds += time.perf_counter() - start
        broken = {names[i]: reason for i, reason in errors.items()}
        if broken and self.options.on_error != "skip":
            raise self._stopped(broken, n_items, noun)
        self.broken |= broken

    def _stopped(self, broken: dict[str, str], n_items: int, noun: str) -> TableError:
        kept = "" if self.options.no_cache else " The embeddings of all others are in the cache."
        return TableError(
            f"{plural(len(broken), noun)} of {n_items:,} cannot be read:\n{_listed(broken)}",
            f"Mend or delete them, or go on without: --on-error skip.{kept}",
        )

    def warnings(self, noun: str = "image") -> list[str]:
        """Return the items that were skipped, one a line."""
        if not self.broken:
            return []
        skipped = plural(len(self.broken), noun)
        return [f"{skipped} skipped, which cannot be read:\n{_listed(self.broken)}"]

    def lines(self, X: Any, noun: str = "image") -> list[tuple[str, str]]:
        """Describe the embedding for people."""
        n = X.shape[0]
        rate = f"{self.n_computed / max(self.seconds, 1e-9):,.0f} {noun}s/s"
        if known := n - self.n_computed:
            rate = f"{known:,} of {n:,} known before" + f", {rate}" * bool(self.n_computed)
        done = f"{plural(X.shape[1], 'feature')}, {self.seconds:.1f} s ({rate})"
        model = " + ".join(self.options.model or [])
        return [("model", model), ("embedded", done), ("cache", str(self.cache or "none"))]

    def report(self) -> dict[str, Any]:
        """Describe the embedding for programs."""
        return {
            "skipped": self.broken,
            "model": self.options.model,
            "n_computed": self.n_computed,
            "seconds_embedding": round(self.seconds, 4),
            "cache": None if self.cache is None else str(self.cache),
        }


def _listed(broken: dict[str, str]) -> str:
    return "\n".join(f"  {shown(path)}: {shown(reason)}" for path, reason in broken.items())
