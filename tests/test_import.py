"""What importing the package costs, and what it offers."""

import importlib.metadata
import subprocess
import sys

import pytest

import sklearn_zcore

HEAVY = ["numba", "torch", "transformers", "matplotlib", "pandas", "polars", "typer", "rich"]
HEAVY += ["filelock", "pyarrow", "skrub", "sklearn.cluster", "sklearn.kernel_approximation"]


def loaded_after(code):
    """Return the heavy modules that a fresh interpreter has loaded after some code."""
    check = f"import sys; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    command = [sys.executable, "-W", "error", "-c", f"{code}\n{check}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_import_is_light():
    assert loaded_after("import sklearn_zcore") == []


@pytest.mark.slow
def test_selectors_load_no_more_than_scikit_learn_does():
    own = "from sklearn.dummy import DummyClassifier; DummyClassifier().fit([[1], [2]], [1, 2])"
    ours = "from sklearn_zcore import *; ZCoreSelector(); RandomSelector().fit([[1, 2], [3, 4]])"
    assert set(loaded_after(ours)) <= set(loaded_after(own))


@pytest.mark.slow
def test_embedder_loads_no_torch_before_it_embeds():
    code = "from sklearn_zcore import FoundationEmbedder; FoundationEmbedder().fit(['a text'])"
    assert not {"torch", "transformers"} & set(loaded_after(code))


def test_public_names():
    assert sklearn_zcore.__all__ == sorted(sklearn_zcore.__all__)
    assert {"RandomSelector", "ZCoreSelector", "__version__"} <= set(sklearn_zcore.__all__)
    for name in sklearn_zcore.__all__:
        assert getattr(sklearn_zcore, name) is not None
        assert name in dir(sklearn_zcore)


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'ZCoreSelectr'"):
        sklearn_zcore.ZCoreSelectr  # noqa: B018
    with pytest.raises(ImportError, match="ZCoreSelectr"):
        from sklearn_zcore import ZCoreSelectr  # noqa: F401


def test_version_is_that_of_the_metadata():
    try:
        installed = importlib.metadata.version("sklearn-zcore")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the package is not installed, only on the path")
    assert sklearn_zcore.__version__ == installed
