"""The way of the items: read, looked up, decoded by workers, embedded in batches, stored.

Batches are cut from the items that are still to be computed, in order, and are stored whole. A run
that was killed so goes on with the very batches that it would have computed, and gives the same
bits. Where several runs share a cache, each item is claimed by one of them before it is computed;
the others go on with the rest, and take it at their end.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from hashlib import blake2b
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import gen_batches

from sklearn_zcore._progress import Silent
from sklearn_zcore.embedding._backbone import Backbone
from sklearn_zcore.embedding._cache import EmbeddingCache
from sklearn_zcore.embedding._images import LoadedImage, UnreadableImage, too_large
from sklearn_zcore.embedding._inputs import Kind
from sklearn_zcore.embedding._reading import WINDOW, read_ahead, workers

_T = TypeVar("_T")
_LOOKED_UP = 4096  # texts: they are in memory already


class Miss(NamedTuple):
    """An item that has to be computed.

    Attributes
    ----------
    row : int
    digest : bytes
    prepared : object
        What the model takes: pixels, or a text.
    """

    row: int
    digest: bytes
    prepared: Any


class Embedded(NamedTuple):
    """What has become of the items.

    Attributes
    ----------
    vectors : ndarray of shape (n_samples, n_features), float32
        NaN in the rows of items that are broken.
    errors : dict
        From the row of each broken item to the reason.
    n_computed, n_reused : int
        Distinct items that went through the model, and rows that did not have to.
    """

    vectors: NDArray[np.float32]
    errors: dict[int, str]
    n_computed: int
    n_reused: int


class Engine:
    """One pass over the items with one model.

    Parameters
    ----------
    values : sequence
    kind : {"image", "text"}
    backbone : callable
        Loads the model; not called if all items are in the cache.
    cache : EmbeddingCache or None
    batch_size : int or None
        None finds one that fits in memory.
    num_workers : int
    progress : Silent or Bar
    """

    def __init__(
        self,
        values: Sequence[Any],
        kind: Kind,
        backbone: Callable[[], Backbone],
        *,
        cache: EmbeddingCache | None,
        batch_size: int | None,
        num_workers: int,
        progress: Silent,
    ) -> None:
        self._values, self._kind, self._cache = values, kind, cache
        self._load_backbone = backbone
        self._loaded_backbone: Backbone | None = None
        self._loading = threading.Lock()
        self._batch_size, self._num_workers = batch_size, num_workers
        self._progress = progress
        self._vectors: NDArray[np.float32] | None = None
        self._first_row: dict[bytes, int] = {}
        self._copies: list[tuple[int, int]] = []  # (row, the first row with the same content)
        self._errors: dict[int, str] = {}
        self._deferred: dict[bytes, int] = {}  # what others are computing, and its row
        self._n_computed = self._n_reused = 0

    def run(self) -> Embedded:
        """Embed everything.

        Returns
        -------
        Embedded
        """
        with workers(0 if self._kind == "text" else self._num_workers) as pool:
            rows: Sequence[int] = range(len(self._values))
            self._compute(self._misses(rows, pool), pool)
            while self._deferred:
                if rows := self._wait_for_others():
                    self._compute(self._misses(rows, pool), pool)
        # Without vectors, every item is broken.
        vectors = self._vectors if self._vectors is not None else self._allocate(self._width())
        for row, first in self._copies:
            vectors[row] = vectors[first]
            if first in self._errors:
                self._errors[row] = self._errors[first]
        errors = dict(sorted(self._errors.items()))
        return Embedded(vectors, errors, self._n_computed, self._n_reused)

    def _misses(self, rows: Sequence[int], pool: Executor) -> Iterator[Miss]:
        return self._image_misses(rows, pool) if self._kind == "image" else self._text_misses(rows)

    def _image_misses(self, rows: Sequence[int], pool: Executor) -> Iterator[Miss]:
        """Yield the images that are not in the cache, decoded; workers are ahead of the model."""
        ahead: deque[tuple[int, bytes, Future[Any]]] = deque()
        for row, digest, image in self._unknown_images(rows, pool):
            # Workers take what they are given in turn: the next window is not read before this
            # image is decoded, and its file let go.
            ahead.append((row, digest, pool.submit(_prepare, image, self._backbone)))
            # As many as a batch has are then in the making while the model computes another.
            while len(ahead) > max(WINDOW, 2 * (self._batch_size or 0)):
                yield from self._finished(*ahead.popleft())
        while ahead:
            yield from self._finished(*ahead.popleft())

    def _finished(self, row: int, digest: bytes, future: Future[Any]) -> Iterator[Miss]:
        try:
            yield Miss(row, digest, future.result())
        except UnreadableImage as error:
            self._fail(row, str(error))

    def _unknown_images(
        self, rows: Sequence[int], pool: Executor
    ) -> Iterator[tuple[int, bytes, LoadedImage]]:
        """Yield the images whose embedding is not known."""
        for window in read_ahead(self._values, rows, pool):
            new = []
            for row, future in window:
                try:
                    image = future.result()
                except UnreadableImage as error:
                    self._fail(row, str(error))
                else:
                    if self._is_new(row, image.digest):
                        new.append((row, image.digest, image))
            yield from self._not_cached(new)

    def _text_misses(self, rows: Sequence[int]) -> Iterator[Miss]:
        """Yield the texts that are not in the cache, the longest first.

        Texts of a length need little padding; and what does not fit in memory shows at once.
        """
        new = []
        for row in rows:
            text = self._values[row]
            if not isinstance(text, str):
                self._fail(row, "the value is missing (None or NaN)")
                continue
            try:
                data = text.encode()
            except UnicodeEncodeError as error:
                self._fail(row, f"is no text: {error.reason} at position {error.start}")
                continue
            digest = blake2b(data, digest_size=32, person=b"text").digest()
            if self._is_new(row, digest):
                new.append((row, digest, text))
        unknown = [item for part in gen_batches(len(new), _LOOKED_UP) if (items := new[part])
                   for item in self._not_cached(items)]  # fmt: skip
        unknown.sort(key=lambda item: (-len(item[2]), item[0]))
        for item in unknown:
            yield Miss(*item)

    def _is_new(self, row: int, digest: bytes) -> bool:
        """Return whether no row before had the same content."""
        first = self._first_row.setdefault(digest, row)
        if first == row:
            return True
        self._copies.append((row, first))
        self._count_reused()
        return False

    def _not_cached(self, items: list[tuple[int, bytes, _T]]) -> Iterator[tuple[int, bytes, _T]]:
        known = self._cache.get([item[1] for item in items]) if self._cache else {}
        for row, digest, content in items:
            if digest in known:
                self._reuse(row, known[digest])
            else:
                yield row, digest, content

    def _fail(self, row: int, reason: str) -> None:
        self._errors[row] = reason
        self._progress.advance(0, free=1, note=self._note())

    def _compute(self, misses: Iterable[Miss], pool: Executor) -> None:
        """Embed batch by batch; while the model computes one, a worker assembles the next."""
        waiting: tuple[list[Miss], Future[Any]] | None = None
        for batch in self._batches(misses):
            assembled = pool.submit(_assemble, [m.prepared for m in batch], self._backbone())
            if waiting is not None:
                self._embed(*waiting)
            waiting = batch, assembled
        if waiting is not None:
            self._embed(*waiting)

    def _batches(self, misses: Iterable[Miss]) -> Iterator[list[Miss]]:
        """Yield batches of items that nobody else is computing; the last one may be smaller."""
        batch: list[Miss] = []
        found: list[Miss] = []
        for miss in misses:
            found.append(miss)
            if self._batch_size is None:
                backbone = self._backbone()
                self._batch_size = backbone.batch_size(_assemble([miss.prepared], backbone))
            if len(batch) + len(found) == self._batch_size:
                batch += self._claim(found)
                found = []
            if len(batch) == self._batch_size:
                yield batch
                batch = []
        batch += self._claim(found)
        if batch:
            yield batch

    def _claim(self, found: list[Miss]) -> list[Miss]:
        """Return the items to compute here; another thread or process may be at the others."""
        if not self._cache or not found:
            return found
        known, mine = self._cache.claim([miss.digest for miss in found])
        for miss in found:
            if miss.digest in known:
                self._reuse(miss.row, known[miss.digest])
            elif miss.digest not in mine:
                self._deferred[miss.digest] = miss.row
        return [miss for miss in found if miss.digest in mine]

    def _wait_for_others(self) -> list[int]:
        """Take what others have computed; return the rows of what they have given up."""
        assert self._cache is not None
        free = self._cache.wait(list(self._deferred))
        known = self._cache.get(free)
        rows = {digest: self._deferred.pop(digest) for digest in free}
        for digest, vector in known.items():
            self._reuse(rows.pop(digest), vector)
        return sorted(rows.values())

    def _embed(self, batch: list[Miss], assembled: Future[Any]) -> None:
        """Embed a batch and store it."""
        vectors = self._backbone().embed(assembled.result())
        self._check_finite(batch, vectors)
        if self._cache:
            digests = [miss.digest for miss in batch]
            self._cache.put(digests, vectors)
            self._cache.release(digests)
        self._n_computed += len(batch)
        self._progress.advance(len(batch), note=self._note())
        for miss, vector in zip(batch, vectors, strict=True):
            self._set(miss.row, vector)

    def _reuse(self, row: int, vector: NDArray[np.float32]) -> None:
        self._set(row, vector)
        self._count_reused()

    def _count_reused(self) -> None:
        self._n_reused += 1
        self._progress.advance(0, free=1, note=self._note())

    def _note(self) -> str:
        """Say how many rows took no work."""
        counts = {"known": self._n_reused, "broken": len(self._errors)}
        return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)

    def _check_finite(self, batch: list[Miss], vectors: NDArray[np.float32]) -> None:
        bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
        if bad.size:
            raise ValueError(
                f"The model {self._backbone().name!r} gave NaN or infinite values for {bad.size} "
                f"of {len(batch)} items, the first in row {batch[bad[0]].row} of X. If it computes "
                f"in float16, its numbers may be too large for it: use dtype='bfloat16' or "
                f"'float32'."
            )

    def _width(self) -> int:
        known = self._cache.width if self._cache else None
        return known or self._backbone().width

    def _backbone(self) -> Backbone:
        with self._loading:
            if self._loaded_backbone is None:
                self._loaded_backbone = self._load_backbone()
            return self._loaded_backbone

    def _allocate(self, width: int) -> NDArray[np.float32]:
        self._vectors = np.full((len(self._values), width), np.nan, np.float32)
        return self._vectors

    def _set(self, row: int, vector: NDArray[np.float32]) -> None:
        vectors = self._vectors if self._vectors is not None else self._allocate(vector.size)
        vectors[row] = vector


def _prepare(image: LoadedImage, backbone: Callable[[], Backbone]) -> NDArray[Any]:
    """Decode and preprocess an image, in a worker; for a broken one, no model is loaded."""
    pixels = image.decode()
    prepare = backbone().prepare_image
    try:
        return prepare(pixels)
    except MemoryError:
        raise UnreadableImage(too_large(pixels)) from None
    except (ValueError, ZeroDivisionError) as error:
        raise UnreadableImage(f"cannot be preprocessed for the model: {error}") from None


def _assemble(prepared: list[Any], backbone: Backbone) -> Any:
    """Make a batch of prepared items, in a worker."""
    if backbone.kind == "text":
        return backbone.tokenize(prepared)
    same = len({pixels.shape for pixels in prepared}) == 1
    return np.stack(prepared) if same else prepared
