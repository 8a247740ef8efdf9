"""Models of the hub, by a hub that pretends to be there and a cache on disk in its format."""

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub import constants, errors

from sklearn_zcore import FoundationEmbedder
from sklearn_zcore.embedding import cache_info
from tests.embedding import tiny
from tests.embedding.test_estimator import PIXELS

COMMIT, OTHER = "1" * 40, "2" * 40


@pytest.fixture
def downloaded(saved, tmp_path, monkeypatch):
    """Lay out a model as the hub's own client does when it has downloaded it."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))

    def layout(repo_id, family, commit=COMMIT, reference="main", weights=True):
        folder = tiny.download(tmp_path / "hub", repo_id, saved(family), commit, reference)
        if not weights:
            (folder / "model.safetensors").unlink()
            (folder / "pytorch_model.bin").touch()
        return folder

    return layout


def test_downloaded_model(downloaded, embedder, tmp_path):
    downloaded("nice/model", "resnet")
    expected = embedder().transform(PIXELS)
    hub = FoundationEmbedder("nice/model", cache_dir=tmp_path / "cache")
    np.testing.assert_array_equal(hub.transform(PIXELS), expected)
    hub.set_params(local_files_only=True).transform(PIXELS)
    (model,) = cache_info(tmp_path / "cache").models
    assert model.identity["hub"] == "nice/model" and model.identity["commit"] == COMMIT
    assert model.n_embeddings == 12


def test_revisions_are_told_apart(downloaded, tmp_path):
    downloaded("nice/model", "resnet")
    downloaded("nice/model", "vit", OTHER, reference="v2")
    for revision in (None, "v2", OTHER):
        hub = FoundationEmbedder("nice/model", revision=revision, cache_dir=tmp_path / "cache")
        hub.transform(PIXELS)
    commits = [model.identity["commit"] for model in cache_info(tmp_path / "cache").models]
    assert commits == [COMMIT, OTHER]


@pytest.mark.parametrize(
    ("alias", "repo_id"),
    [
        ("clip", "openai/clip-vit-large-patch14"),
        ("dinov2", "facebook/dinov2-base"),
        ("resnet18", "microsoft/resnet-18"),
    ],
)
def test_aliases(alias, repo_id, downloaded):
    downloaded(repo_id, alias.removesuffix("18"))
    assert len(FoundationEmbedder(alias).transform(PIXELS)) == 12


def test_text_alias(downloaded):
    downloaded("sentence-transformers/all-MiniLM-L6-v2", "bert")
    assert FoundationEmbedder("minilm").transform(["a cat"]).shape == (1, 16)


def test_weights_that_the_hub_has_converted(downloaded, embedder):
    """Found in the local cache, where the main branch has nothing but a pickle."""
    downloaded("old/model", "resnet", weights=False)
    with pytest.raises(ValueError, match=r"only as a pickle \(pytorch_model.bin\)"):
        FoundationEmbedder("old/model", local_files_only=True).transform(PIXELS)
    downloaded("old/model", "resnet", OTHER, reference="refs/pr/7")
    expected = embedder().transform(PIXELS)
    np.testing.assert_array_equal(FoundationEmbedder("old/model").transform(PIXELS), expected)


def test_weights_that_the_hub_has_converted_are_downloaded(downloaded, monkeypatch):
    from types import SimpleNamespace

    from sklearn_zcore.embedding import _hub

    pickled = downloaded("old/model", "resnet", weights=False)
    asked = []

    def discussions(repo_id, author):
        title = "Adding `safetensors` variant of this model"
        request = {"is_pull_request": True, "status": "open", "title": title}
        foreign = SimpleNamespace(**request, author="somebody", git_reference="refs/pr/1")
        own = SimpleNamespace(**request, author=author, git_reference="refs/pr/2")
        return iter([foreign, own])

    def snapshot(repo_id, revision, **kwargs):
        asked.append(revision)
        if revision is None:
            return str(pickled)
        return str(downloaded("old/model", "resnet", OTHER, reference="elsewhere"))

    monkeypatch.setattr(huggingface_hub, "get_repo_discussions", discussions)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    folder, commit = _hub.download("old/model", None, False)
    assert asked == [None, "refs/pr/2"] and commit == OTHER
    assert (folder / "model.safetensors").exists()


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (errors.RepositoryNotFoundError, "nor a model of the Hugging Face hub.*hf auth login"),
        (errors.RevisionNotFoundError, "has no revision 'v9'"),
        (errors.LocalEntryNotFoundError, "the hub cannot be reached"),
        (ConnectionError, "the hub cannot be reached .ConnectionError."),
        (TimeoutError, "the hub cannot be reached"),
    ],
)
def test_what_the_hub_may_answer(error, message, monkeypatch):
    from unittest.mock import Mock

    def snapshot(*args, **kwargs):
        if issubclass(error, errors.HfHubHTTPError):
            raise error("told", response=Mock())
        raise error("told")

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    with pytest.raises(OSError, match=message):
        FoundationEmbedder("some/model", revision="v9").transform(PIXELS)
