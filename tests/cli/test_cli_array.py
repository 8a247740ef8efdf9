"""Arrays in: .npy and .npz, which need neither pandas nor pyarrow."""

import csv
import subprocess
import sys

import numpy as np
import pytest

WITHOUT_TABLE = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in ('pandas', 'pyarrow', 'skrub'):
            raise ModuleNotFoundError('No module named ' + name)
sys.meta_path.insert(0, Missing())
from sklearn_zcore.cli import main
"""
ZCORE = ("--method", "zcore")


def load(path):
    """Return the arrays of an .npz file."""
    with np.load(path) as archive:
        return dict(archive)


def test_npy_to_indices(select, npy, tmp_path, X):
    out = tmp_path / "rows.npy"
    report = select(npy, "--raw", "--out", out)
    rows = np.load(out)
    assert rows.dtype == np.int64
    assert len(rows) == report["n_selected"] == 6
    assert np.array_equal(rows, np.sort(rows))
    assert report["n_features"] == 4
    assert report["n_draws"] == 2000
    assert 0 <= report["stability"] <= 1


def test_the_selection_is_the_librarys(select, npy, tmp_path, X):
    from sklearn.preprocessing import StandardScaler

    from sklearn_zcore import RandomSelector, ZCoreSelector

    select(npy, "--raw", "--out", tmp_path / "raw.npy")
    select(npy, "--out", tmp_path / "scaled.npy")
    select(npy, "--out", tmp_path / "other.npy", "--seed", 5)
    with pytest.warns():  # So few draws are not stable.
        expected = [
            ZCoreSelector(6, n_iter=2000, random_state=seed).fit(data).indices_
            for data, seed in [(X, 0), (StandardScaler().fit_transform(X), 0), (X, 5)]
        ]
    assert np.array_equal(np.load(tmp_path / "raw.npy"), expected[0])
    assert np.array_equal(np.load(tmp_path / "scaled.npy"), expected[1])
    assert not np.array_equal(np.load(tmp_path / "other.npy"), expected[1])
    assert len(RandomSelector(6, random_state=0).fit(X).indices_) == 6


def test_random(zcore, npy, tmp_path, X):
    from sklearn_zcore import RandomSelector

    out = tmp_path / "rows.npy"
    result = zcore("select", npy, "--method", "random", "-b", 6, "-o", out)
    assert np.array_equal(np.load(out), RandomSelector(6, random_state=0).fit(X).indices_)
    assert "draws" not in result.stdout
    assert "random" in result.stdout


@pytest.mark.parametrize("text", ["3000", "3e3", "3_000", "3,000"])
def test_number_of_draws(select, npy, tmp_path, text):
    assert select(npy, "--out", tmp_path / "o.npy", "--n-iter", text)["n_draws"] == 3000


def test_npz(select, tmp_path, X):
    one, two = tmp_path / "one.npz", tmp_path / "two.npz"
    np.savez(one, embedding=X)
    np.savez(two, X=X, y=np.arange(60))
    assert select(one, "--out", tmp_path / "a.npz")["n_rows"] == 60
    select(two, "--key", "X", "--out", tmp_path / "b.npz")
    a, b = load(tmp_path / "a.npz"), load(tmp_path / "b.npz")
    assert sorted(a) == ["X", "indices", "ranks", "scores"]
    assert np.array_equal(a["X"], X[a["indices"]])
    assert a["X"].dtype == X.dtype
    assert np.array_equal(np.sort(a["ranks"]), np.arange(1, 7))
    assert np.array_equal(a["indices"], b["indices"])
    by_rank = a["scores"][np.argsort(a["ranks"])]
    assert np.all(np.diff(by_rank) <= 0)


def test_npz_of_several_arrays(fails, tmp_path, X):
    path = tmp_path / "two.npz"
    np.savez(path, embeddings=X, y=np.arange(60))
    message = fails(path)
    assert "2 arrays: 'embeddings', 'y'" in message
    assert "--key" in message
    assert "did you mean 'embeddings'" in fails(path, "--key", "embedding")
    assert "1-dimensional" in fails(path, "--key", "y")


@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "float64", "int8", "int64", "uint64", "bool", ">f8", ">i4"]
)
@pytest.mark.parametrize("name", ["out.npy", "out.npz", "out.csv"])
def test_dtypes(select, tmp_path, X, dtype, name):
    array = X > 0 if dtype == "bool" else (X * 10).astype(dtype)
    path, out = tmp_path / "X.npy", tmp_path / name
    np.save(path, array)
    assert select(path, "--out", out)["n_selected"] == 6
    if name == "out.npz":
        written = load(out)
        assert written["X"].dtype == np.dtype(dtype).newbyteorder("=")
        assert np.array_equal(written["X"], array[written["indices"]])


def test_csv_gives_the_same_numbers_back(select, npy, tmp_path, X):
    out = tmp_path / "out.csv"
    select(npy, "--out", out, "--order", "rank")
    with open(out, newline="") as file:
        header, *lines = csv.reader(file)
    assert header == ["f0", "f1", "f2", "f3", "zcore_row", "zcore_score", "zcore_rank"]
    rows = [int(line[4]) for line in lines]
    assert np.array_equal(np.array([line[:4] for line in lines], dtype=np.float32), X[rows])
    assert [int(line[6]) for line in lines] == [1, 2, 3, 4, 5, 6]


def test_roles(select, npy, tmp_path, X):
    out = tmp_path / "out.npz"
    report = select(npy, "--out", out, "--ignore", "f1", "--carry", "f3", "--raw")
    assert report["n_features"] == 2
    written = load(out)
    assert np.array_equal(written["X"], X[written["indices"]][:, [0, 2, 3]])


def test_missing(select, fails, tmp_path, X):
    X[3, 1] = X[7, 2] = np.nan
    X[:, 0] = np.nan
    path = tmp_path / "X.npy"
    np.save(path, X)
    report = select(path, "--out", tmp_path / "a.npy")
    assert report["missing"]["numeric"]["columns"] == {"f1": 1, "f2": 1}
    assert report["columns"]["empty"] == ["f0"]
    assert report["n_features"] == 3
    report = select(path, "--out", tmp_path / "b.npy", "--missing", "drop", budget="100%")
    assert report["n_dropped"] == 2
    assert sorted(set(range(60)) - set(np.load(tmp_path / "b.npy"))) == [3, 7]
    assert "f1 (1)" in fails(path, "--missing", "error")
    assert "missing value" in fails(path, "--raw")
    np.save(path, np.full((5, 2), np.nan))
    assert "none has a value" in fails(path)


def test_infinite(fails, tmp_path, X):
    X[3, 1] = np.inf
    X[9, 2] = -np.inf
    path = tmp_path / "X.npy"
    np.save(path, X)
    message = fails(path)
    assert "2 infinite values in 'f1', 'f2'" in message
    assert "row 3" in message


def test_too_large(fails, tmp_path, X):
    path = tmp_path / "X.npy"
    large = X.astype(float)
    large[:, 2] *= 1e308 / np.abs(large[:, 2]).max()
    np.save(path, large)
    assert "'f2' are too large" in fails(path)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(5), "1-dimensional (5)"),
        (np.zeros(()), "0-dimensional (a single number)"),
        (np.zeros((2, 3, 4)), "3-dimensional (2x3x4)"),
        (np.zeros((4, 2), dtype=complex), "complex numbers"),
        (np.full((4, 2), "a"), "text"),
        (np.zeros((4, 2), dtype="M8[s]"), "dates"),
        (np.zeros((0, 2)), "empty (0x2)"),
        (np.zeros((2, 0)), "empty (2x0)"),
        (np.array([[1, None]]), "Python objects"),
    ],
)
def test_not_a_matrix_of_numbers(fails, tmp_path, array, message):
    np.save(tmp_path / "X.npy", array, allow_pickle=True)
    assert message in fails(tmp_path / "X.npy")
    np.savez(tmp_path / "X.npz", array)
    assert message in fails(tmp_path / "X.npz")


def test_files_that_are_no_arrays(fails, write, npy, tmp_path):
    assert "not a readable .npy file" in fails(write("hello", "a.npy"))
    assert "not a readable .npz file" in fails(write("hello", "a.npz"))
    assert "not a readable .npz file" in fails(write(b"PK\x03\x04rest", "b.npz"))
    assert "by another name" in fails(write(npy.read_bytes(), "c.npz"))
    assert "not a readable .npy file" in fails(write(npy.read_bytes()[:200], "d.npy"))
    assert "empty (0 bytes)" in fails(write("", "e.npy"))


def test_options_of_other_formats(fails, npy):
    assert "--key is for .npz" in fails(npy, "--key", "a")
    assert "for CSV files only" in fails(npy, "--sep", ";")
    assert "for CSV files only" in fails(npy, "--na-values", "?")


def test_one_row_is_told_by_the_selector(zcore, tmp_path):
    np.save(tmp_path / "X.npy", np.zeros((1, 3)))
    result = zcore("select", tmp_path / "X.npy", "-b", 1, "-o", tmp_path / "o.npy", code=2)
    assert "a minimum of 2 is required by FacilityLocationSelector" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "out", "code"),
    [
        ("X.npy", "out.npy", 0),
        ("X.npy", "out.npz", 0),
        ("X.npy", "out.csv", 0),
        ("X.npy", "out.parquet", 2),
        ("t.csv", "out.csv", 2),
        ("t.parquet", "out.csv", 2),
    ],
)
def test_without_the_extra(npy, write, tmp_path, name, out, code):
    write("a,b\n1,2\n3,4\n", "t.csv")
    write("PAR1", "t.parquet")
    script = WITHOUT_TABLE + "main()"
    args = ["select", tmp_path / name, "-b", "1", "-o", tmp_path / out, *ZCORE]
    command = [sys.executable, "-c", script, *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stderr
    assert (tmp_path / out).exists() == (code == 0)
    if code:
        assert 'pip install "sklearn-zcore[table]"' in done.stderr
        assert "needs pyarrow" in done.stderr
        assert 'in a checkout: pip install ".[table]"' in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_compare_and_demo_without_the_extra(tmp_path):
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 2
    np.savez(tmp_path / "xy.npz", X=rng.normal(size=(60, 3)) + labels[:, None], y=labels)
    compare = ["compare", "xy.npz", "--key", "X", "-t", "y", "-b", 9, "--methods", "k-means"]
    for args in (compare, ["demo", "-b", 20]):
        script = WITHOUT_TABLE + f"sys.argv[1:] = {list(map(str, args))}; main()"
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "random" in done.stdout


def test_selectors_own_complaint(fails, npy):
    message = fails(npy, "--subspace-dim", 9)
    assert "subspace_dim" in message
    assert "--subspace-dim sets subspace_dim" in message
