"""What a report can be made of, how it is written and shown, and what it refuses."""

import builtins
import errno
import io
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_zcore import (
    CoresetClassifier,
    CoresetRegressor,
    CoresetReport,
    CoresetSampler,
    FacilityLocationSelector,
    RandomSelector,
    ZCoreSelector,
)
from sklearn_zcore.selection import SELECTORS

X, y = load_iris(return_X_y=True, as_frame=True)


@pytest.fixture(scope="module")
def report():
    return CoresetReport(FacilityLocationSelector(12, random_state=0).fit(X), X, groups=y)


def rows_of(report):
    return [row["row"] for row in report.to_dict()["coreset"]["rows"]]


# --- what it is made of ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", SELECTORS)
def test_every_selector(name):
    selector = SELECTORS[name].estimator(budget=15)
    known = {"random_state": 0, "n_iter": 200_000, "tol": 0}
    selector.set_params(**{k: v for k, v in known.items() if k in selector.get_params()})
    selector.fit(X)
    report = CoresetReport(selector, X)
    assert rows_of(report) == selector.ranking_[:15].tolist()
    found = report.to_dict()
    assert found["summary"]["selector"]["label"] == SELECTORS[name].label
    assert found["summary"]["coverage"]["mean"] == pytest.approx(-selector.score(X))
    assert (found["summary"]["stability"] is None) == (name != "zcore")
    assert found["curve"]["is_nested"] == selector.nested_budgets


def test_pipeline():
    pipeline = make_pipeline(StandardScaler(), FacilityLocationSelector(12, random_state=0)).fit(X)
    found = CoresetReport(pipeline, X).to_dict()
    selector = pipeline[-1]
    assert [row["row"] for row in found["coreset"]["rows"]] == selector.ranking_[:12].tolist()
    expected = -selector.score(StandardScaler().fit_transform(X))
    assert found["summary"]["coverage"]["mean"] == pytest.approx(expected)
    assert "Pipeline" in found["summary"]["call"]
    # The reader sees the columns that went in.
    assert found["rows"]["columns"] == list(X.columns)


@pytest.mark.parametrize(
    "estimator",
    [
        CoresetClassifier(LogisticRegression(), RandomSelector(9, random_state=0)),
        CoresetClassifier(
            LogisticRegression(),
            FacilityLocationSelector(9, random_state=0),
            embedder=StandardScaler(),
        ),
        CoresetRegressor(LinearRegression(), FacilityLocationSelector(9, random_state=0)),
        CoresetSampler(FacilityLocationSelector(9, random_state=0)),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_meta_estimators(estimator):
    estimator.fit(X, y)
    chosen = getattr(estimator, "coreset_indices_", getattr(estimator, "sample_indices_", None))
    report = CoresetReport(estimator, X)
    assert sorted(rows_of(report)) == sorted(chosen)
    assert report.to_dict()["summary"]["selector"]["class"] == type(estimator).__name__


def test_rows_that_labels_added_are_in_the_coreset():
    rare = np.where(np.arange(150) == 149, "rare", "usual")
    selector = FacilityLocationSelector(5, random_state=0)
    classifier = CoresetClassifier(LogisticRegression(), selector, min_per_class=1).fit(X, rare)
    report = CoresetReport(classifier, X)
    assert 149 in rows_of(report) and set(rows_of(report)) == set(classifier.coreset_indices_)
    assert report.to_dict()["curve"]["sizes"][-1] == classifier.coreset_indices_.size


def test_row_numbers_and_masks():
    numbers = CoresetReport([7, 3, 120], X)
    assert rows_of(numbers) == [7, 3, 120]
    assert [row["rank"] for row in numbers.to_dict()["coreset"]["rows"]] == [1, 2, 3]
    mask = np.zeros(150, bool)
    mask[[7, 3, 120]] = True
    by_mask = CoresetReport(mask, X)
    assert rows_of(by_mask) == [3, 7, 120]
    found = by_mask.to_dict()
    assert found["curve"] is None and found["coreset"]["rows"][0]["rank"] is None
    assert "In row order" in by_mask.html()


@pytest.mark.parametrize(
    "convert", [dict, pl.from_pandas, pa.Table.from_pandas, lambda f: f], ids=range(4)
)
def test_frames_of_every_library(convert):
    frame = X.assign(species=y.map({0: "a", 1: "b", 2: None}))
    data = {name: frame[name] for name in frame} if convert is dict else convert(frame)
    found = CoresetReport(range(0, 150, 10), X, data=data, groups=["species"]).to_dict()
    groups = {group["group"]: group["n_rows"] for group in found["groups"][0]["groups"]}
    assert groups == {"a": 50, "b": 50, "(missing)": 50}
    assert found["rows"]["columns"] == list(frame.columns)
    assert len(found["features"]["columns"]) == 5


@pytest.mark.parametrize(
    "groups", [y.tolist(), y.to_numpy(), y, y.to_frame(), {"target": y}, np.c_[y, y]], ids=range(6)
)
def test_groups_in_every_form(groups):
    found = CoresetReport(range(15), X, groups=groups).to_dict()["groups"]
    assert len(found) == (2 if isinstance(groups, np.ndarray) and groups.ndim == 2 else 1)
    assert [group["n_rows"] for group in found[0]["groups"]] == [50, 50, 50]
    assert found[0]["n_absent"] == 2


def images(n):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, size=(n, 20, 30, 3), dtype=np.uint8)


def test_images_in_every_form(tmp_path):
    arrays = images(150)
    pictures = [Image.fromarray(array) for array in arrays]
    paths = []
    for place, picture in enumerate(pictures):
        paths.append(tmp_path / f"{place}.png")
        picture.save(paths[-1])
    made = [
        CoresetReport(range(15), X, images=given).to_dict()["thumbnails"]
        for given in (arrays, pictures, paths, [str(p) for p in paths], pd.Series(paths))
    ]
    for thumbnails in made:
        assert len(thumbnails["images"]) == 150 and not thumbnails["broken"]
        assert thumbnails["images"] == made[0]["images"]
    assert made[2]["captions"]["3"] == str(paths[3])


def test_thumbnails_are_bounded(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, size=(700, 900, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png", pnginfo=None)
    report = CoresetReport(range(15), X, images=[tmp_path / "noise.png"] * 150, max_thumbnails=40)
    thumbnails = report.to_dict()["thumbnails"]["images"]
    assert len(thumbnails) == 40
    assert all(len(uri) < 12_000 * 4 / 3 + 30 for uri in thumbnails.values())
    # Those of the coreset come first.
    assert {str(row) for row in range(15)} <= set(thumbnails)


def test_thumbnails_hold_nothing_but_pixels(tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    Image.fromarray(images(1)[0]).save(tmp_path / "a.jpg", exif=exif, comment=b"secret place")
    assert b"secret place" in (tmp_path / "a.jpg").read_bytes()
    from sklearn_zcore.embedding import encode_thumbnail

    assert b"secret place" not in encode_thumbnail(tmp_path / "a.jpg")


def test_positions_can_be_given():
    points = X.to_numpy()[:, 2:]
    found = CoresetReport(range(15), X, layout=points).to_dict()["map"]
    assert found["x"] == points[:, 0].tolist() and found["method"] == "given"


def test_methods_for_the_map_that_are_installed(monkeypatch):
    class UMAP:
        def __init__(self, n_components, random_state):
            assert n_components == 2

        def fit_transform(self, rows):
            return rows[:, :2] * 3

    monkeypatch.setitem(sys.modules, "umap", type(sys)("umap"))
    sys.modules["umap"].UMAP = UMAP
    found = CoresetReport(range(15), X, layout="umap").to_dict()["map"]
    assert found["method"] == "UMAP"
    np.testing.assert_allclose(found["x"], X.iloc[:, 0] * 3, rtol=1e-6)


def test_everything_is_reproducible():
    def made(seed):
        found = CoresetReport(range(15), X, random_state=seed).to_dict()
        del found["summary"]["created"]
        return found

    assert made(3) == made(3) != made(4)


def test_nothing_of_the_input_is_kept_or_changed(report):
    selector = FacilityLocationSelector(12, random_state=0).fit(X)
    before, values = selector.indices_.copy(), X.copy()
    kept = vars(CoresetReport(selector, X))
    assert json.dumps(list(kept.values())) and not any(value is X for value in kept.values())
    np.testing.assert_array_equal(selector.indices_, before)
    pd.testing.assert_frame_equal(X, values)
    report.to_dict()["coreset"]["rows"].clear()
    assert report.to_dict()["coreset"]["rows"]


# --- what it refuses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "selector, error, message",
    [
        (FacilityLocationSelector(), NotFittedError, "not fitted"),
        (make_pipeline(StandardScaler(), RandomSelector()), NotFittedError, "not fitted"),
        (CoresetClassifier(), NotFittedError, "not fitted"),
        (ZCoreSelector, TypeError, "ZCoreSelector\\(\\).fit"),
        (LogisticRegression(), TypeError, "selects no rows"),
        ([], ValueError, "empty"),
        (np.zeros(150, bool), ValueError, "empty"),
        (np.ones(149, bool), ValueError, "149.*150 rows"),
        ([1, 150], ValueError, "row 150.*0 to 149"),
        ([-1], ValueError, "row -1"),
        ([1, 2, 1], ValueError, "row 1 twice"),
        (["a"], TypeError, "row numbers"),
        ([1.5], TypeError, "row numbers"),
    ],
)
def test_what_selects_no_rows_is_refused(selector, error, message):
    with pytest.raises(error, match=message):
        CoresetReport(selector, X)


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"images": images(149)}, "images has 149 items.*150 rows"),
        ({"images": ["a text", "another"] * 75}, "none of them is the path of an image"),
        ({"data": X[:-1]}, "149 rows.*150"),
        ({"data": "table.csv"}, "data frame"),
        ({"groups": y[:-1]}, "149 rows.*150"),
        ({"groups": "specie"}, "'specie'.*sepal length"),
        ({"layout": "tsne"}, "'tsne'"),
        ({"layout": np.zeros((150, 3))}, "\\(150, 3\\)"),
        ({"layout": np.full((150, 2), np.nan)}, "finite"),
        ({"duplicate_threshold": -1}, "duplicate_threshold"),
        ({"duplicate_threshold": "some"}, "duplicate_threshold"),
        ({"n_random": 1}, "n_random=1"),
        ({"max_thumbnails": -1}, "max_thumbnails=-1"),
    ],
)
def test_what_does_not_go_along_is_refused(changed, message):
    with pytest.raises((ValueError, TypeError), match=message):
        CoresetReport(range(15), X, **changed)


def test_other_rows_than_those_of_fit_are_refused(report):
    selector = FacilityLocationSelector(12, random_state=0).fit(X)
    with pytest.raises(ValueError, match="fitted on.*another: it has 140 rows, and fit saw 150"):
        CoresetReport(selector, X[:140])
    with pytest.raises(ValueError, match="selected rows differ"):
        CoresetReport(selector, X + 1)


def test_numbers_that_are_none_are_refused():
    values = X.to_numpy().copy()
    values[4, 2] = np.nan
    with pytest.raises(ValueError, match="NaN.*row 4, column 2"):
        CoresetReport(range(15), values)
    with pytest.raises(ValueError, match="numeric"):
        CoresetReport(range(2), np.array([["a", "b"], ["c", "d"]]))
    with pytest.raises(TypeError, match="[Ss]parse"):
        CoresetReport(range(15), OneHotEncoder().fit_transform(X))


@pytest.mark.parametrize("module", ["bokeh", "jinja2", "PIL"])
def test_a_missing_package_names_the_extra(monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(
        ImportError, match=rf"CoresetReport needs {module}.*sklearn-zcore\[report\]"
    ):
        CoresetReport(range(15), X)


@pytest.mark.parametrize("layout, package", [("umap", "umap-learn"), ("pacmap", "pacmap")])
def test_a_missing_layout_names_its_package(monkeypatch, layout, package):
    monkeypatch.setitem(sys.modules, layout, None)
    with pytest.raises(ImportError, match=package):
        CoresetReport(range(15), X, layout=layout)


@pytest.mark.slow
def test_plots_are_loaded_only_for_a_page():
    code = (
        "import sys; from sklearn_zcore import CoresetReport; "
        "print(*{'bokeh', 'jinja2', 'PIL', 'torch', 'numba'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


# --- how it is shown ------------------------------------------------------------------------------


class Elements(HTMLParser):
    """The start tags of a document."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_page_is_one_file_that_loads_nothing(report):
    elements = Elements(report.html()).found
    (policy,) = (a["content"] for _, a in elements if a.get("http-equiv"))
    assert "default-src 'none'" in policy and "unsafe-eval" not in policy
    scripts = re.search(r"script-src ([^;]*);", policy)[1]
    assert len(scripts.split()) == 2 and "unsafe-inline" not in scripts and "http" not in policy
    for tag, attributes in elements:
        assert tag not in ("iframe", "object", "embed", "base")
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "action"):
            link = attributes.get(name) or "#"
            assert link.startswith(("#", "data:")), (tag, link)
    assert len(report.html()) < 3e6


def test_sections_stand_in_order_and_only_where_they_say_something(report):
    ids = [a["id"] for tag, a in Elements(report.html()).found if tag == "section"]
    full = "summary curve map coreset missed near_duplicates outliers groups features".split()
    assert ids == [name for name in full if name in ids]
    assert "near_duplicates" in ids and "groups" in ids
    little = CoresetReport(range(100), np.random.default_rng(0).uniform(size=(100, 101)))
    ids = [a["id"] for tag, a in Elements(little.html()).found if tag == "section"]
    assert ids == ["summary", "curve", "map", "coreset"]


def test_snippet_is_a_frame_of_its_own(report):
    ((tag, attributes),) = Elements(report.html_snippet()).found
    assert tag == "iframe" and attributes["srcdoc"] == report.html()
    assert "allow-same-origin" not in attributes["sandbox"]
    bundle = report._repr_mimebundle_()
    assert bundle["text/html"] == report._repr_html_() == report.html_snippet()
    assert bundle["text/plain"] == repr(report) and "12 of 150 rows" in repr(report)


def test_json_is_the_dict(report):
    assert json.loads(report.json()) == report.to_dict()


def test_write_html(report, tmp_path):
    path = tmp_path / "report.html"
    report.write_html(path)
    assert path.read_text(encoding="utf-8") == report.html()
    path.write_text("old")
    report.write_html(str(path))
    assert path.read_text(encoding="utf-8") == report.html()
    text, binary = io.StringIO(), io.BytesIO()
    report.write_html(text)
    report.write_html(binary)
    assert text.getvalue() == binary.getvalue().decode() == report.html()
    for mode, options in (("w", {"encoding": "utf-8"}), ("wb", {})):
        with open(path, mode, **options) as file:
            report.write_html(file)
        assert path.read_text(encoding="utf-8") == report.html()
    assert os.listdir(tmp_path) == ["report.html"]


def test_a_text_file_that_is_not_utf_8_is_refused(report, tmp_path):
    with open(tmp_path / "a.html", "w", encoding="latin-1") as file:
        with pytest.raises(ValueError, match="latin-1.*utf-8"):
            report.write_html(file)


@pytest.mark.parametrize("stop", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_what_cannot_be_written_leaves_nothing(report, tmp_path, monkeypatch, stop):
    path = tmp_path / "report.html"
    path.write_text("old")

    def full(handle):
        raise stop

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(type(stop)):
        report.write_html(path)
    assert os.listdir(tmp_path) == ["report.html"] and path.read_text() == "old"


def test_a_missing_folder_is_told(report, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        report.write_html(tmp_path / "nowhere" / "report.html")


def test_open(report, monkeypatch):
    import webbrowser

    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    report.open()
    path = opened[0].removeprefix("file://")
    try:
        with builtins.open(path, encoding="utf-8") as file:
            assert file.read() == report.html()
        assert os.stat(path).st_mode & 0o077 == 0
    finally:
        os.unlink(path)
