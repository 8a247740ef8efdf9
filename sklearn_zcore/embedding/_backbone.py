"""A loaded model with all around it: pixels or tokens in, one vector an item out."""

import warnings
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.embedding import _device
from sklearn_zcore.embedding._fork import Lock, keep_to_what_works
from sklearn_zcore.embedding._inputs import Kind
from sklearn_zcore.embedding._models import ModelSource, image_processor_of, tokenizer_of
from sklearn_zcore.embedding._pooling import needs_pooler, pool, resolve_pooling
from sklearn_zcore.embedding._preprocess import Preprocessor
from sklearn_zcore.embedding._sentence import (
    Declared,
    Tail,
    TextSettings,
    read_declared,
    read_text_settings,
)

# Convolutions that were measured faster with channels last, on the CPU and in half precision.
_CONVOLUTIONAL = frozenset(
    "resnet convnext convnextv2 mobilenet_v1 mobilenet_v2 regnet efficientnet mobilevit".split()
)
_PADDED_TO_THE_END = frozenset({"siglip", "siglip2"})  # as they were trained
_MOST_TOKENS = 100_000  # tokenizers without a limit state a number that is far larger
_KEPT = 4  # loaded models

_loaded: "OrderedDict[Any, tuple[Any, Any, list[str]]]" = OrderedDict()
_loading = Lock()


def release_models() -> None:
    """Forget the models that this process has loaded, and free their memory.

    A `FoundationEmbedder` loads its model when it first needs it, and clones of it, as in a grid
    search, find it loaded: the last four that were used are kept.

    Examples
    --------
    >>> from sklearn_zcore.embedding import release_models
    >>> release_models()
    """
    _loaded.clear()


class Backbone:
    """A model on its device, ready to embed items of one kind.

    Parameters
    ----------
    source : ModelSource
    kind : {"image", "text"}
    pooling, layer, device, dtype
        Parameters of `FoundationEmbedder`.

    Attributes
    ----------
    width : int
        Number of features.
    """

    def __init__(
        self, source: ModelSource, kind: Kind, *, pooling: Any, layer: int, device: str, dtype: str
    ) -> None:
        import torch

        keep_to_what_works(torch)  # loading computes, too
        self.kind, self.name = kind, source.name
        self._torch = torch
        self._pooling, self._layer = pooling, layer
        if source.loaded is not None:
            self._model, processor = source.loaded
            self._check_placed(device, dtype)
            part = _part_for(kind, processor)
            missing: list[str] = []
        else:
            resolved = _device.resolve_device(torch, device)
            dtype = _device.resolve_dtype(torch, dtype, resolved)
            self._model, part, missing = _load(source, kind, resolved, dtype)
        first = next(self._model.parameters())
        self._device, self._dtype = first.device, first.dtype
        self._text, declared = _declared_by(source, kind, pooling)
        self._pooled = resolve_pooling(pooling, layer, kind, self._model, self.name, declared)
        self._tail = None
        if declared is not None and declared.tail and layer == -1:
            self._tail = Tail(declared.tail, self._device, self.name)
        if needs_pooler(self._pooled) and any("pooler" in key for key in missing):
            raise ValueError(
                f"pooling={pooling!r}: the weights of {self.name!r} have no pooler, so that it "
                f"would be random. Use 'cls' or 'mean'."
            )
        self._preprocessor = self._tokenizer = part
        source.check_unchanged()

    def _check_placed(self, device: str, dtype: str) -> None:
        """Leave a model that the user has loaded where it is, and as it is."""
        first = next(self._model.parameters())
        asked = None if device == "auto" else _device.resolve_device(self._torch, device)
        if asked is not None and (
            asked.type != first.device.type or asked.index not in (None, first.device.index)
        ):
            raise ValueError(
                f"device={device!r}, and the loaded model is on {first.device}. Move it there "
                f"yourself, model.to({device!r}), or leave device='auto'."
            )
        if dtype != "auto" and first.dtype != getattr(self._torch, dtype):
            raise ValueError(
                f"dtype={dtype!r}, and the loaded model is {first.dtype}. Convert it yourself, "
                f"model.to(torch.{dtype}), or leave dtype='auto'."
            )

    @property
    def width(self) -> int:
        """Number of features, as found by embedding a blank item."""
        return int(self.embed(self.prepare_blank()).shape[1])

    def prepare_blank(self) -> Any:
        """Return a batch of one blank item."""
        if self.kind == "text":
            return self.tokenize(["a"])
        from PIL import Image

        return self.prepare_image(Image.new("RGB", (64, 64)))[None]

    def prepare_image(self, image: Any) -> NDArray[Any]:
        """Preprocess one image, in a worker."""
        prepared: NDArray[Any] = self._preprocessor.prepare(image)
        return prepared

    def tokenize(self, texts: Sequence[str]) -> dict[str, Any]:
        """Make a batch of tokens, padded to the longest text."""
        family = str(self._model.config.model_type)
        if self._text.lower_case:  # letter by letter, as tokenizers do
            texts = ["".join(map(str.lower, text)) for text in texts]
        batch = self._tokenizer(
            [self._text.prompt + text for text in texts],
            padding="max_length" if family in _PADDED_TO_THE_END else True,
            truncation=True,
            max_length=self._longest(),
            return_tensors="np",
        )
        return dict(batch)

    def _longest(self) -> int:
        config = getattr(self._model.config, "text_config", self._model.config)
        limits = [
            self._text.max_length or self._tokenizer.model_max_length,
            getattr(config, "max_position_embeddings", None) or _MOST_TOKENS,
        ]
        if "roberta" in str(config.model_type):
            limits[1] -= 2  # its positions begin after the one of padding
        return int(min(_MOST_TOKENS, *limits))

    def batch_size(self, example: Any) -> int:
        """Return how many items like an example to embed at once.

        Parameters
        ----------
        example : ndarray of shape (1, ...), or dict of one row of tokens

        Returns
        -------
        int
        """

        def run(n_items: int) -> None:
            if isinstance(example, dict):
                copies: Any = {name: np.repeat(rows, n_items, 0) for name, rows in example.items()}
            else:
                copies = np.repeat(example, n_items, 0)
            self._embed_all(copies, 0, n_items)

        return _device.find_batch_size(self._torch, self._device, run)

    def embed(self, batch: Any) -> NDArray[np.float32]:
        """Embed a batch.

        Parameters
        ----------
        batch : ndarray or list of ndarray, or dict of tokens
            From `prepare_image`, stacked if they have one shape; or from `tokenize`.

        Returns
        -------
        ndarray of shape (n_samples, n_features), float32
        """
        if isinstance(batch, dict):
            return self._in_parts(batch, len(next(iter(batch.values()))))
        if isinstance(batch, np.ndarray):
            return self._in_parts(batch, len(batch))
        # Processors that keep the proportions: images of one shape go through together.
        vectors: list[Any] = [None] * len(batch)
        for shape in sorted({pixels.shape for pixels in batch}):
            rows = [row for row, pixels in enumerate(batch) if pixels.shape == shape]
            part = self._in_parts(np.stack([batch[row] for row in rows]), len(rows))
            for row, vector in zip(rows, part, strict=True):
                vectors[row] = vector
        return np.stack(vectors)

    def _in_parts(self, batch: Any, n_items: int) -> NDArray[np.float32]:
        def run(start: int, stop: int) -> NDArray[np.float32]:
            return self._embed_all(batch, start, stop)

        return _device.run_within_memory(self._torch, run, n_items)

    def _embed_all(self, batch: Any, start: int, stop: int) -> NDArray[np.float32]:
        with (
            self._torch.inference_mode(),
            _device.given_threads(self._torch),
            _evaluating(self._model),
        ):
            if isinstance(batch, dict):
                tokens = {
                    name: self._torch.from_numpy(rows[start:stop]).to(self._device)
                    for name, rows in batch.items()
                }
                vectors = self._pool(self._forward(tokens), tokens.get("attention_mask"))
            else:
                pixels = self._preprocessor.to_tensor(batch[start:stop], self._device, self._dtype)
                vectors = self._pool(self._forward({"pixel_values": pixels}), None)
            array: NDArray[np.float32] = vectors.float().cpu().numpy()
            return array

    def _forward(self, inputs: dict[str, Any]) -> Any:
        model = self._model
        if self._pooled == "projected":
            features = getattr(model, f"get_{self.kind}_features")(**inputs)
            return features
        towers = {"image": "vision_model", "text": "text_model"}
        if hasattr(model, f"get_{self.kind}_features"):
            model = getattr(model, towers[self.kind])
        if self._layer != -1:
            inputs = {**inputs, "output_hidden_states": True}
        return model(**inputs)

    def _pool(self, outputs: Any, mask: Any) -> Any:
        vectors = pool(outputs, self._pooled, self._layer, mask, self._pooling, self.name)
        return vectors if self._tail is None else self._tail(vectors)


def _declared_by(
    source: ModelSource, kind: Kind, pooling: Any
) -> tuple[TextSettings, Declared | None]:
    """Read what a directory says of its tokens, and of its vectors where nothing else was asked."""
    if source.directory is None or source.transformer is None:
        return TextSettings(), None
    text = TextSettings()
    if kind == "text":
        text = read_text_settings(source.directory, source.transformer, source.name)
    asked = not isinstance(pooling, str) or pooling != "auto"
    return text, None if asked else read_declared(source.directory, kind, source.name)


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    """Switch dropout and the like off, and leave the user's model as it was."""
    training = [module for module in model.modules() if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True


def _load(source: ModelSource, kind: Kind, device: Any, dtype: str) -> tuple[Any, Any, list[str]]:
    """Load a model from its directory; one that was used lately is still there."""
    key = (source.files, kind, str(device), dtype)
    with _loading:
        if key not in _loaded:
            _loaded[key] = _load_from(source, kind, device, dtype)
        _loaded.move_to_end(key)
        while len(_loaded) > _KEPT:
            _loaded.popitem(last=False)
        return _loaded[key]


def _load_from(
    source: ModelSource, kind: Kind, device: Any, dtype: str
) -> tuple[Any, Any, list[str]]:
    import torch
    from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

    safely: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
    try:
        with _quiet_transformers():
            model, info = AutoModel.from_pretrained(
                source.transformer,
                dtype=getattr(torch, dtype),
                use_safetensors=True,
                output_loading_info=True,
                **safely,
            )
            if kind == "image":
                # Also where torchvision is installed, so that the pixels do not depend on that.
                processor = AutoImageProcessor.from_pretrained(
                    source.transformer, backend="pil", **safely
                )
            else:
                processor = AutoTokenizer.from_pretrained(source.transformer, **safely)
    except Exception as error:
        raise _explained(source, error) from error
    missing = sorted(info["missing_keys"])
    if strange := [key for key in missing if "pooler" not in key]:
        raise ValueError(
            f"The weights of the model {source.name!r} do not fit its config.json: {len(strange)} "
            f"are missing, such as {strange[0]!r}, and would be random."
        )
    model = model.to(device).eval()
    if source.model_type in _CONVOLUTIONAL:
        model = model.to(memory_format=torch.channels_last)
    return model, _part_for(kind, processor), missing


def _part_for(kind: Kind, processor: Any) -> Any:
    """Return what makes the model's input: a `Preprocessor`, or a tokenizer."""
    if kind == "text":
        return tokenizer_of(processor)
    return Preprocessor(image_processor_of(processor))


def _explained(source: ModelSource, error: Exception) -> Exception:
    """Say what is wrong with a model that transformers could not load."""
    text = str(error)
    if "trust_remote_code" in text or "custom code" in text:
        return ValueError(
            f"The model {source.name!r} needs code from its own repository, which is never run "
            f"here. Load it yourself, where you trust that code, and pass model=(model, processor)."
        )
    first_line = text.strip().splitlines()[0] if text.strip() else type(error).__name__
    return ValueError(
        f"The model {source.name!r} in {source.transformer} could not be loaded: {first_line} "
        f"({type(error).__name__})"
    )


@contextmanager
def _quiet_transformers() -> Iterator[None]:
    """Silence reports of weights that are left out, such as a classifier's, and progress bars."""
    from transformers.utils import logging

    level = logging.get_verbosity()
    had_bars = logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=FutureWarning)
            yield
    finally:
        logging.set_verbosity(level)
        if had_bars:
            logging.enable_progress_bar()
