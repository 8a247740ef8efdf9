"""Embeddings written to a store as they are made, in bounded memory."""

import os
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import gen_batches

from sklearn_zcore._progress import progress_bar
from sklearn_zcore._warnings import warn_user
from sklearn_zcore.embedding._broken import BrokenInputError, BrokenInputWarning
from sklearn_zcore.embedding._inputs import as_items
from sklearn_zcore.rows import ColumnStore, RowStream


class BlockwiseEmbedding:
    """A pass over items that yields their embeddings, some at a time.

    Parameters
    ----------
    embedder : FoundationEmbedder
        Not changed by anybody else while this is used.
    items : sequence
        As `FoundationEmbedder.transform` takes them.
    block_size : int
        Items at a time.

    Attributes
    ----------
    errors : dict of int to str
        The items that are broken, with the reason, once the pass is over.
    n_computed : int
        How many went through the model.
    """

    def __init__(self, embedder: Any, items: Sequence[Any], block_size: int) -> None:
        self._embedder, self._items, self._block_size = embedder, items, block_size
        self.errors: dict[int, str] = {}
        self.n_computed = 0

    def blocks(self, *, verbose: int = 0, skip: bool = False) -> RowStream:
        """Return an iterator over the embeddings of the items that can be read.

        Parameters
        ----------
        verbose : int, default=0
        skip : bool, default=False
            Leave out broken items. Otherwise nothing is yielded from the first of them on; all
            others are embedded (and kept in the cache), and then all that are broken are told of.

        Returns
        -------
        RowStream
        """
        return RowStream(self._run(verbose, skip), len(self._items))

    def _run(self, verbose: int, skip: bool) -> Generator[NDArray[np.float32], None, None]:
        with progress_bar(verbose, "Embedding", "items") as progress:
            progress.add_total(len(self._items))
            for part in gen_batches(len(self._items), self._block_size):
                X = self._embed(part)
                n = part.stop - part.start
                n_computed = min(n, self._embedder.n_computed_)
                progress.advance(n_computed, free=n - n_computed)
                if X.shape[0] and (skip or not self.errors):
                    yield X
        if self.errors and not skip:
            raise BrokenInputError(
                f"{len(self.errors):,} of {len(self._items):,} items cannot be read, and no store "
                f"has been written:\n{listed(self.errors)}",
                self.errors,
                np.empty((0, 0), np.float32),
            )

    def _embed(self, part: slice) -> NDArray[np.float32]:
        broken: list[int] = []
        try:
            X: NDArray[np.float32] = self._embedder.transform(self._items[part])
        except BrokenInputError as error:
            broken, X = list(error.errors), error.embeddings
            self.errors |= {part.start + row: reason for row, reason in error.errors.items()}
        self.n_computed += self._embedder.n_computed_
        return np.delete(X, broken, axis=0)


class StoreWriterMixin:
    """Adds `transform_to` to an embedder."""

    def transform_to(
        self,
        X: Any,
        path: str | os.PathLike[str],
        *,
        block_size: int = 4096,
        overwrite: bool = False,
    ) -> ColumnStore:
        """Embed images or texts, and write the embeddings to a store as they are made.

        Only a block of them is in memory. With ``cache_dir``, a run that was killed goes on where
        it was: the same call embeds nothing again, and what is whole of the store is not written
        again. The same holds where broken items stop it.

        Parameters
        ----------
        X : sequence of length n_samples
            See `transform`.
        path : str or path-like
            Where to write, as in `ColumnStore.from_array`: a folder, or a URL that fsspec knows.
        block_size : int, default=4096
            Items at a time.
        overwrite : bool, default=False
            Whether to replace a store that is there.

        Returns
        -------
        ColumnStore
            Of shape (n_samples, n_features), float32, that ``ZCoreSelector.fit`` and
            ``FacilityLocationSelector.fit`` take. With ``on_error="nan"``, rows of broken items are
            left out, which a warning lists.

        Raises
        ------
        BrokenInputError
            If items cannot be read: when all others have been embedded, with their list. Nothing
            is left at the path.
        FileExistsError
            If there is something at the path.
        ImportError
            If the extra ``embed`` or ``scale`` is not installed.
        OSError
            If the disk has not as many bytes as are needed, which is told after the first block.
        ValueError, TypeError
            As `transform` and `ColumnStore.from_array` raise them.
        """
        refuse_store_at(path, overwrite)
        skip = getattr(self, "on_error", "raise") == "nan"
        embedder: Any = clone(self).set_params(verbose=0, on_error="raise", column=None)
        items = as_items(X, getattr(self, "column", None)).values
        run = BlockwiseEmbedding(embedder, items, block_size)
        verbose = getattr(self, "verbose", 0)
        with closing(run.blocks(verbose=verbose, skip=skip)) as blocks:
            store = ColumnStore.from_array(blocks, path, overwrite=overwrite, verbose=verbose)
        if run.errors:
            warn_user(
                f"{told_of(run.errors)} left out of {path}: they cannot be read.\n"
                f"{listed(run.errors)}",
                BrokenInputWarning,
            )
        return store


def refuse_store_at(path: str | os.PathLike[str], overwrite: bool) -> None:
    """Raise FileExistsError before any work if a whole store is where one is to be written."""
    try:
        there = None if overwrite else ColumnStore.open(path)
    except (FileNotFoundError, ValueError):
        return  # nothing, or the beginning of a store; what else it is, `from_array` says
    if there is not None:
        raise FileExistsError(
            f"There is a column store at {os.fspath(path)}. Open it by ColumnStore.open(path), "
            f"choose another path, or pass overwrite=True."
        )


def told_of(errors: dict[int, str]) -> str:
    """Return how many items are broken."""
    return f"{len(errors):,} item{' is' if len(errors) == 1 else 's are'}"


def listed(errors: dict[int, str]) -> str:
    """Return the broken items by row, the first of them where there are many."""
    lines = [f"  row {row}: {reason}" for row, reason in list(errors.items())[:20]]
    if len(errors) > 20:
        lines.append(f"  and {len(errors) - 20:,} more")
    return "\n".join(lines)
