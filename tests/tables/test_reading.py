"""Reading files from Python: strict, and in words that name parameters."""

import subprocess
import sys

import numpy as np
import pytest

from sklearn_zcore import TablePreparation
from sklearn_zcore.tables import TableError, read_table, resolve_roles


@pytest.fixture
def write(tmp_path):
    def file(text, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return file


def test_a_table(write):
    table = read_table(str(write("id,a,b\nx,1,2.5\ny,,NA\n")))
    assert (table.names, table.n_rows, table.format) == (["id", "a", "b"], 2, ".csv")
    assert table.table.to_pydict() == {"id": ["x", "y"], "a": [1, None], "b": [2.5, None]}
    assert table.verbatim.to_pydict()["b"] == ["2.5", "NA"]
    part = table.select(["b", "a"])
    assert part.names == ["b", "a"] and part.take([1]).n_rows == 1
    assert TablePreparation().fit_transform(part).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("text", "options", "message", "hint"),
    [
        ("a,b\n1,2\n3\n", {}, "line 3: 1 field where", "is set by sep"),
        ("a,b,a\n1,2,3\n", {}, "more than one column named 'a'", "its own name"),
        ('a,b\n1,"open\n', {}, "line 2: a quoted value is never closed", "quote"),
        ("a;b\n1;2\n", {}, "only one column", "sep=';'"),
        (b"a,\xe9\n1,2\n", {}, "0xe9 is not utf-8", "encoding='latin-1'"),
        ("a,b\n1,2\n", {"sep": ";;"}, "sep=';;' is not one character", "sep='tab'"),
        ("a,b\n1,2\n", {"encoding": "utf-9"}, "encoding 'utf-9' is unknown", "utf-8"),
        ("a,b\n1,2\n", {"key": "X"}, "key is for .npz files only", ""),
    ],
)
def test_what_is_wrong_is_refused(write, text, options, message, hint):
    with pytest.raises(TableError) as told:
        read_table(write(text), **options)
    assert message in told.value.message
    assert hint in told.value.hint


def test_arrays(tmp_path):
    X = np.arange(12.0).reshape(4, 3)
    np.savez(tmp_path / "two.npz", X=X, y=X)
    with pytest.raises(TableError, match="Name the one to use: key='X'"):
        read_table(tmp_path / "two.npz")
    table = read_table(tmp_path / "two.npz", key="X")
    assert table.names == ["f0", "f1", "f2"]
    assert np.array_equal(table.select(["f2", "f0"]).array, X[:, [2, 0]])
    preparation = TablePreparation().fit(table)
    assert list(preparation.get_feature_names_out()) == ["f0", "f1", "f2"]
    with pytest.raises(TableError, match="not those of the training rows"):
        preparation.transform(table.select(["f2", "f0", "f1"]))


def test_roles(write):
    table = read_table(write("a,b,c\n1,2,3\n"))
    roles = resolve_roles(table, [], ["b"], ["c"])
    assert (roles.features, roles.ignored, roles.carried) == (["a"], ["b"], ["c"])
    with pytest.raises(TableError, match="ignore: the input has no column 'd'"):
        resolve_roles(table, [], ["d"], [])
    with pytest.raises(TableError, match="'b' is in both ignore and carry"):
        resolve_roles(table, [], ["b"], ["b"])


def test_a_decimal_comma_keeps_points_for_thousands(write):
    path = write("a;b\n1.234;5\n2.345;6\n")
    assert read_table(path, sep=";").table["a"].to_pylist() == [1.234, 2.345]
    table = read_table(path, sep=";", decimal=",")
    assert table.table.to_pydict() == {"a": ["1.234", "2.345"], "b": [5, 6]}
    preparation = TablePreparation(decimal=",").fit(table)
    assert "'1.234' is read as 1234" in preparation.notes_[0]


WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] == {package!r}:
            raise ModuleNotFoundError('No module named ' + name)
sys.meta_path.insert(0, Missing())
import pandas as pd
from sklearn_zcore import TablePreparation
frame = pd.DataFrame({{"a": range(30), "b": ["some words %d" % k for k in range(30)]}})
print(TablePreparation().fit_transform([[1, 2], [3, 4]]).shape)
if {package!r} == "skrub":
    print(TablePreparation().fit_transform(frame[["a"]]).shape)
try:
    TablePreparation().fit(frame)
except ImportError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("package", ["skrub", "pyarrow"])
def test_a_missing_package_names_the_extra(package):
    code = WITHOUT.format(package=package)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "(2, 2)" in done.stdout
    assert f"needs {package}" in done.stdout
    assert 'pip install "sklearn-zcore[table]"' in done.stdout
