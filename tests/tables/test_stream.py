"""A table in blocks becomes the numbers that it becomes as a whole."""

from functools import partial

import numpy as np
import pytest

from sklearn_zcore import FacilityLocationSelector
from sklearn_zcore.tables import TableError, TablePreparation, TableStream
from sklearn_zcore.tables._typed import infer

pa = pytest.importorskip("pyarrow")

N = 500


def people(seed=0):
    """Return rows with numbers, a category, a missing value here and there, and a date."""
    rng = np.random.default_rng(seed)
    age = [str(x) for x in rng.integers(18, 90, N)]
    age[7] = ""
    return pa.table(
        {
            "age": age,
            "pay": [f"{x:.2f}" for x in rng.lognormal(8, 1, N)],
            "city": rng.choice(["Ulm", "Bonn", "Köln"], N).tolist(),
            "since": [f"2024-{m:02}-{d:02}" for m, d in rng.integers(1, 13, (N, 2))],
        }
    )


def in_blocks(table, size):
    def blocks(names):
        for first in range(0, table.num_rows, size):
            yield table.select(names).slice(first, size)

    return blocks


def stream_of(table, size=64, **options):
    options = {"infer": infer, **options}
    return TableStream(
        "people.csv", table.column_names, in_blocks(table, size), TablePreparation(), **options
    )


def typed(table):
    return pa.table({name: infer(table[name]) for name in table.column_names})


@pytest.mark.parametrize("size", [1, 64, 1000])
def test_the_numbers_of_the_whole_table(size):
    table = people()
    stream = stream_of(table, size)
    whole = TablePreparation().fit_transform(typed(table))
    assert stream.n_rows == stream.drawn.n_rows == N
    for _ in range(2):
        np.testing.assert_array_equal(np.concatenate(list(stream)), whole)


def test_a_table_with_types():
    table = typed(people())
    stream = stream_of(table, infer=None)
    whole = TablePreparation().fit_transform(table)
    np.testing.assert_array_equal(np.concatenate(list(stream)), whole)


def test_numbers_as_they_are():
    X = np.random.default_rng(0).standard_normal((N, 3))
    table = pa.table({f"x{i}": column for i, column in enumerate(X.T)})
    stream = TableStream("x.parquet", table.column_names, in_blocks(table, 50), None)
    np.testing.assert_array_equal(np.concatenate(list(stream)), X)


def test_drawn_rows_are_drawn_from_all():
    table = pa.table({"x": np.arange(10_000.0)})
    drawn = [
        stream_of(table, size, infer=None, n_drawn=300).drawn.table["x"].to_numpy()
        for size in (7, 1000)
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert np.unique(drawn[0]).size == 300 and (np.diff(drawn[0]) > 0).all()
    assert abs(drawn[0].mean() - 5000) < 5 * 10_000 / np.sqrt(12 * 300)


def test_what_the_drawn_rows_do_not_show():
    """Text among numbers is missing and told of; text among categories is one."""
    n = 2000
    table = pa.table(
        {
            "x": [str(i % 17) for i in range(n - 1)] + ["lots"],
            "y": ["7.5"] * 100 + ["a"] * (n - 100),
            "z": ["1"] * 64 + ["2.5"] * (n - 64),
        }
    )
    stream = stream_of(table, n_drawn=500)
    assert "lots" not in stream.drawn.table["x"].to_pylist()
    with pytest.warns(UserWarning, match="'x' holds int64 in the 500 rows .*'lots'.* missing"):
        X = np.concatenate(list(stream))
    assert X.shape[0] == n and np.isfinite(X).all()
    names = stream.preparation.get_feature_names_out().tolist()
    first = X[:100, names.index("y_7.5")]
    assert (first == 1).all() and X[100:, names.index("y_7.5")].sum() == 0


def test_selection_of_a_stream():
    table = people()
    selector = FacilityLocationSelector(20, part_size=16, random_state=0)
    for X in stream_of(table, 100):
        selector.partial_fit(X)
    whole = TablePreparation().fit_transform(typed(table))
    assert selector.n_samples_seen_ == N and selector.transform(whole).shape == (20, whole.shape[1])


def test_no_rows():
    with pytest.raises(TableError, match=r"people.csv has no rows"):
        stream_of(people().slice(0, 0))


def test_missing_values_can_be_an_error():
    table = people()
    stream = partial(TableStream, "people.csv", table.column_names, in_blocks(table, 64))
    with pytest.raises(TableError, match="age"):
        stream(TablePreparation(missing="error"), infer=infer)


def embeddings(form, missing=()):
    """Return a table with lists of three numbers, as lists or as text, and those numbers."""
    X = np.random.default_rng(0).normal(size=(N, 3)).round(3)
    X[list(missing)] = np.nan
    lists = [None if np.isnan(row[0]) else row.tolist() for row in X]
    if form == "text":
        lists = [row and str(row) for row in lists]
    return pa.table({"emb": lists}), X


@pytest.mark.parametrize("form", ["lists", "text"])
def test_lists_of_numbers(form):
    """The last block has one row, and nothing in it tells how many numbers there are."""
    table, X = embeddings(form, missing=[3, N - 1])
    infer_it = {"infer": infer if form == "text" else None}
    stream = stream_of(table, size=N - 1, **infer_it)
    whole = TablePreparation().fit_transform(pa.table(dict(zip("abc", X.T, strict=True))))
    np.testing.assert_allclose(np.concatenate(list(stream)), whole)
    assert [f"{form[:4]}" in note for note in stream.notes] == [True]


@pytest.mark.parametrize("form", ["lists", "text"])
def test_lists_that_differ_where_none_was_drawn(form):
    table, _ = embeddings(form)
    other = pa.table({"emb": [[1.0, 2.0]] if form == "lists" else ["[1.0, 2.0]"]})
    table = pa.concat_tables([table] * 20 + [other])
    options = {"infer": infer if form == "text" else None, "n_drawn": 50}
    stream = stream_of(table, size=N, **options)
    with pytest.raises(TableError, match="differ in length: 3 numbers in some rows, 2 in others"):
        list(stream)


def test_a_list_that_is_broken_where_none_was_drawn():
    table, _ = embeddings("text")
    table = pa.concat_tables([table] * 20 + [pa.table({"emb": ["[1, 2, 3]", "error"]})])
    stream = stream_of(table, size=300, n_drawn=50)
    assert "error" not in stream.drawn.table["emb"].to_pylist()
    with pytest.raises(TableError, match="'error' in row 10,001 "):
        list(stream)
