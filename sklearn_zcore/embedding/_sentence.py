"""What a model of sentence-transformers declares beside its weights.

Such a directory holds ``modules.json``, which lists what a text goes through: the transformer, a
pooling, and what may come after it. What is known here is done as it is there; what is not known is
refused by name. Nothing here imports torch until there are weights to load.
"""

import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from sklearn_zcore.embedding._files import read_regular
from sklearn_zcore.embedding._pooling import TOKEN_POOLINGS

# In the order in which the files of old releases concatenate them.
_OLD_POOLINGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
_SETTINGS_FILES = [
    f"sentence_{family}_config.json"
    for family in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
]
_NOTHING_TO_DO = frozenset({"Dropout"})  # but in training
_TAIL = frozenset({"Dense", "LayerNorm", "Normalize"})
_WHOLE = "sentence_embedding"  # how a module's config.json calls the pooled vector


class Module(NamedTuple):
    """An entry of modules.json.

    Attributes
    ----------
    kind : str
        The name of its class, such as "Pooling".
    folder : Path
        Where its files are.
    """

    kind: str
    folder: Path


class TextSettings(NamedTuple):
    """How texts are made tokens.

    Attributes
    ----------
    max_length : int or None
        Most tokens; None where nothing is said of it.
    lower_case : bool
    prompt : str
        What is put before each text.
    """

    max_length: int | None = None
    lower_case: bool = False
    prompt: str = ""


class Declared(NamedTuple):
    """How the model's output becomes a vector.

    Attributes
    ----------
    poolings : tuple of str
        Concatenated. Empty where the model itself puts out one vector an item.
    tail : tuple of Module
        What the vectors go through afterwards.
    """

    poolings: tuple[str, ...]
    tail: tuple[Module, ...]


def read_modules(directory: Path, name: str) -> list[Module]:
    """Return the entries of modules.json; none if there is no such file.

    Raises
    ------
    ValueError
        If the file is broken, or names a folder outside of the directory.
    """
    entries = _read_json(directory / "modules.json", name)
    if entries is None:
        return []
    try:
        return [_module_of(entry, directory) for entry in entries]
    except (TypeError, KeyError, AttributeError, ValueError):
        raise ValueError(f"The model {name!r} has a broken modules.json.") from None


def _module_of(entry: dict[str, Any], directory: Path) -> Module:
    path = PurePosixPath(entry["path"])
    if path.is_absolute() or ".." in path.parts:
        raise ValueError
    package, _, kind = entry["type"].rpartition(".")
    is_own = package.split(".")[0] == "sentence_transformers"
    return Module(kind if is_own else entry["type"], directory / path)


def _read_json(path: Path, name: str) -> Any:
    """Return what a file holds; None if there is no such file."""
    try:
        return json.loads(read_regular(path))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ValueError(f"The model {name!r} has a broken {path.name}: {error}.") from None


def _read_settings(folder: Path, name: str) -> dict[str, Any]:
    for file in _SETTINGS_FILES:
        if found := _read_json(folder / file, name):
            if not isinstance(found, dict):
                raise ValueError(f"The model {name!r} has a broken {file}.")
            return found
    return {}


def read_text_settings(root: Path, folder: Path, name: str) -> TextSettings:
    """Read what is said of the tokens.

    Parameters
    ----------
    root : Path
        The model's directory.
    folder : Path
        Where the transformer is: the same one, or a folder in it.
    name : str
        The model's, for messages.

    Returns
    -------
    TextSettings
    """
    settings = _read_settings(folder, name)
    max_length = settings.get("max_seq_length")
    if max_length is not None and (not isinstance(max_length, int) or max_length < 1):
        raise ValueError(f"The model {name!r} has max_seq_length={max_length!r}.")
    general = _read_json(root / "config_sentence_transformers.json", name) or {}
    prompt = ""
    if (key := general.get("default_prompt_name")) is not None:
        prompt = general.get("prompts", {}).get(key) or ""
    return TextSettings(max_length, bool(settings.get("do_lower_case", False)), prompt)


def read_declared(root: Path, kind: str, name: str) -> Declared | None:
    """Read how vectors are made of the model's output.

    Parameters
    ----------
    root : Path
        The model's directory.
    kind : {"image", "text"}
    name : str
        The model's, for messages.

    Returns
    -------
    Declared or None
        None where the directory says nothing of it.

    Raises
    ------
    ValueError
        If it says what is not known here.
    """
    modules = read_modules(root, name)
    if not modules:
        pooling = Module("Pooling", root / "1_Pooling")
        if kind != "text" or not (pooling.folder / "config.json").exists():
            return None
        return Declared(_read_poolings(pooling, root, name), ())
    first, *rest = [module for module in modules if module.kind not in _NOTHING_TO_DO]
    poolings: tuple[str, ...] = ()
    if (puts_out := _output_of(first, kind, name)) is None:
        return None
    if puts_out == "tokens":
        if not rest or rest[0].kind != "Pooling":
            found = rest[0].kind if rest else "nothing"
            raise _refused(name, f"{found} where the pooling of the tokens should be")
        poolings = _read_poolings(rest.pop(0), root, name)
    for module in rest:
        if module.kind not in _TAIL:
            raise _refused(name, f"the module {module.kind}")
        _check_reads_vectors(module, name)
    return Declared(poolings, tuple(rest))


def _output_of(first: Module, kind: str, name: str) -> str | None:
    """Return what the transformer puts out for items of a kind; None if nothing is said of it."""
    if first.kind == "CLIPModel":
        return "vectors"
    if first.kind != "Transformer":
        raise _refused(name, f"the module {first.kind}")
    settings = _read_settings(first.folder, name)
    modalities = settings.get("modality_config")
    if modalities is None:
        return "tokens" if kind == "text" else None
    how = modalities.get(kind)
    if how is None:
        return None
    asked = how.get("method"), how.get("method_output_name")
    if asked == ("forward", "last_hidden_state"):
        return "tokens"
    if asked == (f"get_{kind}_features", "pooler_output"):
        return "vectors"
    raise _refused(name, f"the output {asked[1]!r} of its method {asked[0]!r}")


def _read_poolings(module: Module, root: Path, name: str) -> tuple[str, ...]:
    config = _read_config(module, name)
    found = config.get("pooling_mode")
    if found is None:
        found = [mode for key, mode in _OLD_POOLINGS.items() if config.get(key)] or ["mean"]
    poolings = (found,) if isinstance(found, str) else tuple(found)
    for pooling in poolings:
        if pooling not in TOKEN_POOLINGS:
            raise _refused(name, f"the pooling {pooling!r}")
    if not config.get("include_prompt", True) and read_text_settings(root, root, name).prompt:
        raise _refused(name, "a pooling that leaves the tokens of its prompt out")
    return poolings


def _read_config(module: Module, name: str) -> dict[str, Any]:
    config = _read_json(module.folder / "config.json", name)
    if not isinstance(config, dict):
        raise ValueError(
            f"The model {name!r} has no {module.folder.name}/config.json, which its modules.json "
            f"names ({module.kind})."
        )
    return config


def _check_reads_vectors(module: Module, name: str) -> None:
    """Refuse a module of the tail that works on tokens; Normalize needs no config.json."""
    config = _read_json(module.folder / "config.json", name) or {}
    for key in ("module_input_name", "module_output_name"):
        if config.get(key, _WHOLE) not in (None, _WHOLE):
            raise _refused(name, f"the module {module.kind} on {config[key]!r}")


def _refused(name: str, what: str) -> ValueError:
    return ValueError(
        f"The model {name!r} declares in its modules.json {what}, which is not known here. Set "
        f"pooling='mean' or another one to have the transformer's output pooled, without it; or "
        f"embed with sentence-transformers, and give the selector its embeddings."
    )


class Tail:
    """What vectors go through after the pooling, with its weights.

    Parameters
    ----------
    modules : tuple of Module
        From `read_declared`.
    device : torch.device
    name : str
        The model's, for messages.

    Raises
    ------
    ValueError
        If there are no weights, or they do not fit.
    """

    def __init__(self, modules: tuple[Module, ...], device: Any, name: str) -> None:
        self._steps = [_step(module, device, name) for module in modules]

    def __call__(self, vectors: Any) -> Any:
        """Return the vectors that come out, of float32."""
        vectors = vectors.float()
        for step in self._steps:
            vectors = step(vectors)
        return vectors


def _step(module: Module, device: Any, name: str) -> Callable[[Any], Any]:
    from torch.nn import functional

    if module.kind == "Normalize":
        return functional.normalize  # to length 1
    config = _read_config(module, name)
    try:
        if module.kind == "LayerNorm":
            return _layer_norm(module, config, device, name)
        return _dense(module, config, device, name)
    except (KeyError, TypeError, RuntimeError) as error:
        raise ValueError(
            f"The weights of the model {name!r} in {module.folder.name} do not fit its "
            f"config.json: {error}"
        ) from error


def _layer_norm(
    module: Module, config: dict[str, Any], device: Any, name: str
) -> Callable[[Any], Any]:
    from torch import nn

    layer = nn.LayerNorm(config["dimension"])
    norm: Callable[[Any], Any] = _filled(layer, "norm", _weights_of(module, name)).to(device)
    return norm


def _dense(module: Module, config: dict[str, Any], device: Any, name: str) -> Callable[[Any], Any]:
    from torch import nn

    sizes = config["in_features"], config["out_features"]
    weights = _weights_of(module, name)
    linear = _filled(nn.Linear(*sizes, bias=config.get("bias", True)), "linear", weights)
    activation = _activation(config.get("activation_function"), name)
    layer: Callable[[Any], Any] = nn.Sequential(linear, activation).to(device)
    if not config.get("use_residual", False):
        return layer
    shortcut = nn.Identity()
    if sizes[0] != sizes[1]:
        shortcut = _filled(nn.Linear(*sizes, bias=False), "residual", weights).to(device)
    return lambda vectors: layer(vectors) + shortcut(vectors)


def _weights_of(module: Module, name: str) -> dict[str, Any]:
    from safetensors.torch import load_file

    path = module.folder / "model.safetensors"
    if not path.exists():
        raise ValueError(
            f"The model {name!r} has no weights for its module {module.kind}: there is no "
            f"{module.folder.name}/model.safetensors, and only safetensors are loaded."
        )
    weights: dict[str, Any] = load_file(path)
    return weights


def _filled(layer: Any, prefix: str, weights: dict[str, Any]) -> Any:
    """Give a layer its weights, and no other."""
    start = f"{prefix}."
    own = {
        key.removeprefix(start): value for key, value in weights.items() if key.startswith(start)
    }
    layer.load_state_dict(own)
    return layer.float().eval()


def _activation(path: str | None, name: str) -> Any:
    """Return the activation that a config.json names; only classes of torch.nn are made."""
    from torch import nn

    if path is None:
        return nn.Tanh()  # sentence-transformers' default
    found = getattr(nn, path.rpartition(".")[2], None)
    if not path.startswith("torch.nn.") or not isinstance(found, type):
        raise _refused(name, f"the activation {path!r}")
    if not issubclass(found, nn.Module):
        raise _refused(name, f"the activation {path!r}")
    return found()
