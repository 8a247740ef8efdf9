"""FoundationEmbedder: images and texts to embeddings, once."""

import copy
import os
from collections.abc import Callable
from contextlib import nullcontext
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import (
    BaseEstimator,
    TransformerMixin,
    _fit_context,
    clone,
)
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions

from sklearn_zcore._progress import progress_bar
from sklearn_zcore.embedding import _device
from sklearn_zcore.embedding._backbone import Backbone
from sklearn_zcore.embedding._broken import report
from sklearn_zcore.embedding._cache import EmbeddingCache
from sklearn_zcore.embedding._engine import Embedded, Engine
from sklearn_zcore.embedding._extra import require_embed_extra
from sklearn_zcore.embedding._feature_names import FeatureNamesMixin
from sklearn_zcore.embedding._inputs import Items, Kind, as_items, resolve_kind
from sklearn_zcore.embedding._models import ModelSource, resolve_models, without_weights
from sklearn_zcore.embedding._pooling import to_mean_square_1
from sklearn_zcore.embedding._pooling_key import describe_pooling
from sklearn_zcore.embedding._to_store import StoreWriterMixin

_RULES = 2  # counts changes of how items are read and pooled: the cache must not mix them


class FoundationEmbedder(StoreWriterMixin, FeatureNamesMixin, TransformerMixin, BaseEstimator):
    """Embed images or texts with a pretrained model.

    Stateless: ``fit`` learns nothing. The weights are loaded when the first item has to be
    computed, are shared by all clones in a process, and stay out of pickles. Equal items are
    embedded once, and with ``cache_dir`` once and for all.

    Needs the extra ``embed``: ``pip install "sklearn-zcore[embed]"``, or in a checkout
    ``pip install ".[embed]"``.

    Parameters
    ----------
    model : str, path-like, tuple of (model, processor), or list, \
            default="openai/clip-vit-base-patch32"
        The pretrained model: an id of the Hugging Face hub, a directory that ``save_pretrained``
        has written, or a model of transformers that is loaded, with its processor or tokenizer.
        Weights are read from safetensors only, and no code of a repository is run. Of a list, the
        embeddings are concatenated, see Notes. Aliases: ``"clip"`` (openai/clip-vit-large-patch14)
        and ``"resnet18"`` (microsoft/resnet-18), which [1]_ concatenates, ``"dinov2"``
        (facebook/dinov2-base), and for texts ``"minilm"``
        (sentence-transformers/all-MiniLM-L6-v2).
    modality : {"auto", "image", "text"}, default="auto"
        What the items are. ``"auto"`` tells by their type; strings are paths or texts, as the
        model embeds only one of the two, or else as they look: those that end like an image's name,
        or are files, are paths.
    pooling : {"auto", "cls", "mean", "pooler"} or callable, default="auto"
        How the model's output becomes one vector. ``"auto"`` is what the family is meant to be
        used with: the projected embedding of CLIP and SigLIP, the class token of ViT and DINOv2,
        the pooled output of ResNet, ConvNeXt and MobileNetV2; for texts what the files of a model
        of sentence-transformers declare, its Dense and Normalize modules included, or else the mean
        over the tokens, padding left out. Any other value pools the transformer's own output. A
        callable gets the hidden states, a tensor of shape (n_samples,
        n_tokens, width), and the mask of the tokens or None, and returns one of shape
        (n_samples, n_features). With a ``cache_dir`` it has to be a plain function that uses
        nothing that the cache's key cannot hold, or have a string as attribute ``cache_key``.
    layer : int, default=-1
        The hidden layer to pool, as transformers counts them: 0 is the embedding of the input, -1
        the model's output, with the norm that follows the last layer.
    batch_size : int or "auto", default="auto"
        Items in a forward pass. ``"auto"`` is 32 on the CPU, and on CUDA what fills 80 % of the
        free memory, as measured, up to 1024. A batch that does not fit in memory is halved.
    device : str, default="auto"
        ``"auto"`` (CUDA, then MPS, then the CPU), or what torch calls it. A loaded model stays
        where it is.
    dtype : {"auto", "float32", "float16", "bfloat16"}, default="auto"
        Precision of the model. ``"auto"`` is bfloat16 on CUDA (float16 where that is not
        supported) and float32 elsewhere; a loaded model keeps its own. The embeddings are float32
        in any case.
    normalize : bool, default=False
        Whether to scale each row of a single model's embeddings as those of a list are: to length
        1, times the square root of the number of features, so that the mean square of a row is 1.
    cache_dir : str, path-like or None, default=None
        A folder to keep embeddings in, under the hash of the item's content and of the model,
        pooling, layer and dtype. It survives a kill at any moment, and several processes may use
        it at once. It should be on a local disk.
    num_workers : int, default=0
        Threads that read and decode images while the model computes. 0 decodes in between.
    revision : str or None, default=None
        Branch, tag or commit of models of the hub.
    local_files_only : bool, default=False
        Whether to use models of the hub only if they have been downloaded before.
    column : str or None, default=None
        Which column to embed of a table, or Hugging Face data set, that has several.
    on_error : {"raise", "nan"}, default="raise"
        What to do about items that cannot be read. ``"raise"`` embeds all others first (and keeps
        them in the cache), and then raises one error that lists every broken item. ``"nan"``
        warns with that list, and their rows are NaN.
    verbose : int, default=0
        Whether to show a progress bar, with rate and time left, on stderr.

    Attributes
    ----------
    n_computed_ : int
        How many items of the last `transform` went through a model; the others were in the cache,
        or equal to one of them.

    See Also
    --------
    load_image_folder : The images of a folder, and their labels.
    ZCoreSelector : Selects a coreset of the embeddings.

    Notes
    -----
    Models of a list have different scales, and the larger would drown the other. So each row of
    each block is scaled to length 1, times the square root of the block's width: a coordinate of
    any model then has mean square 1.

    Images are seen as people see them: EXIF orientation is applied, grey and palette images become
    RGB, transparent parts are white, 16-bit values are scaled to 8 bits. Resizing and normalising
    are the model's own image processor's, with Pillow, also where torchvision is installed. Texts
    are cut to the length that the model can take, or to the ``max_seq_length`` that it declares;
    its default prompt is put before each of them.

    The same items give the same bits on the same machine and versions of the packages, also when
    a run with a cache was killed and started again. In another order or batch size, the last bits
    may differ.

    References
    ----------
    .. [1] B. A. Griffin, J. Marks, J. J. Corso, "Zero-Shot Coreset Selection via Iterative
       Subspace Sampling", arXiv:2411.15349.

    Examples
    --------
    A tiny model of random weights, in place of a pretrained one:

    >>> import numpy as np
    >>> from sklearn_zcore import FoundationEmbedder
    >>> from transformers import ResNetConfig, ResNetModel
    >>> from transformers.models.convnext import ConvNextImageProcessorPil
    >>> config = ResNetConfig(embedding_size=4, hidden_sizes=[4, 8], depths=[1, 1])
    >>> pair = ResNetModel(config).eval(), ConvNextImageProcessorPil(size={"shortest_edge": 32})
    >>> images = np.random.default_rng(0).integers(0, 256, (5, 40, 30, 3), dtype=np.uint8)
    >>> FoundationEmbedder(pair).fit_transform(images).shape
    (5, 8)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "model": "no_validation",  # type: ignore[dict-item]
        "modality": [StrOptions({"auto", "image", "text"})],
        "pooling": [StrOptions({"auto", "cls", "mean", "pooler"}), callable],
        "layer": [Integral],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "device": [str],
        "dtype": [StrOptions({"auto", "float32", "float16", "bfloat16"})],
        "normalize": ["boolean"],
        "cache_dir": [str, os.PathLike, None],
        "num_workers": [Interval(Integral, 0, None, closed="left")],
        "revision": [str, None],
        "local_files_only": ["boolean"],
        "column": [str, None],
        "on_error": [StrOptions({"raise", "nan"})],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        model: Any = "openai/clip-vit-base-patch32",
        *,
        modality: str = "auto",
        pooling: str | Callable[[Any, Any], Any] = "auto",
        layer: int = -1,
        batch_size: int | str = "auto",
        device: str = "auto",
        dtype: str = "auto",
        normalize: bool = False,
        cache_dir: str | os.PathLike[str] | None = None,
        num_workers: int = 0,
        revision: str | None = None,
        local_files_only: bool = False,
        column: str | None = None,
        on_error: str = "raise",
        verbose: int = 0,
    ) -> None:
        self.model = model
        self.modality = modality
        self.pooling = pooling
        self.layer = layer
        self.batch_size = batch_size
        self.device = device
        self.dtype = dtype
        self.normalize = normalize
        self.cache_dir = cache_dir
        self.num_workers = num_workers
        self.revision = revision
        self.local_files_only = local_files_only
        self.column = column
        self.on_error = on_error
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the parameters and the type of X; nothing is learned, and no file is read.

        Parameters
        ----------
        X : sequence of length n_samples
            See `transform`.
        y : None
            Ignored.

        Returns
        -------
        self : object

        Raises
        ------
        ImportError
            If the extra ``embed`` is not installed.
        ValueError, TypeError
            If X holds no images or texts.
        """
        require_embed_extra()
        as_items(X, self.column)
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Embed images or texts.

        Parameters
        ----------
        X : sequence of length n_samples
            Images: paths (str or Path), PIL images, arrays of shape (h, w), (h, w, 3) or (h, w, 4)
            in a list, or one array of shape (n_samples, h, w), (n_samples, h, w, 3) or (n_samples,
            h, w, 4); of uint8, uint16, or floats from 0 to 1. Or texts: strings. Also a Series, a
            frame of one column, an array of strings, or a column of a Hugging Face data set.

        Returns
        -------
        ndarray of shape (n_samples, n_features), float32
            The embeddings.

        Raises
        ------
        BrokenInputError
            If items cannot be read: a ValueError that lists them, raised when all others have been
            embedded. It has their embeddings, too.
        CacheError
            If the cache cannot be read or written: an OSError.
        ImportError
            If the extra ``embed`` is not installed.
        OSError
            If the model is not to be had.
        ValueError, TypeError
            If X or the model is of the wrong kind, or the device is not there.
        """
        self._validate_params()
        require_embed_extra()
        items = as_items(X, self.column)
        blocks, errors, n_computed = [], {}, 0
        for source in self._sources():
            embedded = self._embed(items, source)
            errors.update(embedded.errors)
            blocks.append(embedded.vectors)
            n_computed += embedded.n_computed
        self.n_computed_ = n_computed
        embeddings = self._concatenate(blocks)
        self._seen = self._output_parameters(), embeddings.shape[1]
        if errors:
            report(errors, items.values, embeddings, self.on_error, self.cache_dir)
        return embeddings

    def _sources(self) -> list[ModelSource]:
        return resolve_models(self.model, self.revision, self.local_files_only)

    def _embed(self, items: Items, source: ModelSource) -> Embedded:
        kind = resolve_kind(items, self.modality, set(source.embeds), source.name)
        cache: Any = nullcontext()
        if self.cache_dir is not None:
            cache = EmbeddingCache(self.cache_dir, self._identity(source, kind), source.name)
        title, unit = "Embedding", f"{kind}s"
        with cache, progress_bar(self.verbose, title, unit, rate=f" {unit}/s") as progress:
            progress.add_total(len(items.values))
            return Engine(
                items.values,
                kind,
                lambda: self._backbone(source, kind),
                cache=cache if self.cache_dir is not None else None,
                batch_size=self._fixed_batch_size(),
                num_workers=self.num_workers,
                progress=progress,
            ).run()

    def _fixed_batch_size(self) -> int | None:
        if self.batch_size != "auto":
            return int(self.batch_size)
        return _device.CPU_BATCH_SIZE if _device.surely_cpu(self.device) else None

    def _backbone(self, source: ModelSource, kind: Kind) -> Backbone:
        return Backbone(
            source,
            kind,
            pooling=self.pooling,
            layer=self.layer,
            device=self.device,
            dtype=self.dtype,
        )

    def _identity(self, source: ModelSource, kind: Kind) -> dict[str, Any]:
        """Return all that an embedding depends on, besides the item."""
        return {
            **source.identity(),
            "kind": kind,
            "pooling": describe_pooling(self.pooling),
            "layer": int(self.layer),
            "dtype": self._dtype_of(source),
            "rules": _RULES,
        }

    def _dtype_of(self, source: ModelSource) -> str:
        if source.loaded is not None:
            return str(next(source.loaded[0].parameters()).dtype).removeprefix("torch.")
        return _device.name_dtype(self.dtype, self.device)

    def _concatenate(self, blocks: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        if len(blocks) > 1 or self.normalize:
            blocks = [to_mean_square_1(block) for block in blocks]
        return blocks[0] if len(blocks) == 1 else np.hstack(blocks)

    def __sklearn_clone__(self) -> Self:
        """Return a clone that shares a loaded model, where scikit-learn would copy its weights."""
        parameters = self.get_params(deep=False)
        for name, value in parameters.items():
            parameters[name] = value if name == "model" else clone(value, safe=False)
        twin = type(self)(**parameters)
        for name in ("_metadata_request", "_sklearn_output_config"):
            if hasattr(self, name):
                setattr(twin, name, copy.deepcopy(getattr(self, name)))
        return twin

    def __getstate__(self) -> dict[str, Any]:
        """Return the parameters; weights stay out of pickles, also those of a loaded model."""
        state: dict[str, Any] = dict(super().__getstate__())
        for counted in ("_seen", "_n_features_out", "n_computed_"):
            state.pop(counted, None)
        state["model"] = without_weights(state["model"])
        return state

    def __sklearn_tags__(self) -> Tags:
        """Return the tags: one column of images or strings, and nothing to fit."""
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        """Return True: there is nothing to fit."""
        return True
