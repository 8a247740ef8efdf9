"""What a selection is made from: packed files, several, stdin, and data sets that have a name."""

import bz2
import gzip
import io
import json
import lzma

import numpy as np
import pandas as pd
import pytest

from tests.tables.caches import write_openml

pytest.importorskip("pyarrow", reason="tables need the extra 'table'")

N = 60
PACKS = {"gz": gzip, "bz2": bz2, "xz": lzma}


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {"id": [f"r{i}" for i in range(N)], "x": rng.normal(size=N), "z": rng.normal(size=N)}
    )


@pytest.fixture
def csv(frame, tmp_path):
    frame.to_csv(tmp_path / "whole.csv", index=False)
    return tmp_path / "whole.csv"


def chosen(path):
    return pd.read_csv(path)["zcore_row"].tolist()


@pytest.fixture
def expected(select, csv, tmp_path):
    select(csv, "--carry", "id", "--out", tmp_path / "expected.csv")
    return chosen(tmp_path / "expected.csv")


@pytest.mark.parametrize("pack", PACKS)
def test_packed_in_and_out(select, csv, expected, tmp_path, pack):
    packed = tmp_path / f"t.csv.{pack}"
    packed.write_bytes(PACKS[pack].compress(csv.read_bytes()))
    outs = [tmp_path / f"{name}.csv.{pack}" for name in "ab"]
    for out in outs:
        select(packed, "--carry", "id", "--out", out)
    assert chosen(outs[0]) == expected  # pandas, too, unpacks it by its name
    assert outs[0].read_bytes() == outs[1].read_bytes()
    lines = tmp_path / f"o.jsonl.{pack}"
    select(packed, "--carry", "id", "--out", lines)
    again = tmp_path / "again.csv"
    select(lines, "--ignore", "zcore_row,zcore_score,zcore_rank", "--out", again, budget="50%")
    assert len(chosen(again)) == len(expected) // 2


@pytest.mark.parametrize("pack", PACKS)
def test_what_is_packed_in_another_way(fails, csv, tmp_path, pack):
    wrong = tmp_path / f"t.csv.{pack}"
    wrong.write_bytes(csv.read_bytes())
    assert f"not a readable {'gzip' if pack == 'gz' else pack} file" in fails(wrong)
    wrong.write_bytes(PACKS[pack].compress(csv.read_bytes() * 500)[:-40])
    assert "not a readable" in fails(wrong)


def test_several_files_are_one_table(select, frame, expected, tmp_path):
    out = tmp_path / "o.csv"
    parts = [tmp_path / f"{i}.csv" for i in range(3)]
    for i, path in enumerate(parts):
        part = frame.iloc[20 * i : 20 * i + 20]
        # In another order, they are still the same columns.
        part[part.columns[:: -1 if i == 1 else 1]].to_csv(path, index=False)
    report = select(*parts, "--carry", "id", "--out", out)
    assert report["n_rows"] == N and report["input"] == " ".join(map(str, parts))
    assert chosen(out) == expected
    assert pd.read_csv(out)["id"].tolist() == [f"r{row}" for row in expected]
    assert pd.read_csv(out).columns[:3].tolist() == frame.columns.tolist()


@pytest.mark.parametrize("as_folder", [True, False])
def test_parquet_in_parts(select, frame, expected, tmp_path, as_folder):
    folder = tmp_path / "parts"
    folder.mkdir()
    frame[:30].to_parquet(folder / "0.parquet", row_group_size=7, index=False)
    frame[30:].astype({"x": "float32"}).to_parquet(folder / "1.parquet", index=False)
    given = [folder] if as_folder else sorted(folder.iterdir())
    report = select(*given, "--carry", "id", "--out", tmp_path / "o.csv")
    assert report["n_rows"] == N
    assert pd.read_csv(tmp_path / "o.csv")["id"].tolist() == [f"r{row}" for row in expected]


def test_arrays_in_parts(select, X, tmp_path):
    for i in range(2):
        np.savez(tmp_path / f"{i}.npz", X=X[30 * i : 30 * i + 30], y=np.arange(30) + 30 * i)
    select(tmp_path / "0.npz", tmp_path / "1.npz", "--key", "X", "--out", tmp_path / "o.npy")
    np.save(tmp_path / "X.npy", X)
    select(tmp_path / "X.npy", "--out", tmp_path / "p.npy")
    assert (np.load(tmp_path / "o.npy") == np.load(tmp_path / "p.npy")).all()


def test_parts_that_do_not_fit(fails, csv, frame, tmp_path):
    other = tmp_path / "other.csv"
    frame.rename(columns={"z": "zz"}).to_csv(other, index=False)
    message = fails(csv, other)
    assert f"{other} lacks 'z' and also has 'zz'" in message
    frame.to_parquet(tmp_path / "t.parquet")
    assert "The inputs are of several kinds" in fails(csv, tmp_path / "t.parquet")
    assert "given twice" in fails(csv, csv)
    frame.assign(x=["text"] * N).to_parquet(tmp_path / "u.parquet")
    message = fails(tmp_path / "t.parquet", tmp_path / "u.parquet")
    assert "'x' is double in" in message and "same type in all files" in message
    assert "stands beside other inputs" in fails(csv, "-")
    (tmp_path / "empty").mkdir()
    assert "stands beside other inputs" in fails(tmp_path / "empty", csv, "--model", "clip")


def test_no_part_is_overwritten(fails, csv, frame, tmp_path):
    other = tmp_path / "other.csv"
    frame.to_csv(other, index=False)
    assert "is the input itself" in fails(csv, other, "--force", out="other.csv")


FORMS = {
    "csv": lambda frame: frame.to_csv(index=False).encode(),
    "csv.gz": lambda frame: gzip.compress(frame.to_csv(index=False).encode()),
    "jsonl": lambda frame: frame.to_json(orient="records", lines=True).encode(),
    "parquet": lambda frame: frame.to_parquet(index=False),
}


@pytest.fixture
def pipe(monkeypatch):
    """Run ``zcore select - --out -`` with bytes on stdin."""
    from typer.testing import CliRunner

    from sklearn_zcore.cli._app import app

    def run(data, *args):
        call = ["select", "-", "-b", "10%", "--method", "zcore", "--n-iter", "2000"]
        return CliRunner().invoke(app, [*call, *map(str, args)], input=data)

    return run


@pytest.mark.parametrize("form", FORMS)
def test_stdin_to_stdout(pipe, frame, expected, form):
    done = pipe(FORMS[form](frame), "--carry", "id", "--out", "-")
    assert done.exit_code == 0, done.stderr
    written = pd.read_csv(io.StringIO(done.stdout))  # and nothing else is there
    assert written["zcore_row"].tolist() == expected
    assert "Coreset selected by ZCore" in done.stderr and "input      -" in done.stderr


def test_stdout_in_other_formats(pipe, frame, csv, expected):
    data = csv.read_bytes()
    done = pipe(data, "--carry", "id", "--out", "-", "--format", "parquet")
    assert pd.read_parquet(io.BytesIO(done.stdout_bytes))["zcore_row"].tolist() == expected
    done = pipe(data, "--carry", "id", "--out", "-", "--format", "jsonl", "--quiet")
    assert [json.loads(line)["zcore_row"] for line in done.stdout.splitlines()] == expected
    done = pipe(data, "--carry", "id", "--out", "-", "--indices")
    assert done.stdout.split() == ["zcore_row", *map(str, expected)]


def test_mistakes_with_streams(pipe, csv):
    done = pipe(csv.read_bytes(), "--out", "-", "--json")
    assert done.exit_code == 2 and "both write to stdout" in done.stderr
    done = pipe(b"", "--out", "-")
    assert done.exit_code == 2 and "nothing came in by stdin" in done.stderr
    done = pipe(b"a,b\n1\n", "--out", "-")
    # The copy of it is no file that anybody knows.
    assert done.exit_code == 2 and "The input -, line 2: 1 field" in done.stderr
    assert done.stdout == ""


@pytest.fixture
def openml(tmp_path):
    rng = np.random.default_rng(0)
    values = [round(x, 3) for x in rng.normal(size=N)]
    columns = {
        "duration": [None, *values[1:]],
        "housing": [["own", "rent"][i % 2] for i in range(N)],
        "class": [["good", "bad"][i % 3 == 0] for i in range(N)],
    }
    write_openml(tmp_path / "home", "credit-g", 31, columns, target="class")
    return tmp_path / "home"


@pytest.mark.parametrize("name", ["credit-g", "credit-g@1", "31"])
def test_openml(select, openml, tmp_path, monkeypatch, name):
    out = tmp_path / "o.csv"
    report = select(f"openml:{name}", "--data-home", openml, "--out", out)
    assert report["input"] == f"openml:{name}"
    assert report["columns"]["carried"] == ["class"]
    assert any("the target of the data set" in note for note in report["notes"])
    assert report["columns"]["categorical"] == ["housing"]
    written = pd.read_csv(out)
    assert written.columns[:3].tolist() == ["duration", "housing", "class"]
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(openml))
    assert select(f"openml:{name}", "--force", "--out", out)["n_rows"] == N


@pytest.mark.slow
def test_openml_knows_its_labels(zcore, openml):
    call = ("compare", "openml:31", "--data-home", openml, "-b", 9, "--methods", "random")
    report = json.loads(zcore(*call, "--folds", 2, "--json").stdout)
    assert report["n_classes"] == 2


def test_openml_that_is_not_to_be_had(zcore, fails, openml, tmp_path, monkeypatch):
    from sklearn.datasets import _openml

    def no_network(*args, **kwargs):
        raise _openml.URLError("no network")

    monkeypatch.setattr(_openml, "urlopen", no_network)
    monkeypatch.setattr(_openml.time, "sleep", lambda seconds: None)
    call = ("select", "openml:iris", "-b", 5, "-o", tmp_path / "o.csv")
    message = zcore(*call, "--data-home", openml, code=2).stderr
    assert "not in scikit-learn's cache, and could not be fetched" in message
    assert "--data-home" in message
    assert "names no data set" in fails("openml:")
    assert "names no data set" in fails("openml:iris@new")


def test_options_of_other_inputs(fails, csv, openml, tmp_path):
    assert "--data-home is for data sets of OpenML" in fails(csv, "--data-home", tmp_path)
    assert "--split is for data sets of Hugging Face" in fails(csv, "--split", "train")
    assert "--sep is for CSV files only" in fails("openml:31", "--data-home", openml, "--sep", ";")


@pytest.fixture
def hf(frame, tmp_path):
    """Return a folder of a data set, saved; and one of plain Parquet files."""
    datasets = pytest.importorskip("datasets", reason="hf: needs the extra 'hf'")
    data = datasets.Dataset.from_pandas(frame.assign(label=np.arange(N) % 2))
    data = data.cast_column("label", datasets.ClassLabel(names=["no", "yes"]))
    datasets.DatasetDict({"train": data, "test": data.select(range(9))}).save_to_disk(
        str(tmp_path / "saved")
    )
    (tmp_path / "plain").mkdir()
    frame.to_parquet(tmp_path / "plain" / "train.parquet")
    return tmp_path


@pytest.mark.slow
def test_hugging_face(select, fails, hf, expected, tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets", reason="hf: needs the extra 'hf'")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "hf_cache"))
    out = tmp_path / "o.csv"
    report = select(f"hf:{hf}/saved", "--split", "train", "--carry", "id", "--out", out)
    assert report["columns"]["carried"] == ["id", "label"]
    assert chosen(out) == expected
    assert set(pd.read_csv(out)["label"]) == {"no", "yes"}
    report = select(f"hf:{hf}/plain", "--carry", "id", "--force", "--out", out)
    assert chosen(out) == expected
    message = fails(f"hf:{hf}/saved")
    assert "has 2 splits: 'train', 'test'" in message and "--split train" in message
    assert "cannot be loaded" in fails(f"hf:{hf}/saved", "--split", "valid")


@pytest.mark.slow
def test_hugging_face_from_its_cache(select, hf, expected, frame, tmp_path, monkeypatch):
    """What was downloaded once is found without a network, by its name on the hub."""
    datasets = pytest.importorskip("datasets", reason="hf: needs the extra 'hf'")
    cache = tmp_path / "hf_cache"
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(cache))
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    made = tmp_path / "made"
    datasets.load_dataset(str(hf / "plain"), cache_dir=str(made))
    (folder,) = [path for path in made.rglob("*.arrow") if path.is_file()]
    there = cache / "somebody___orders" / "default" / "0.0.0" / "0123456789abcdef"
    there.parent.mkdir(parents=True)
    folder.parent.rename(there)
    for path in there.glob("*.arrow"):
        path.rename(there / "orders-train.arrow")
    info = json.loads((there / "dataset_info.json").read_text())
    info |= {"dataset_name": "orders", "builder_name": "parquet"}
    (there / "dataset_info.json").write_text(json.dumps(info))
    report = select("hf:somebody/orders", "--carry", "id", "--out", tmp_path / "o.csv")
    assert report["input"] == "hf:somebody/orders"
    assert chosen(tmp_path / "o.csv") == expected


@pytest.mark.parametrize("form", ["csv", "parquet", "npy"])
def test_random_looks_at_no_values(zcore, frame, tmp_path, form, monkeypatch):
    """It draws the rows that it drew from the values, and needs none of them."""
    from sklearn_zcore import RandomSelector
    from sklearn_zcore.tables import TablePreparation

    monkeypatch.setattr(TablePreparation, "fit_transform", None)
    frame.loc[3, "x"] = np.inf
    path, out = tmp_path / f"t.{form}", tmp_path / "o.csv"
    if form == "npy":
        np.save(path, frame[["x", "z"]].to_numpy())
    else:
        getattr(frame, f"to_{form}")(path, index=False)
    call = ("select", path, "-b", "20%", "-o", out, "--method", "random", "--seed", 3)
    report = json.loads(zcore(*call, "--json").stdout)
    expected = RandomSelector(0.2, random_state=3).fit(np.zeros((N, 1))).indices_
    assert chosen(out) == expected.tolist()
    assert report["n_rows"] == N and report["n_features"] == 0
    assert "no values are read" in zcore(*call, "--force").stdout
    if form == "csv":
        assert (
            pd.read_csv(out, dtype=str)["x"].tolist()
            == pd.read_csv(path, dtype=str)["x"][expected].tolist()
        )


@pytest.mark.parametrize("option", [["--weights"], ["--group-by", "id"], ["--missing", "drop"]])
def test_random_reads_what_is_asked_for(zcore, csv, tmp_path, option):
    call = ("select", csv, "-b", 9, "-o", tmp_path / "o.csv", "--method", "random", *option)
    assert json.loads(zcore(*call, "--json").stdout)["n_features"] > 0


def test_a_file_that_changes_is_noticed(select, csv, fails, monkeypatch):
    from sklearn_zcore.tables import TablePreparation

    prepare = TablePreparation.fit_transform

    def while_it_changes(self, X, y=None):
        csv.write_text(csv.read_text() + "r61,1,2\n")
        return prepare(self, X)

    monkeypatch.setattr(TablePreparation, "fit_transform", while_it_changes)
    assert "has changed while it was worked on" in fails(csv)
