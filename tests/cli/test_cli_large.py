"""Tables and arrays that are larger than the memory for them, stores, and Dask's workers."""

import json
import os
import re
import socket
import socketserver
from pathlib import Path
from threading import Thread

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("zarr", reason="stores need the extra 'scale'")

N = 300


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    kinds = rng.choice(["a", "b", "c"], N)
    return pd.DataFrame(
        {
            "id": [f"r{i} x" for i in range(N)],
            **{f"x{i}": np.round(rng.normal(size=N), 4) for i in range(6)},
            "kind": kinds,
        }
    )


@pytest.fixture
def report_of(zcore, tmp_path, monkeypatch):
    """Run a selection; nothing is left in the folder for temporary files."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "tmp").mkdir()

    def run(path, *args, out="o.csv"):
        call = ("select", path, "-b", 20, "-o", tmp_path / out, "--force", "--json")
        report = json.loads(zcore(*call, *args).stdout)
        assert [
            path.name for path in (tmp_path / "tmp").iterdir() if "joblib" not in path.name
        ] == []
        return report, pd.read_csv(tmp_path / out)

    return run


METHODS = [("zcore", "--n-iter", "20000"), ("facility-location",), ("k-means",)]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("method", METHODS, ids=lambda method: method[0])
def test_larger_than_the_memory_for_it(report_of, frame, tmp_path, form, method):
    path = tmp_path / f"t.{form}"
    getattr(frame, f"to_{form}")(path, index=False)
    more = ("--carry", "id", "--method", *method)
    report, written = report_of(path, *more, "--memory", "1kB")
    whole, expected = report_of(path, *more)
    assert report["n_features"] == whole["n_features"] == 9
    assert report["columns"] == whole["columns"]
    ids = frame["id"].to_numpy()[written["zcore_row"]]
    assert len(written) == 20 and (written["id"] == ids).all()
    if method[0] == "zcore":  # all rows were drawn, so the numbers are the same, and so the bits
        assert written["zcore_row"].tolist() == expected["zcore_row"].tolist()


@pytest.fixture
def long(frame):
    """The table with long texts: larger than what a stream of its numbers keeps."""
    return frame.assign(
        text="x" * 500, times=np.arange(N) % 3, label=np.where(np.arange(N) % 50, "", "yes")
    )


LONG = ("--carry", "id,text,times,label")


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet", "folder of parquet"])
@pytest.mark.parametrize("more", [(), ("--weight-by", "times"), ("--metric", "cosine")])
def test_the_default_takes_rows_block_by_block(report_of, long, tmp_path, monkeypatch, form, more):
    """So few rows are all kept: it is the fit of all at once."""
    path = tmp_path / f"t.{form}"
    if form == "folder of parquet":
        path.mkdir()
        long[:100].to_parquet(path / "0.parquet", index=False)
        long[100:].to_parquet(path / "1.parquet", index=False)
    else:
        getattr(long, f"to_{form.partition('.')[0]}")(path, index=False)
    _, expected = report_of(path, *LONG, "--weights", *more)
    monkeypatch.setattr("sklearn_zcore.tables._on_disk.temporary_store", None)
    monkeypatch.setattr("sklearn_zcore.tables._stream._ROWS_AT_ONCE", 70)
    report, written = report_of(path, *LONG, "--weights", *more, "--memory", "180 kB")
    pd.testing.assert_frame_equal(written, expected)
    assert (report["n_rows"], report["n_selected"], report["method"]) == (
        N,
        20,
        "facility-location",
    )


@pytest.mark.slow
def test_rounds_of_a_large_table(report_of, long, tmp_path):
    """What was selected before is known by number or by a column; the numbers are in a store."""
    path = tmp_path / "t.csv"
    long.to_csv(path, index=False)
    few = ("--memory", "180 kB")
    _, first = report_of(path, *LONG, *few)
    _, second = report_of(path, *LONG, *few, "--selected", tmp_path / "o.csv", out="second.csv")
    assert not set(first["zcore_row"]) & set(second["zcore_row"]) and len(second) == 20
    _, others = report_of(path, *LONG, *few, "--selected", "label")
    assert not (others["zcore_row"] % 50 == 0).any() and len(others) == 20


@pytest.mark.slow
def test_what_is_wrong_in_a_row_far_down(zcore, long, tmp_path, monkeypatch):
    """It is told with the options of the command, though rows are read while they are selected."""
    monkeypatch.setattr("sklearn_zcore.tables._on_disk._LEAST_DRAWN", 1)
    monkeypatch.setattr("sklearn_zcore.tables._on_disk._BYTES_A_CELL_DRAWN", 2000)
    long.loc[250, "x3"] = np.nan
    long.to_csv(tmp_path / "t.csv", index=False)
    call = ("select", tmp_path / "t.csv", "-b", 9, "-o", tmp_path / "o.csv", "--memory", "180 kB")
    said = zcore(*call, "--raw", "--ignore", "id,text,times,label,kind", code=2).stderr
    assert "1 missing value: x3" in said and "--missing impute" in said
    assert not (tmp_path / "o.csv").exists()


@pytest.mark.slow
def test_what_is_said_of_it(zcore, frame, tmp_path):
    frame.to_csv(tmp_path / "t.csv", index=False)
    call = ("select", tmp_path / "t.csv", "-b", 9, "-o", tmp_path / "o.csv", "--memory", "1 kB")
    said = " ".join(zcore(*call, "--carry", "id").stdout.split())
    assert "larger than the memory for it" in said and "rows drawn at random" in said
    for option in (("--group-by", "kind"), ("--min-distance", "auto"), ("--report", "r.html")):
        refused = zcore(*call, *option, "-f", code=2).stderr
        assert f"{option[0]}: needs the values of all rows" in refused
        assert "--memory SIZE" in refused
    refused = zcore(*call, "--method", "herding", "-f", code=2).stderr
    assert "HerdingSelector: needs the values of all rows" in refused
    assert "--missing: needs" in zcore(*call, "--missing", "drop", "-f", code=2).stderr


def test_a_full_disk_for_temporary_files(fails, frame, tmp_path, monkeypatch):
    frame.to_parquet(tmp_path / "t.parquet")
    monkeypatch.setattr("sklearn_zcore.rows._ingest.free_disk", lambda path: 1000)
    said = fails(tmp_path / "t.parquet", "--carry", "id", "--memory", "1kB")
    assert re.search(r"takes [\d,]+ bytes, and 1,000 are free", said) and "set TMPDIR" in said


def test_mistakes(fails, npy, frame, tmp_path):
    assert "--memory '2 lots' is no amount of memory" in fails(npy, "--memory", "2 lots")
    (tmp_path / "bad.zarr").mkdir()
    (tmp_path / "bad.zarr" / "zarr.json").write_text("{}")
    assert "is no store of rows" in fails(tmp_path / "bad.zarr")


@pytest.mark.parametrize(
    "address",
    ["somewhere", "", "10.0.0.1:8786", "tcp://", "tcp://10.0.0.1", "http://x:80", "tcp://x:99999"],
)
def test_what_is_no_address(fails, npy, address):
    pytest.importorskip("distributed", reason="--scheduler needs the extra 'dask'")
    assert "is no address of a scheduler" in fails(npy, "--scheduler", address)


def test_nobody_is_at_an_address(fails, npy, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="--scheduler needs the extra 'dask'")
    monkeypatch.setattr(distributed, "Client", None)  # which would try again for ten seconds
    with socket.socket() as bound:  # and does not listen
        bound.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{bound.getsockname()[1]}"
        assert f"scheduler {address} cannot be reached" in fails(npy, "--scheduler", address)


class Greeter(socketserver.BaseRequestHandler):
    """Answers as a web server does, such as Dask's dashboard."""

    def handle(self):
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_another_program_is_at_an_address(fails, npy):
    pytest.importorskip("distributed", reason="--scheduler needs the extra 'dask'")
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Greeter) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"tcp://127.0.0.1:{server.server_address[1]}"
        found = fails(npy, "--scheduler", address)
        server.shutdown()
    assert f"No scheduler of Dask answers at {address}" in found and "dashboard" in found


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["store", "array"])
def test_a_store_as_input(report_of, fails, tmp_path, kind):
    import zarr

    from sklearn_zcore import ColumnStore, ZCoreSelector

    X = np.random.default_rng(0).normal(size=(N, 5)).astype(np.float32)
    path = tmp_path / "e.zarr"
    if kind == "store":
        ColumnStore.from_array(X, path)
    else:
        zarr.save_array(str(path), X)
    report, written = report_of(path, "--method", "zcore", "--n-iter", "20000")
    assert (report["n_rows"], report["n_features"], report["raw"]) == (N, 5, True)
    expected = ZCoreSelector(20, n_iter=20_000, random_state=0, tol=0).fit(X)
    assert written["zcore_row"].tolist() == expected.indices_.tolist()
    np.testing.assert_allclose(written[["f0", "f4"]], X[expected.indices_][:, [0, 4]], rtol=1e-6)
    assert len(report_of(path)[1]) == 20  # by facility location
    assert "are taken as they are" in fails(path, "--columns", "f0")


@pytest.mark.slow
def test_workers_of_dask(report_of, frame, tmp_path):
    pytest.importorskip("distributed", reason="--scheduler needs the extra 'dask'")
    frame.to_parquet(tmp_path / "t.parquet")
    more = ("--carry", "id", "--method", "zcore", "--n-iter", "20000", "--memory", "1kB")
    _, expected = report_of(tmp_path / "t.parquet", *more)
    _, written = report_of(tmp_path / "t.parquet", *more, "--scheduler", "local")
    assert written["zcore_row"].tolist() == expected["zcore_row"].tolist()


@pytest.mark.slow
def test_embeddings_to_a_store_and_from_it(zcore, tmp_path, monkeypatch):
    from PIL import Image

    from tests.embedding import tiny

    monkeypatch.setenv("ZCORE_CACHE_DIR", str(tmp_path / "cache"))
    model = tiny.save("resnet", tmp_path / "model")
    rng = np.random.default_rng(0)
    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(24):
        pixels = rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(photos / f"{i:02d}.png")
    (photos / "05.png").write_bytes(b"no image")
    out = tmp_path / "e.zarr"
    call = ("embed", photos, "-m", model, "-o", out)
    said = zcore(*call, code=2).stderr
    assert "1 image of 24 cannot be read" in said and "05.png" in said
    assert not out.exists()
    report = json.loads(zcore(*call, "--on-error", "skip", "--json").stdout)
    assert (report["n_computed"], report["n_images"]) == (0, 23)
    listed = pd.read_csv(tmp_path / "e.paths.csv")["path"]
    assert len(listed) == 23 and not any("05.png" in path for path in listed)
    (tmp_path / "e.paths.csv").unlink()
    assert "column store" in zcore(*call, "--on-error", "skip", code=2).stderr
    zcore(*call, "--on-error", "skip", "--force")
    zcore("select", out, "-b", 4, "-o", tmp_path / "rows.npy", "--method", "k-means")
    assert len(np.load(tmp_path / "rows.npy")) == 4
    assert os.path.isdir(out) and Path(out, "zarr.json").exists()
