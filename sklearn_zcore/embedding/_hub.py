"""Models of the Hugging Face hub: found in its local cache, or downloaded into it."""

import os
from pathlib import Path
from typing import Any

MODULE_FOLDERS = "[0-9]*_*/"  # of sentence-transformers, such as 1_Pooling
# What a model needs; in the top folder and those only, as other sub-folders hold it in formats of
# other programs.
MODEL_FILES = ["*.safetensors", "*.json", "*.jinja", "*.txt", "*.model", "*.spm", "*.bpe"]
MODEL_FILES += ["*.tiktoken", "*.vocab", "*.codes"]
_UNWANTED = ["[!0-9]*/*", "*/*/*", "open_clip*", "*.fp16.safetensors", "consolidated*"]
_CONVERSION = "Adding `safetensors` variant of this model"  # title of the hub's own pull requests
_CONVERTER = "SFconvertbot"


def download(
    repo_id: str, revision: str | None, local_files_only: bool, hint: str = ""
) -> tuple[Path, str]:
    """Return the local directory of a model of the hub, and its commit.

    Parameters
    ----------
    repo_id : str
    revision : str or None
        A branch, tag or commit; None is the main branch.
    local_files_only : bool
        Whether to look in the local cache only, as HF_HUB_OFFLINE=1 does.
    hint : str, default=""
        What else the user may have meant.

    Returns
    -------
    directory : Path
    commit : str

    Raises
    ------
    OSError
        If the hub does not have the model, or it is not here and the hub is not to be reached.
    """
    from huggingface_hub import errors
    from huggingface_hub.utils import validate_repo_id

    # All that a hub id can be said to have done wrong, before anything is asked over a network.
    try:
        validate_repo_id(repo_id)
    except errors.HFValidationError as error:
        raise ValueError(
            f"The model {repo_id!r} is neither a directory nor a Hugging Face id: "
            f"{str(error).splitlines()[0]}"
        ) from None
    try:
        directory = _snapshot(repo_id, revision, local_files_only)
        if revision is None and not _has_weights(directory):
            directory = _converted(repo_id, directory, local_files_only)
    except errors.RepositoryNotFoundError:
        raise FileNotFoundError(
            f"The model {repo_id!r} is neither a directory here nor a model of the Hugging Face "
            f"hub.{hint} A private or gated model needs `hf auth login`."
        ) from None
    except errors.RevisionNotFoundError:
        raise FileNotFoundError(f"The model {repo_id!r} has no revision {revision!r}.") from None
    except (errors.LocalEntryNotFoundError, ConnectionError, OSError) as error:
        raise _not_here(repo_id, revision, local_files_only, hint, error) from None
    return directory, directory.name


def _snapshot(repo_id: str, revision: str | None, local_files_only: bool) -> Path:
    from huggingface_hub import snapshot_download

    return Path(
        snapshot_download(
            repo_id,
            revision=revision,
            local_files_only=local_files_only,
            allow_patterns=MODEL_FILES,
            ignore_patterns=_UNWANTED,
        )
    )


def _has_weights(directory: Path) -> bool:
    return any(directory.glob("*.safetensors"))


def _converted(repo_id: str, directory: Path, local_files_only: bool) -> Path:
    """Return the directory of the same model with converted weights; itself if there is none."""
    references = directory.parents[1] / "refs" / "refs" / "pr"
    for reference in sorted(references.glob("*")):
        snapshot = directory.parent / reference.read_text(encoding="utf-8").strip()
        if _has_weights(snapshot):
            return snapshot
    revision = None if local_files_only else _conversion_of(repo_id)
    return directory if revision is None else _snapshot(repo_id, revision, local_files_only)


def _conversion_of(repo_id: str) -> str | None:
    """Return the revision with the weights that the hub's own service has converted, if any.

    Some well-known models, such as openai/clip-vit-base-patch32, have safetensors only there.
    """
    from huggingface_hub import get_repo_discussions

    for request in get_repo_discussions(repo_id, author=_CONVERTER):
        is_open = request.is_pull_request and request.status == "open"
        if is_open and request.author == _CONVERTER and request.title == _CONVERSION:
            return str(request.git_reference)
    return None


def _not_here(
    repo_id: str, revision: str | None, local_files_only: bool, hint: str, error: Any
) -> OSError:
    from huggingface_hub import constants

    if local_files_only:
        why = "local_files_only=True"
    elif constants.HF_HUB_OFFLINE:
        why = "HF_HUB_OFFLINE is set"
    else:
        why = f"the hub cannot be reached ({type(error).__name__})"
    at = f" at revision {revision!r}" if revision else ""
    return OSError(
        f"The model {repo_id!r}{at} is neither a directory here nor in the local Hugging Face "
        f"cache ({os.fspath(constants.HF_HUB_CACHE)}), and {why}.{hint} Where there is a network, "
        f"run `hf download {repo_id}`, and copy that cache here; or pass the directory of a model."
    )
