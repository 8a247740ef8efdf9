"""Wide rows, long cells, and integers that float64 cannot tell apart."""

import os

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler

from sklearn_zcore import TablePreparation
from sklearn_zcore.tables import TableError, read_table

STEPS = np.random.default_rng(0).integers(1, 4000, 60)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["header", "first row", "later row"])
def test_rows_of_more_than_a_block(part, tmp_path):
    names = [f"column_{i}" for i in range(3000)]
    if part == "header":
        names = [name + "x" * 500 for name in names]
    long = ",".join(["y" * 500] * 3000)
    rows = [",".join(["1"] * 3000) for _ in range(5)]
    if part != "header":
        rows[0 if part == "first row" else 3] = long
    path = tmp_path / "wide.csv"
    path.write_text("\n".join([",".join(names), *rows]) + "\n")
    table = read_table(path)
    assert (table.n_rows, len(table.names)) == (5, 3000)


def test_a_cell_that_holds_a_document(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text(f"a,b\n1,{'x' * 3_000_000}\n2,y\n")
    assert read_table(path).verbatim["b"][0].as_py() == "x" * 3_000_000
    path.write_text(f"a,b\n1,{'x' * 3_000_000}\n2\n")
    with pytest.raises(TableError, match="line 3: 1 field where the header has 2"):
        read_table(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize("name", ["X.csv", "X.parquet", "X.npy"])
def test_pipes_and_devices_are_no_files(name, tmp_path):
    """Opening one that nobody writes to would wait for ever, and a device never ends."""
    os.mkfifo(tmp_path / name)
    device = tmp_path / f"device-{name}"
    device.symlink_to("/dev/zero")
    for path in (tmp_path / name, device):
        with pytest.raises(TableError, match="is a pipe or a device, and not a file"):
            read_table(path)


FORMS = {
    "array": lambda values: np.column_stack([values, values[::-1]]),
    "unsigned array": lambda values: np.column_stack([values, values[::-1]]).astype(np.uint64),
    "frame": lambda values: pd.DataFrame({"a": values, "b": values[::-1]}),
    "nanoseconds": lambda values: pd.DataFrame(
        {"a": values, "b": values[::-1]}, dtype="datetime64[ns]"
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("offset", [2**60, 1_700_000_000_000_000_000])
def test_differences_of_large_integers_are_kept(form, offset):
    rows = FORMS[form](STEPS + offset)
    preparation = TablePreparation().fit(rows)
    expected = StandardScaler().fit_transform(np.column_stack([STEPS, STEPS[::-1]]).astype(float))
    np.testing.assert_allclose(preparation.transform(rows), expected, atol=1e-5)
    earlier = FORMS[form](STEPS + offset - 10_000)
    np.testing.assert_allclose(
        preparation.transform(earlier), expected - 10_000 / STEPS.std(), rtol=1e-4
    )


def test_large_integers_with_holes():
    frame = pd.DataFrame({"a": pd.array([*(STEPS + 2**60), None], dtype="Int64")})
    found = TablePreparation().fit_transform(frame)
    median = np.median(STEPS)
    assert found[-1, 0] == pytest.approx(
        (median - np.mean([*STEPS, median])) / np.std([*STEPS, median]), abs=1e-5
    )
