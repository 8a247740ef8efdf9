"""Sentences that name parameters in Python and options on the command line."""

import pickle
import sys

import pytest

from sklearn_zcore.tables import Setting, TableError, Words, require, spelled


def as_option(setting):
    return f"--{setting.parameter} {setting.value}"


def test_words_are_strings_that_can_be_spelled_anew():
    words = Words("{name!r}: {cure}.", name="{a}", cure=Setting("sep", ";"))
    assert words == "'{a}': sep=';'."
    assert spelled(words, as_option) == "'{a}': --sep ;."
    assert spelled("{plain}", as_option) == "{plain}"


def test_words_and_errors_survive_a_pickle():
    words = Words("{name}: {cure}", name="{a}", cure=Setting("sep"))
    copy = pickle.loads(pickle.dumps(words))
    assert copy == words and spelled(copy, as_option) == "{a}: --sep None"
    error = pickle.loads(pickle.dumps(TableError("what", words)))
    assert (error.message, error.hint) == ("what", words)
    assert str(error) == "what {a}: sep"


def test_the_extra_that_brings_a_package(monkeypatch):
    extras = {"zarr": "scale", "distributed": "dask", "datasets": "hf", "pyarrow": "table"}
    for package, extra in extras.items():
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(ImportError, match=rf"needs {package}.*sklearn-zcore\[{extra}\]"):
            require(package, why="This")
