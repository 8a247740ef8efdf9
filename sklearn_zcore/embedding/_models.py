"""Which model a user means, where its files are, and whether they may be used.

Nothing here imports torch: a run that finds all of its items in the cache needs no more than this.
"""

import difflib
import fnmatch
import hashlib
import json
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from sklearn_zcore._escape import shown
from sklearn_zcore.embedding._files import (
    FileState,
    NotAFile,
    check_regular,
    expand_home,
    open_regular,
    read_regular,
    state_of,
)
from sklearn_zcore.embedding._hub import MODEL_FILES, MODULE_FOLDERS, download
from sklearn_zcore.embedding._sentence import read_modules

# The paper concatenates CLIP ViT-L/14 and ResNet18.
ALIASES = {
    "clip": "openai/clip-vit-large-patch14",
    "dinov2": "facebook/dinov2-base",
    "resnet18": "microsoft/resnet-18",
    "minilm": "sentence-transformers/all-MiniLM-L6-v2",
}
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json")
_PROCESSOR_FILES = ("preprocessor_config.json", "processor_config.json")
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


class ModelSource(NamedTuple):
    """A model that has been found, and not been loaded.

    Attributes
    ----------
    name : str
        As the user calls it.
    directory : Path or None
        Where its files are.
    transformer : Path or None
        Where those that transformers reads are: the directory, or a folder in it, as old releases
        of sentence-transformers have it.
    loaded : tuple of (model, processor) or None
        What the user has loaded.
    commit : str or None
        The version, of a model of the hub.
    embeds : frozenset of {"image", "text"}
    model_type : str
        The family, such as "clip".
    files : tuple of FileState
        Of all that the model, its processor or tokenizer and its modules are read from. They tell
        loaded models apart, and their content keys the cache.
    """

    name: str
    directory: Path | None
    transformer: Path | None
    loaded: tuple[Any, Any] | None
    commit: str | None
    embeds: frozenset[str]
    model_type: str
    files: tuple[FileState, ...] = ()

    def identity(self) -> dict[str, str]:
        """Return what tells the model from all others: it keys the cache."""
        if self.loaded is not None:
            return {"weights": fingerprint(*self.loaded)}
        if self.commit is None:
            return {"weights": _hash_files(self.files)}
        # Weights are large, and are of the commit; settings may have been edited.
        settings = [file for file in self.files if not file.path.endswith(".safetensors")]
        return {"hub": self.name, "commit": self.commit, "settings": _hash_files(settings)}

    def check_unchanged(self) -> None:
        """Refuse files that are not those any more that the cache's key was made of."""
        if self.directory is not None and list_model_files(self.directory, self.name) != self.files:
            raise ValueError(
                f"The files of the model {self.name!r} in {self.directory} have changed while it "
                f"was loaded. Run again."
            )


def is_loaded_pair(spec: Any) -> bool:
    """Return whether a ``model`` parameter is a loaded model with its processor."""
    return isinstance(spec, tuple) and len(spec) == 2 and hasattr(spec[0], "parameters")


def resolve_models(model: Any, revision: str | None, local_files_only: bool) -> list[ModelSource]:
    """Find the models that the parameter ``model`` stands for.

    Parameters
    ----------
    model : str, path-like, tuple of (model, processor), or list of these
    revision : str or None
        A branch, tag or commit, of models of the hub.
    local_files_only : bool
        Whether the hub must not be asked.

    Returns
    -------
    list of ModelSource

    Raises
    ------
    TypeError
        If it is none of these.
    ValueError
        If a directory holds no model that may be used.
    OSError
        If a model is neither here nor can be had from the hub.
    """
    if isinstance(model, list):
        if not model:
            raise ValueError("model is an empty list: there is no model to embed with.")
        return [_resolve(part, revision, local_files_only) for part in model]
    return [_resolve(model, revision, local_files_only)]


def _resolve(spec: Any, revision: str | None, local_files_only: bool) -> ModelSource:
    if is_loaded_pair(spec):
        return _from_loaded(*spec)
    if isinstance(spec, WeightsLeftOut):
        raise ValueError(
            f"This FoundationEmbedder was pickled, and the weights of its loaded model "
            f"({spec.name}) stay out of pickles, also on the way to worker processes. Set it again "
            f"with set_params(model=(model, processor)), or save it with save_pretrained and pass "
            f"the directory, which every process loads by itself."
        )
    if hasattr(spec, "parameters"):
        raise TypeError(
            f"model is a loaded {type(spec).__name__} without its processor. Pass both: "
            f"model=(model, processor)."
        )
    if not isinstance(spec, str | os.PathLike):
        raise TypeError(
            f"model is a {type(spec).__name__}; it has to be a Hugging Face id, a directory, a "
            f"pair (model, processor) of loaded ones, or a list of these."
        )
    # A Path is a path, also where it has the name of an alias.
    name = ALIASES.get(spec, spec) if isinstance(spec, str) else os.fspath(spec)
    directory = expand_home(spec if isinstance(spec, os.PathLike) else name)
    if directory.is_dir():
        return _from_directory(directory, str(spec), None)
    if directory.exists():
        raise ValueError(
            f"The model {name!r} is a file. Pass the directory that holds config.json and "
            f"model.safetensors."
        )
    if isinstance(spec, os.PathLike) or _is_path_like(name):
        raise FileNotFoundError(f"The model directory {name!r} does not exist.")
    found, commit = download(name, revision, local_files_only, hint=_alias_hint(name))
    return _from_directory(found, name, commit)


def _is_path_like(name: str) -> bool:
    return name.count("/") > 1 or name.startswith((".", "~", "/")) or os.sep != "/" and "\\" in name


def _alias_hint(name: str) -> str:
    close = difflib.get_close_matches(name.lower(), ALIASES, n=1)
    return f" Did you mean the alias {close[0]!r}?" if close else ""


def _from_directory(root: Path, name: str, commit: str | None) -> ModelSource:
    directory = root
    try:
        os.fspath(root).encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"The directory of the model {shown(name)!r} has a name that is not UTF-8, which the "
            f"reader of safetensors does not take. Rename it."
        ) from None
    files = list_model_files(root, name)
    if not (root / "config.json").exists() and (modules := read_modules(root, name)):
        directory = modules[0].folder
    config = _read_config(directory, name)
    weights = [path for path in sorted(directory.glob("*.safetensors")) if path.stat().st_size]
    if not weights:
        pickles = [path.name for pattern in _PICKLES for path in sorted(directory.glob(pattern))]
        if pickles:
            raise ValueError(
                f"The model {name!r} has its weights only as a pickle ({pickles[0]}), which could "
                f"run code when it is loaded; only safetensors are. Convert it once, where you "
                f"trust it: AutoModel.from_pretrained(...).save_pretrained(directory) writes "
                f"model.safetensors."
            )
        raise ValueError(
            f"The model {name!r} has no weights: there is no *.safetensors file in {directory}."
        )
    embeds = set()
    if "vision_config" in config or _has_any(directory, _PROCESSOR_FILES):
        embeds.add("image")
    if "text_config" in config or _has_any(directory, _TOKENIZER_FILES):
        embeds.add("text")
    family = config["model_type"]
    return ModelSource(name, root, directory, None, commit, frozenset(embeds), family, files)


def list_model_files(directory: Path, name: str) -> tuple[FileState, ...]:
    """Return the state of all files that a model is read from.

    Raises
    ------
    ValueError
        If one of them, or anything else beside them, is no regular file.
    """
    states = []
    try:
        for folder in (directory, *sorted(directory.glob(MODULE_FOLDERS))):
            for path in sorted(folder.iterdir()):
                if any(fnmatch.fnmatch(path.name, pattern) for pattern in MODEL_FILES):
                    states.append(state_of(path))
                elif path.exists() and not path.is_dir():
                    check_regular(path)  # as transformers may open it
    except NotAFile as error:
        raise ValueError(f"The model {name!r} cannot be loaded: {error}.") from None
    except OSError as error:
        raise ValueError(
            f"The model {name!r} cannot be loaded: {error.strerror or error}: {error.filename}."
        ) from None
    return tuple(states)


def _has_any(directory: Path, names: tuple[str, ...]) -> bool:
    return any((directory / name).exists() for name in names)


def _read_config(directory: Path, name: str) -> dict[str, Any]:
    path = directory / "config.json"
    try:
        config = json.loads(read_regular(path))
    except FileNotFoundError:
        raise ValueError(
            f"The model {name!r} has no config.json: {directory} is not a directory that "
            f"save_pretrained has written."
        ) from None
    except ValueError as error:
        raise ValueError(f"The model {name!r} has a broken config.json: {error}.") from None
    if not isinstance(config, dict) or not isinstance(config.get("model_type"), str):
        raise ValueError(f"The model {name!r} has a config.json without a model_type.")
    return config


def _from_loaded(model: Any, processor: Any) -> ModelSource:
    embeds = set()
    if image_processor_of(processor) is not None:
        embeds.add("image")
    if tokenizer_of(processor) is not None:
        embeds.add("text")
    config = getattr(model, "config", None)
    model_type = str(getattr(config, "model_type", ""))
    name = getattr(config, "_name_or_path", "") or type(model).__name__
    loaded = model, processor
    return ModelSource(name, None, None, loaded, None, frozenset(embeds), model_type)


def image_processor_of(processor: Any) -> Any:
    """Return the part of a processor that takes images, or None."""
    part = getattr(processor, "image_processor", None)
    if part is None and hasattr(processor, "image_processor_type"):
        part = processor
    names = getattr(processor, "model_input_names", ())
    return processor if part is None and "pixel_values" in names else part


def tokenizer_of(processor: Any) -> Any:
    """Return the part of a processor that takes texts, or None."""
    part = getattr(processor, "tokenizer", None)
    return part if part is not None else processor if hasattr(processor, "encode") else None


class WeightsLeftOut(NamedTuple):
    """What a pickle holds in place of a loaded model.

    Attributes
    ----------
    name : str
    weights : str
        Hash of the weights and the processor, so that joblib's caches tell models apart.
    """

    name: str
    weights: str


def without_weights(model: Any) -> Any:
    """Replace the loaded models in a ``model`` parameter by their hashes."""
    if is_loaded_pair(model):
        return WeightsLeftOut(_from_loaded(*model).name, fingerprint(*model))
    if isinstance(model, list):
        return [without_weights(part) for part in model]
    return model


def fingerprint(model: Any, processor: Any) -> str:
    """Hash a loaded model: every weight, the configuration, and the processor's."""
    hasher = hashlib.blake2b(digest_size=32)
    for name, tensor in sorted(model.state_dict().items()):
        hasher.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        raw = tensor.detach().cpu().contiguous().flatten()
        hasher.update(raw.view(_byte_dtype()).numpy() if raw.numel() else b"")
    for part in (getattr(model, "config", None), *_parts_of(processor)):
        hasher.update(_described(part).encode())
    return hasher.hexdigest()


def _byte_dtype() -> Any:
    import torch

    return torch.uint8


def _parts_of(processor: Any) -> tuple[Any, ...]:
    return (image_processor_of(processor), tokenizer_of(processor))


def _described(part: Any) -> str:
    """Describe a configuration, image processor or tokenizer by all that changes its result."""
    backend = getattr(part, "backend_tokenizer", None)
    vocabulary = backend.to_str() if backend is not None else ""
    settings = part.to_dict() if hasattr(part, "to_dict") else getattr(part, "init_kwargs", {})
    # Where it was loaded from changes nothing.
    kept = {k: str(v) for k, v in settings.items() if k not in ("_name_or_path", "name_or_path")}
    return json.dumps([type(part).__name__, sorted(kept.items()), vocabulary])


def _hash_files(files: Iterable[FileState]) -> str:
    hasher = hashlib.blake2b(digest_size=32)
    for file in files:
        path = Path(file.path)
        # Where the model is changes nothing, but which module a file is of does.
        place = path.parent.name if fnmatch.fnmatch(path.parent.name, MODULE_FOLDERS[:-1]) else ""
        hasher.update(os.fsencode(f"{place}/{path.name}") + b"\0")
        hasher.update(_hash_file(file))
    return hasher.hexdigest()


@lru_cache(maxsize=1024)
def _hash_file(file: FileState) -> bytes:
    """Hash a file, once as long as it does not change: weights are large."""
    with open_regular(file.path) as opened:
        return hashlib.file_digest(opened, lambda: hashlib.blake2b(digest_size=32)).digest()
