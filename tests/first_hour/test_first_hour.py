"""What a newcomer does in the first hour with data of their own: no step is a dead end.

What README and the documentation print is run by tests/docs. Here, each step that is refused is
followed by what its hint says, as it is written there.
"""

import re
import shlex

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from sklearn_zcore.cli._app import app

N = 150


def zcore(command):
    """Run a command line; return its exit code and all that it said."""
    words = shlex.split(command)
    assert words[0] == "zcore"
    result = CliRunner().invoke(app, words[1:])
    assert "Traceback" not in result.stderr
    return result.exit_code, " ".join(f"{result.stdout}\n{result.stderr}".split())


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def messy(here):
    """A file as a spreadsheet in Europe saves it."""
    rng = np.random.default_rng(0)
    lines = ["order_id;date;amount;weight;share;city;comment;label"]
    for i in range(N):
        amount = f"{1000 + 13 * i:,.2f}".translate(str.maketrans(",.", ".,")) + " €"
        comment = " ".join(rng.choice(["late", "very", "good", "parcel", "door", "thanks"], 4))
        weight = f"{rng.gamma(2):.2f}".replace(".", ",")
        lines.append(
            f"A-{10_000 + i};{1 + i % 28:02d}.{1 + i % 12:02d}.2024;{amount};{weight};{i % 90},5%;"
            f"{['Bonn', 'Ulm', 'Köln'][i % 3]};{comment};{['yes', 'no'][i % 2]}"
        )
    (here / "orders.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.slow
def test_a_messy_table(messy, here):
    command = "zcore select orders.csv --budget 10% --carry order_id,label --out coreset.csv"
    code, said = zcore(command)
    assert code == 2 and "looks separated by ';'" in said
    option = re.search(r"--sep '.'", said)[0]
    code, said = zcore(f"{command} {option}")
    assert code == 0, said
    assert "Coreset selected by facility location, the default" in said
    assert "--method zcore" in said and "n_iter" not in said
    for column in ("amount", "weight", "share"):
        assert f"column '{column}' is text that holds numbers" in said
    written = pd.read_csv(here / "coreset.csv", sep=";")
    source = pd.read_csv(here / "orders.csv", sep=";")
    assert len(written) == N // 10
    assert (written["amount"] == source["amount"][written["zcore_row"]].to_numpy()).all()
    code, said = zcore(
        f"zcore compare orders.csv {option} --target label --ignore order_id --budgets 20% "
        "--methods facility-location --folds 3 --jobs 1"
    )
    assert code == 0 and "facility-location" in said


@pytest.mark.slow
def test_a_table_without_a_header(here):
    np.savetxt("rows.csv", np.random.default_rng(0).normal(size=(40, 3)), delimiter=",")
    command = "zcore select rows.csv --budget 5 --force --out coreset.csv"
    code, said = zcore(command)
    assert code == 0 and "Warning: The first line was taken for names" in said
    code, said = zcore(f"{command} --no-header")
    assert code == 0 and "rows 40" in said and "Warning" not in said


@pytest.mark.slow
def test_embeddings_in_a_frame(here):
    X = np.random.default_rng(0).normal(size=(60, 16))
    pd.DataFrame({"id": range(60), "emb": list(X)}).to_parquet("embeddings.parquet")
    command = "zcore select embeddings.parquet --carry id --budget 6 --raw"
    code, said = zcore(f"{command} --out coreset.csv")
    assert code == 2 and "Write .parquet instead" in said
    code, said = zcore(f"{command} --out coreset.parquet")
    assert code == 0, said
    assert len(pd.read_parquet("coreset.parquet")) == 6


@pytest.mark.slow
def test_pictures(here, monkeypatch):
    pytest.importorskip("torch", reason="images need the extra 'embed'")
    from PIL import Image

    from tests.embedding import tiny

    monkeypatch.setenv("ZCORE_CACHE_DIR", str(here / "cache"))
    rng = np.random.default_rng(0)
    for i in range(12):
        path = here / "photos" / ["cat", "dog"][i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)).save(path)
    code, said = zcore("zcore select photos --budget 25% --out coreset.csv")
    assert code == 2 and "--model clip" in said
    model = tiny.save("resnet", here / "model")
    code, said = zcore(f"zcore select photos --model {model} --budget 25% --out coreset.csv")
    assert code == 0, said
    assert len(pd.read_csv("coreset.csv")) == 3
