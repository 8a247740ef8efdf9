"""The API page lists all that is public."""

import importlib

import pytest

import sklearn_zcore
from tests.docs.pages import ROOT

# Folders that users import from. What others export is for the rest of the package, unless the
# package exports it, too.
PUBLIC = ["embedding", "selection"]


@pytest.fixture(scope="module")
def listed():
    """Return the indented lines of the page; that each can be imported, the build checks."""
    lines = (ROOT / "docs" / "api.rst").read_text(encoding="utf-8").splitlines()
    return {line.strip() for line in lines if line.startswith("   ")}


def test_of_the_package(listed):
    assert {*sklearn_zcore.__all__} - {"__version__"} <= listed


@pytest.mark.parametrize("name", PUBLIC)
def test_of_a_folder(name, listed):
    folder = importlib.import_module(f"sklearn_zcore.{name}")
    public = {public for public in folder.__all__ if callable(getattr(folder, public))}
    missing = {f"{name}.{public}" for public in public - {*sklearn_zcore.__all__}} - listed
    assert public and missing == set()
