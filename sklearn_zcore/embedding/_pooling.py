"""From what a backbone puts out to one vector an item.

Pooling "auto" is what the family is meant to be used with:

====================================  ==========================================================
CLIP, SigLIP and others of two towers "projected", into the space that images and texts share
ViT, DeiT, BEiT, DINOv2, DINOv3       "cls", the class token after the last norm
ResNet, ConvNeXt, MobileNetV2, others "pooler", the model's own pooled output
models of sentence-transformers       what their files declare, see `_sentence`
other encoders of text                "mean" of the token vectors, padding left out
====================================  ==========================================================
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# What models of sentence-transformers may declare.
TOKEN_POOLINGS = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")

_CLASS_TOKEN = frozenset(
    "vit deit beit data2vec-vision dinov2 dinov2_with_registers dinov3_vit vit_msn clip "
    "clip_vision_model metaclip_2 chinese_clip altclip clipseg".split()
)
_CLS_BY_DEFAULT = _CLASS_TOKEN - frozenset(
    "clip clip_vision_model metaclip_2 chinese_clip altclip clipseg".split()
)
_NO_CLASS_TOKEN = frozenset("siglip siglip2 siglip_vision_model swin swinv2 ijepa".split())


def resolve_pooling(
    pooling: Any, layer: int, kind: str, model: Any, name: str, declared: Any = None
) -> str | tuple[str, ...]:
    """Decide how to pool.

    Parameters
    ----------
    pooling : {"auto", "cls", "mean", "pooler"} or callable
    layer : int
        Another layer than the last, -1, has no projection and no pooler.
    kind : {"image", "text"}
    model : torch.nn.Module
    name : str
        The model's name, for messages.
    declared : Declared or None
        What the model's own files say, which is what ``"auto"`` then means.

    Returns
    -------
    {"projected", "cls", "mean", "pooler", "callable"} or tuple of str
        Of a tuple, the poolings of the tokens are concatenated.

    Raises
    ------
    ValueError
        If the model has nothing of that kind.
    """
    family = str(getattr(model.config, "model_type", ""))
    if callable(pooling):
        return "callable"
    if declared is not None and declared.poolings:
        return tuple(declared.poolings)
    if pooling == "auto":
        return _auto(layer, kind, model, family)
    if pooling == "pooler" and layer != -1:
        raise ValueError(
            f"pooling='pooler' works on the last layer, and layer={layer} is another. Use 'cls', "
            f"'mean' or a callable."
        )
    if pooling == "cls" and kind == "image" and family in _NO_CLASS_TOKEN:
        raise ValueError(
            f"pooling='cls': the model {name!r} ({family}) has no class token. Use 'mean' or "
            f"'auto'."
        )
    return str(pooling)


def _auto(layer: int, kind: str, model: Any, family: str) -> str:
    has_class_token = family in _CLASS_TOKEN
    if layer != -1:
        return "cls" if kind == "image" and has_class_token else "mean"
    if hasattr(model, f"get_{kind}_features"):
        return "projected"
    if kind == "text":
        return "mean"
    return "cls" if family in _CLS_BY_DEFAULT else "pooler"


def needs_pooler(pooled: str | tuple[str, ...]) -> bool:
    """Return whether the weights of the model's pooler are used."""
    return pooled == "pooler"


def pool(
    outputs: Any, pooled: str | tuple[str, ...], layer: int, mask: Any, pooling: Any, name: str
) -> Any:
    """Return one vector an item.

    Parameters
    ----------
    outputs : ModelOutput
    pooled : str or tuple of str
        From `resolve_pooling`.
    layer : int
    mask : tensor of shape (n_samples, n_tokens) or None
        1 where there is a token, 0 where there is padding.
    pooling : callable or str
        The parameter: if a callable, it is called with the hidden states, of shape (n_samples,
        n_tokens, width), and the mask.
    name : str

    Returns
    -------
    tensor of shape (n_samples, n_features)
    """
    if pooled in ("projected", "pooler"):
        vectors = getattr(outputs, "pooler_output", None)
        if vectors is None:
            raise ValueError(
                f"The model {name!r} has no pooled output. Use pooling='mean', 'cls' or a callable."
            )
        return vectors.flatten(1)
    hidden = _hidden(outputs, layer, name)
    is_map = hidden.ndim == 4
    if is_map:  # (n, channels, h, w), of a convolutional network
        hidden = hidden.flatten(2).transpose(1, 2)
    if pooled == "callable":
        return _called(pooling, hidden, mask)
    if pooled == "cls" and is_map:
        raise ValueError(
            f"pooling='cls': the model {name!r} is convolutional and has no class token. Use "
            f"'pooler', 'mean' or 'auto'."
        )
    if isinstance(pooled, str):
        return pool_tokens(hidden, pooled, mask)
    import torch

    return torch.cat([pool_tokens(hidden, part, mask) for part in pooled], dim=1)


def pool_tokens(hidden: Any, pooling: str, mask: Any) -> Any:
    """Pool token vectors.

    Parameters
    ----------
    hidden : tensor of shape (n_samples, n_tokens, width)
    pooling : str
        One of `TOKEN_POOLINGS`. ``"mean_sqrt_len_tokens"`` is the sum over the square root of the
        number of tokens; ``"weightedmean"`` weighs the first token by 1, the second by 2 and so on.
    mask : tensor of shape (n_samples, n_tokens) or None
        1 where there is a token, 0 where there is padding, before or after the tokens.

    Returns
    -------
    tensor of shape (n_samples, width)
    """
    if mask is None:
        if pooling == "mean":
            return hidden.mean(dim=1)
        mask = hidden.new_ones(hidden.shape[:2])
    if pooling in ("cls", "lasttoken"):
        ordered = mask if pooling == "cls" else mask.flip(1)
        padding = (ordered.cumsum(dim=1) == 0).sum(dim=1)  # before the first, or after the last
        place = padding if pooling == "cls" else hidden.shape[1] - 1 - padding
        return hidden[range(len(hidden)), place.clamp(0, hidden.shape[1] - 1)]
    if pooling != "mean":
        hidden = hidden.float()  # half precision cannot hold sums over long texts
    if pooling == "max":
        return hidden.masked_fill(mask.unsqueeze(-1) == 0, float("-inf")).amax(dim=1)
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    if pooling == "weightedmean":
        weights = weights * weights.cumsum(dim=1)
    totals = weights.sum(dim=1).clamp(min=1)
    if pooling == "mean_sqrt_len_tokens":
        totals = totals.sqrt()
    return (hidden * weights).sum(dim=1) / totals


def _hidden(outputs: Any, layer: int, name: str) -> Any:
    if layer == -1:
        return outputs.last_hidden_state
    states = getattr(outputs, "hidden_states", None)
    if not states:
        raise ValueError(f"The model {name!r} does not put out its layers; use layer=-1.")
    if not -len(states) <= layer < len(states):
        raise ValueError(
            f"layer={layer}: the model {name!r} has {len(states)} hidden states, 0 (after the "
            f"embedding) to {len(states) - 1}, or -1 (the output) to {-len(states)}."
        )
    return states[layer]


def _called(pooling: Any, hidden: Any, mask: Any) -> Any:
    vectors = pooling(hidden, mask)
    n_samples = hidden.shape[0]
    if getattr(vectors, "ndim", 0) != 2 or vectors.shape[0] != n_samples:
        raise ValueError(
            f"The callable pooling has to return a tensor of shape (n_samples, n_features), here "
            f"({n_samples}, d); it returned {getattr(vectors, 'shape', type(vectors).__name__)}."
        )
    return vectors


def to_mean_square_1(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale each row to length 1, times the square root of its width; a row of zeros stays."""
    lengths = np.linalg.norm(block.astype(np.float64), axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    scaled: NDArray[np.float32] = (block * (np.sqrt(block.shape[1]) / lengths)).astype(np.float32)
    return scaled
