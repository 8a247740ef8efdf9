"""CSV files are read a block at a time: with the types that the whole column has."""

import itertools

import numpy as np
import pyarrow as pa
import pytest

from sklearn_zcore.tables import TableError, _csv_blocks, _typed, read_table
from sklearn_zcore.tables._typed import GrowingColumns, infer

CELLS = [
    *("1", "-3", "007", "1.5", "1e5", "true", "0", "", "abc", "1,5", " 7 ", "0x1"),
    *("9223372036854775808", "2024-01-01", "2024-01-01T00:00:00Z"),
]


@pytest.mark.parametrize("decimal", ["auto", ","])
def test_blocks_give_the_type_of_the_whole(decimal):
    """All pairs of cells, and of the first again: what a block says may not be the last word."""
    for cells in itertools.product(CELLS, repeat=2):
        text = [*cells, cells[0]]
        whole = pa.table({"a": pa.array(text, pa.string())})
        growing = GrowingColumns(["a"], (), decimal)
        for cell in text:
            growing.add(pa.table({"a": pa.array([cell], pa.string())}))
            growing._add_waiting()
        found = growing.finish(whole.select)["a"]
        expected = infer(whole["a"], (), decimal)
        assert found.type == expected.type, text
        assert found.to_pylist() == expected.to_pylist(), text


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(_csv_blocks, "_BLOCK_SIZE", 64)
    monkeypatch.setattr(_typed, "_AT_ONCE", 0)


@pytest.mark.usefixtures("small_blocks")
def test_a_file_of_many_blocks(tmp_path):
    path = tmp_path / "t.csv"
    long = '"a\nb,' + "x" * 300 + '"'  # a row of more than a block
    lines = [f"{i},{i / 4 if i > 90 else i},{'x' if i == 99 else i},{long}" for i in range(100)]
    path.write_text("\n".join(["int,float,text,long", *lines]) + "\n")
    table = read_table(path)
    assert table.n_rows == 100
    kinds = [str(field.type) for field in table.table.schema]
    assert kinds == ["int64", "double", "string", "string"]
    rows = np.array([99, 3, 50, 3])
    cells = table.file_rows.take(rows, ["text", "float"])
    assert cells.to_pydict() == {
        "text": ["x", "3", "50", "3"],
        "float": ["24.75", "3", "50", "3"],
    }
    counted = read_table(path, values=False)
    assert counted.n_rows == 100 and not counted.has_values and table.has_values
    path.write_text("\n".join(["a,b", *["1,2"] * 90, "3", "4,5"]) + "\n")
    for values in (True, False):
        with pytest.raises(TableError, match="line 92: 1 field where the header has 2"):
            read_table(path, values=values)


def test_parquet_counts_from_its_footer(tmp_path, monkeypatch):
    import pandas as pd
    import pyarrow.parquet as pq

    path = tmp_path / "t.parquet"
    frame = pd.DataFrame({"a": np.arange(50.0), "b": [f"s{i}" for i in range(50)]})
    frame.to_parquet(path, row_group_size=8)
    read = pq.ParquetFile.read_row_group
    groups = []

    def counted(self, i, **kwargs):
        groups.append(i)
        return read(self, i, **kwargs)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", counted)
    table = read_table(path, values=False)
    assert table.n_rows == 50 and groups == []
    assert table.file_rows.take([17, 2], ["b"]).to_pydict() == {"b": ["s17", "s2"]}
    assert groups == [0, 1, 2]  # and none behind the last row that is wanted


def test_large_files_move(tmp_path, monkeypatch, capsys):
    from sklearn_zcore.tables import _read

    monkeypatch.setattr(_read, "_LARGE", 10)
    for name, text in (("t.csv", "a,b\n1,2\n3,4\n"), ("t.jsonl", '{"a": 1}\n{"a": 2}\n')):
        (tmp_path / name).write_text(text)
        read_table(tmp_path / name, verbose=1)
        assert "Reading" in capsys.readouterr().err
        read_table(tmp_path / name)
        assert capsys.readouterr().err == ""
