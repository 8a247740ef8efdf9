"""benchmarks/images.py as it is run: on three formats, stopped and taken up again."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

pytestmark = pytest.mark.slow

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
QUICK = (
    *("--budgets", "20", "50", "--steps", "4", "--batch-size", "16", "--seeds", "1"),
    *("--selectors", "random", "facility-location", "zcore:0.8", "--random-draws", "2"),
    *("--threads", "1"),
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    sys.path.insert(0, str(BENCHMARKS))
    from embedding import tiny_model

    return tiny_model(tmp_path_factory.mktemp("model"))


def pictures(n, n_classes, shape, seed=0):
    """Return pictures whose shade tells the class."""
    labels = np.arange(n) % n_classes
    noise = np.random.default_rng(seed).integers(0, 40, (n, *shape))
    shades = (200 * labels // n_classes).reshape(-1, *[1] * len(shape))
    return (shades + noise).astype(np.uint8), labels


@pytest.fixture(scope="module")
def arrays(tmp_path_factory):
    x, y = pictures(90, 3, (28, 28))
    path = tmp_path_factory.mktemp("arrays") / "grey.npz"
    np.savez(path, x_train=x[:60], y_train=y[:60], x_test=x[60:], y_test=y[60:])
    return path


def command(*args):
    return [sys.executable, str(BENCHMARKS / "images.py"), *map(str, args)]


@pytest.fixture(scope="module")
def run():
    """Return what runs the benchmark in this process: importing torch takes seconds."""
    sys.path.insert(0, str(BENCHMARKS))
    import images

    def of(*args):
        with redirect_stdout(StringIO()) as printed:
            images.main([str(arg) for arg in args])
        return printed.getvalue()

    return of


@pytest.fixture(scope="module")
def results(run, arrays, model, tmp_path_factory):
    out = tmp_path_factory.mktemp("results")
    args = (arrays, "--model", model, "--out", out, *QUICK, "--learners", "scratch", "probe", "knn")
    return args, out, run(*args)


def test_table_figure_and_scores(results):
    _, out, printed = results
    assert (out / "summary.md").read_text() == printed.removesuffix("\n")
    for part in ("network trained from scratch", "linear probe", "| ZCore, 0.8 draws a row |"):
        assert part in printed
    assert (out / "accuracy.png").read_bytes()[:4] == b"\x89PNG"
    scores = pd.read_csv(out / "scores.csv")
    counts = scores.groupby(["learner", "selector", "budget"]).size()
    assert counts["probe", "random", 20.0] == 2 and counts["probe", "facility-location", 20.0] == 1
    assert scores.groupby("budget")["n_selected"].unique().explode().to_dict() == {
        20.0: 12,
        50.0: 30,
        100.0: 60,
    }
    # A shade a class: what the embeddings keep of it is learned.
    assert scores.query("selector == 'all' and learner == 'knn'")["accuracy"].min() > 0.9


def test_what_is_finished_is_not_done_again(run, results):
    args, out, printed = results
    units = sorted((out / "units").glob("*.json"))
    before = {unit: unit.stat().st_mtime_ns for unit in units}
    units[2].unlink()
    assert run(*args) == printed  # the same network, from the same seed
    assert [u for u in units if u.stat().st_mtime_ns != before[u]] == [units[2]]
    assert not list(out.rglob("*.part")) and not list(out.rglob("*.checkpoint"))
    with pytest.raises(SystemExit, match="results of another setting: label_noise=0.0"):
        run(*args, "--label-noise", "0.1")


def test_killed_within_a_training(arrays, model, tmp_path):
    """Its state is kept, and the network goes on to be the one that it would have been."""
    sys.path.insert(0, str(BENCHMARKS))
    import torch
    from _images.networks import Schedule, make_batches, make_network, predict, train
    from _images.pictures import load_pictures

    some, test = load_pictures(arrays, 0)
    batches = make_batches(some, 28, 1, augment=True)

    class Killed(Exception):
        pass

    def trained(schedule, stop=None):
        torch.manual_seed(0)
        seen = 0

        def counted(rows, rng):
            nonlocal seen
            seen += 1
            if seen == stop:
                raise Killed
            return batches(rows, rng)

        network = make_network("cnn", 1, 3, 28)
        return train(network, counted, np.arange(60), schedule, 0, tmp_path / "state"), seen

    # Half-way, since what a kill leaves behind is written every so many seconds.
    kept = Schedule(12, 16, 0.05, checkpoint_seconds=0.0)
    with pytest.raises(Killed):
        trained(kept, stop=8)
    network, seen = trained(kept)
    assert 0 < seen < 12
    (tmp_path / "state").unlink()
    whole, seen = trained(Schedule(12, 16, 0.05))
    assert seen == 12
    for a, b in zip(network.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(a, b)
    other = make_batches(test, 28, 1, augment=True)
    assert (predict(network, other, 30) == predict(whole, other, 30)).all()


def test_killed_and_taken_up_again(run, arrays, model, tmp_path):
    args = (arrays, "--model", model, "--out", tmp_path / "out", *QUICK)
    process = subprocess.Popen(command(*args), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    units = tmp_path / "out" / "units"
    while process.poll() is None and len(list(units.glob("*.json"))) < 2:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {path: path.stat().st_mtime_ns for path in units.glob("*.json")}
    run(*args)
    assert len(before) >= 2 and len(list(units.glob("*.json"))) == 9
    assert all(path.stat().st_mtime_ns == then for path, then in before.items())


def write_folder(folder, n, side):
    x, y = pictures(n, 2, (side, side, 3))
    for number, (picture, label) in enumerate(zip(x, y, strict=True)):
        part = folder / f"class {label}"
        part.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(part / f"{number}.png")


def test_folder_with_switches(run, model, tmp_path):
    """Large pictures, decoded as they are needed, with wrong labels, a long tail and fog."""
    write_folder(tmp_path / "data" / "train", 40, 120)
    write_folder(tmp_path / "data" / "val", 10, 120)
    run(
        *(tmp_path / "data", "--model", model, "--out", tmp_path / "out", *QUICK),
        *("--network", "resnet18", "--image-size", "112", "--steps", "1", "--batch-size", "4"),
        *("--selectors", "random", "--random-draws", "1", "--budgets", "50"),
        *("--long-tail", "0.5", "--label-noise", "0.2", "--corrupt", "0.5"),
    )
    setting = json.loads((tmp_path / "out" / "setting.json").read_text())
    assert setting["network"] == "resnet18" and setting["schedule"]["weight_decay"] == 1e-4
    scores = pd.read_csv(tmp_path / "out" / "scores.csv")
    assert set(scores["n_selected"]) == {15, 30}  # of 20 and 10


def test_hugging_face_directory(run, model, tmp_path):
    datasets = pytest.importorskip("datasets", reason="the datasets package is not installed")
    x, y = pictures(45, 3, (32, 32, 3))
    features = datasets.Features(
        {"img": datasets.Image(), "fine_label": datasets.ClassLabel(num_classes=3)}
    )
    data = datasets.Dataset.from_dict(
        {"img": [Image.fromarray(picture) for picture in x], "fine_label": y}, features=features
    )
    datasets.DatasetDict({"train": data}).save_to_disk(tmp_path / "data")
    out = tmp_path / "out"
    run(tmp_path / "data", "--model", model, "--out", out, *QUICK, "--finetune-steps", "1")
    assert len(np.load(out / "embeddings" / "test-00000000.npy")) == 9  # a fifth is held out


@pytest.mark.parametrize(
    "change, says",
    [
        ({"x_train": None}, "has no x_train"),
        ({"x_train": np.zeros((4, 5, 5))}, "expected to be uint8"),
        ({"y_train": np.zeros(3, int)}, "has 4 pictures and y_train 3"),
        ({"y_train": np.zeros(4, int), "y_test": np.zeros(4, int)}, "of 1 classes"),
    ],
)
def test_bad_arrays(change, says, tmp_path):
    sys.path.insert(0, str(BENCHMARKS))
    from _images.pictures import load_pictures

    x, y = pictures(4, 2, (5, 5))
    arrays = {"x_train": x, "y_train": y, "x_test": x, "y_test": y, **change}
    arrays = {name: array for name, array in arrays.items() if array is not None}
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(SystemExit, match=says):
        load_pictures(tmp_path / "bad.npz", 0)


def test_what_is_wrong_is_told_in_a_line(run, arrays, model, tmp_path):
    write_folder(tmp_path / "broken", 8, 40)
    (tmp_path / "broken" / "class 0" / "2.png").write_bytes(b"no picture")
    (tmp_path / "text.npz").write_text("no arrays")
    (tmp_path / "empty").mkdir()
    start = ("--model", model, "--out", tmp_path / "out", *QUICK)
    for data, says in [
        ("missing.npz", "missing.npz: there is no such folder, and no .npz"),
        (tmp_path / "missing", "missing: there is no such folder"),
        (tmp_path / "text.npz", "text.npz: "),
        (tmp_path / "empty", "holds no image"),
        (tmp_path / "broken", "2.png cannot be read as a picture"),
    ]:
        with pytest.raises(SystemExit, match=re.escape(says)) as told:
            run(data, *start)
        assert "\n" not in str(told.value)
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
    with pytest.raises(SystemExit, match="/no/model"):
        run(arrays, "--model", "/no/model", *start[2:])
    with pytest.raises(SystemExit, match="nothing has been finished"):
        run(arrays, "--model", "/no/model", *start[2:], "--report")
    with pytest.raises(SystemExit, match="2 pictures are fewer than the 3 classes"):
        run(arrays, *start, "--max-rows", "2")


@pytest.mark.parametrize("wrong", [("--corrupt", "1.5"), ("--long-tail", "-1"), ("--seeds", "0")])
def test_numbers_out_of_range(run, arrays, model, tmp_path, wrong, capsys):
    with pytest.raises(SystemExit):
        run(arrays, "--model", model, "--out", tmp_path, *wrong)
    assert f"{wrong[0]}: invalid" in capsys.readouterr().err


def test_models_of_the_recipes_can_be_trained_on(model):
    sys.path.insert(0, str(BENCHMARKS))
    from _images.learners import id_of

    assert id_of("clip") == "openai/clip-vit-large-patch14"
    assert id_of(str(model)) == str(model) and id_of("owner/name") == "owner/name"


def test_what_the_switches_do():
    sys.path.insert(0, str(BENCHMARKS))
    from _images.pictures import Pictures, corrupt, long_tail, mislabel

    x, y = pictures(400, 4, (16, 16))
    clean = Pictures(x, y, 4)
    tail = np.bincount(long_tail(clean, 0.01, 0).labels)
    assert tail.tolist() == [100, 22, 5, 1]
    wrong = mislabel(clean, 0.3, 0).labels
    assert (wrong != y).sum() == 120 and set(wrong) == {0, 1, 2, 3}
    spoiled = corrupt(clean, 0.3, 0)
    changed = [np.any(np.asarray(spoiled.open(row)) != x[row]) for row in range(400)]
    assert sum(changed) == 120
    # The same pictures are spoiled in the same way in any part of the set.
    rows = np.flatnonzero(changed)[::-1][:10]
    part = spoiled.take(rows)
    for at, row in enumerate(rows):
        assert np.array_equal(np.asarray(part.open(at)), np.asarray(spoiled.open(row)))
