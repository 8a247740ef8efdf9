"""Every figure of the report, against the same figure computed in another way."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import ks_2samp
from sklearn.datasets import load_wine, make_blobs
from sklearn.preprocessing import StandardScaler

from sklearn_zcore import CoresetReport, FacilityLocationSelector, ZCoreSelector


@pytest.fixture(scope="module")
def wine():
    X, y = load_wine(return_X_y=True, as_frame=True)
    return StandardScaler().set_output(transform="pandas").fit_transform(X), y


@pytest.fixture(scope="module")
def selector(wine):
    return FacilityLocationSelector(0.1, random_state=0).fit(wine[0])


@pytest.fixture(scope="module")
def figures(wine, selector):
    X, y = wine
    frame = X.assign(colour=np.where(X["hue"] > 0, "red", "white"), cultivar=y.astype(str))
    return CoresetReport(selector, X, data=frame, groups=["cultivar", "colour"]).to_dict()


def distances(X, rows):
    return cdist(X, np.asarray(X)[rows]).min(axis=1)


def test_coverage(wine, selector, figures):
    X = wine[0].to_numpy()
    found, d = figures["summary"]["coverage"], distances(X, selector.indices_)
    assert found["n_selected"] == 17 and found["is_complete"]
    np.testing.assert_allclose(
        [found["mean"], found["p95"], found["max"]], [d.mean(), np.percentile(d, 95), d.max()]
    )
    assert found["mean"] == pytest.approx(-selector.score(wine[0]))


def test_random_draws(wine, figures):
    X, rng = wine[0].to_numpy(), np.random.default_rng(123)
    draws = [distances(X, rng.permutation(178)[:17]).mean() for _ in range(400)]
    found = figures["summary"]["random"]
    assert found["n_draws"] == 10
    assert abs(found["mean"] - np.mean(draws)) < 4 * np.std(draws) / np.sqrt(10)
    assert np.std(draws) / 3 < found["std"] < 3 * np.std(draws)
    assert found["compared_mean"] == pytest.approx(figures["summary"]["coverage"]["mean"])
    assert found["closer_by"] == pytest.approx(1 - found["compared_mean"] / found["mean"])


def test_curve(wine, selector, figures):
    X, curve = wine[0].to_numpy(), figures["curve"]
    sizes = curve["sizes"]
    assert sizes[0] == 1 and sizes[-1] == 34 and curve["n_selected"] == 17 in sizes
    for size in (1, 9, 17, 34):
        d = distances(X, selector.ranking_[:size])
        at = sizes.index(size)
        assert curve["mean"][at] == pytest.approx(d.mean())
        assert curve["p95"][at] == pytest.approx(np.percentile(d, 95))
    low, mean, high = (np.array(curve[f"random_{name}"]) for name in ("low", "mean", "high"))
    assert (low <= mean).all() and (mean <= high).all() and (low < high).any()
    assert mean[sizes.index(17)] == pytest.approx(figures["summary"]["random"]["mean"])


def test_curve_bends_at_the_number_of_clusters():
    X, _ = make_blobs(600, 5, centers=12, cluster_std=0.05, random_state=0)
    found = CoresetReport(FacilityLocationSelector(60, random_state=0).fit(X), X).to_dict()
    assert 9 <= found["curve"]["flattens_at"] <= 16


def test_what_rows_stand_for(wine, selector, figures):
    X = wine[0].to_numpy()
    coreset = selector.ranking_[:17]
    to_coreset = cdist(X, X[coreset])
    nearest = to_coreset.argmin(axis=1)
    cards = figures["coreset"]["rows"]
    assert [card["row"] for card in cards] == coreset.tolist()
    assert [card["rank"] for card in cards] == list(range(1, 18))
    assert [card["stands_for"] for card in cards] == np.bincount(nearest, minlength=17).tolist()
    for place, card in enumerate(cards):
        assert card["score"] == selector.scores_[card["row"]]
        own = np.flatnonzero(nearest == place)
        own = own[own != card["row"]]
        own = own[np.argsort(to_coreset[own, place], kind="stable")][:6]
        assert [near["row"] for near in card["nearest"]] == own.tolist()
        np.testing.assert_allclose(
            [near["distance"] for near in card["nearest"]], to_coreset[own, place]
        )


def test_missed(wine, selector, figures):
    X = wine[0].to_numpy()
    to_coreset = cdist(X, X[selector.indices_])
    d = to_coreset.min(axis=1)
    farthest = np.argsort(-d, kind="stable")[:24]
    missed = figures["missed"]["rows"]
    assert [row["row"] for row in missed] == farthest.tolist()
    np.testing.assert_allclose([row["distance"] for row in missed], d[farthest])
    nearest = selector.indices_[to_coreset[farthest].argmin(axis=1)]
    assert [row["nearest"]["row"] for row in missed] == nearest.tolist()


def groups_within(X, threshold):
    """Return groups of rows joined by distances up to a threshold, by plain search."""
    near, left, groups = cdist(X, X) <= threshold, set(range(len(X))), []
    while left:
        group, new = set(), {left.pop()}
        while new:
            group |= new
            new = {int(j) for i in new for j in np.flatnonzero(near[i])} - group
        left -= group
        if len(group) > 1:
            groups.append(sorted(group))
    return sorted(groups, key=lambda rows: (-len(rows), rows[0]))


@pytest.mark.parametrize("threshold", ["auto", 0, 0.5])
def test_near_duplicates(threshold):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6)) * 10 + 1e6
    X[50:60] = X[:10]  # copies
    X[100:120] = X[20:40] + rng.normal(size=(20, 6)) * 0.05
    X[200:203] = X[:3]  # copies of copies
    selector = FacilityLocationSelector(295, random_state=0).fit(X)
    found = CoresetReport(selector, X, duplicate_threshold=threshold).to_dict()["near_duplicates"]
    if threshold == "auto":
        between = cdist(X, X)
        between[(X[:, None] == X).all(axis=2)] = np.inf
        first = np.unique(X, axis=0, return_index=True)[1]
        threshold = 0.1 * np.median(between.min(axis=1)[first])
        assert found["threshold"] == pytest.approx(threshold)
    # Rounding must not join or part anything: the planted distances are far from all three.
    expected = groups_within(X, threshold)
    kept = [sum(bool(selector.support_[row]) for row in group) for group in expected]
    assert found["is_complete"]
    assert found["n_groups"] == len(expected) and found["n_exact"] == 13
    assert found["n_rows"] == sum(map(len, expected))
    assert found["n_labels_saved"] == found["n_rows"] - found["n_groups"]
    assert found["n_spare_in_coreset"] == sum(max(0, n - 1) for n in kept) > 0
    assert [sorted(row["row"] for row in group["rows"]) for group in found["groups"]] == expected
    assert [group["n_selected"] for group in found["groups"]] == kept
    for group in found["groups"]:
        assert group["is_exact"] == (
            len(np.unique(X[[r["row"] for r in group["rows"]]], axis=0)) == 1
        )
        assert all(row["selected"] == bool(selector.support_[row["row"]]) for row in group["rows"])


@pytest.mark.slow
def test_a_dense_heap_is_one_group():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(2500, 3)) * 1e-6, rng.normal(size=(2600, 3)) * 100])
    selector = FacilityLocationSelector(50, random_state=0).fit(X)
    report = CoresetReport(selector, X, duplicate_threshold=0.01)
    groups = report.to_dict()["near_duplicates"]["groups"]
    assert groups[0]["n_rows"] == 2500


def test_outliers():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    X[:4] = [[40, 0, 0], [0, 50, 0], [0, 0, 60], [0, 0, 60]]  # the last two are copies
    between = cdist(X, X)
    np.fill_diagonal(between, np.inf)
    apart = between.min(axis=1)
    distinct = np.delete(apart, [2, 3])
    distinct = np.append(distinct, np.sort(between[2])[1])
    lower, upper = np.percentile(distinct, [25, 75])
    threshold = upper + 3 * (upper - lower)
    selector = FacilityLocationSelector(20, random_state=0).fit(X)
    found = CoresetReport(selector, X).to_dict()["outliers"]
    assert found["threshold"] == pytest.approx(threshold)
    expected = [row for row in np.argsort(-apart) if apart[row] > threshold]
    assert [row["row"] for row in found["rows"]] == expected and set(expected) >= {0, 1}
    assert not {2, 3} & set(expected)
    np.testing.assert_allclose([row["distance"] for row in found["rows"]], apart[expected])
    assert found["n_selected"] == sum(selector.support_[row] for row in expected)


def test_groups(wine, selector, figures):
    frame = pd.DataFrame({"cultivar": wine[1].astype(str), "selected": selector.support_})
    share = frame["cultivar"].value_counts(normalize=True)
    own = frame[frame["selected"]]["cultivar"].value_counts(normalize=True)
    cultivar, colour = figures["groups"]
    assert cultivar["column"] == "cultivar" and colour["column"] == "colour"
    gaps = []
    for group in cultivar["groups"]:
        name = group["group"]
        assert group["share"] == pytest.approx(share[name])
        assert group["share_selected"] == pytest.approx(own.get(name, 0))
        assert group["gap"] == pytest.approx(own.get(name, 0) - share[name])
        gaps.append(abs(group["gap"]))
    assert gaps == sorted(gaps, reverse=True) and len(gaps) == 3
    assert cultivar["total_variation"] == pytest.approx(sum(gaps) / 2)


def test_groups_with_no_row(wine, selector):
    names = np.full(178, "seen", dtype=object)
    unseen = np.flatnonzero(~selector.support_)
    names[unseen[:2]], names[unseen[2:7]], names[unseen[7]] = "a", "b", None
    found = CoresetReport(selector, wine[0], groups=names).to_dict()
    (column,) = found["groups"]
    assert column["absent"] == [
        {"group": "b", "n_rows": 5},
        {"group": "a", "n_rows": 2},
        {"group": "(missing)", "n_rows": 1},
    ]
    assert any("3 groups of groups have no row" in text for text in found["summary"]["warnings"])


def test_features(wine, selector, figures):
    X, columns = wine[0], {f["column"]: f for f in figures["features"]["columns"]}
    assert list(columns) == sorted(columns, key=lambda name: -columns[name]["distance"])
    for name in X:
        expected = ks_2samp(X[name], X[name][selector.support_]).statistic
        assert columns[name]["distance"] == pytest.approx(expected)
        bars = columns[name]["bars"]
        assert sum(bar["share"] for bar in bars) == pytest.approx(1)
        assert sum(bar["share_selected"] for bar in bars) == pytest.approx(1)
    red = X["hue"] > 0
    expected = abs(red.mean() - red[selector.support_].mean())
    assert columns["colour"]["distance"] == pytest.approx(expected)
    assert columns["colour"]["measure"] == "total variation"


def test_features_of_every_kind(wine, selector):
    n, rng = 178, np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "holes": np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)),
            "date": pd.date_range("2020-01-01", periods=n),
            "flag": rng.random(n) < 0.5,
            "mixed": [1, "a", None] * 59 + [2.5],
            "Int": pd.array([None, *range(n - 1)], dtype="Int64"),
            "id": [f"row {i}" for i in range(n)],
            "empty": np.nan,
            "constant": 7,
        }
    )
    found = CoresetReport(selector, wine[0], data=frame).to_dict()["features"]
    columns = {f["column"]: f for f in found["columns"]}
    present = frame["holes"].notna()
    expected = ks_2samp(frame["holes"][present], frame["holes"][present & selector.support_])
    assert columns["holes"]["distance"] == pytest.approx(expected.statistic)
    assert columns["holes"]["missing"] == pytest.approx(1 - present.mean())
    days = frame["date"].astype("int64")
    expected = ks_2samp(days, days[selector.support_]).statistic
    assert columns["date"]["distance"] == pytest.approx(expected)
    assert columns["Int"]["kind"] == "number" and columns["flag"]["kind"] == "category"
    assert columns["constant"]["distance"] == 0
    assert [skipped["column"] for skipped in found["skipped"]] == ["id", "empty"]


def test_map(wine, selector, figures):
    from sklearn.decomposition import PCA

    shown = figures["map"]
    expected = PCA(2).fit_transform(wine[0])
    assert shown["rows"] == list(range(178)) and shown["is_complete"]
    for place, name in enumerate("xy"):
        assert abs(np.corrcoef(shown[name], expected[:, place])[0, 1]) == pytest.approx(1)
    coreset = [row for row, role in zip(shown["rows"], shown["role"], strict=True) if role == 3]
    assert coreset == selector.indices_.tolist()
    ranks = np.zeros(178, int)
    ranks[selector.ranking_[:17]] = np.arange(1, 18)
    assert shown["rank"] == ranks.tolist() and shown["score"] == selector.scores_.tolist()


def test_stability_is_that_of_zcore(wine):
    selector = ZCoreSelector(0.2, n_iter=200_000, tol=0, random_state=0).fit(wine[0])
    summary = CoresetReport(selector, wine[0]).to_dict()["summary"]
    assert summary["stability"] == selector.stability_
    assert summary["selector"]["parameters"]["n_iter"] == 200_000
    assert "ZCoreSelector(" in summary["call"]


def test_worse_than_random_is_told(wine):
    X = wine[0].to_numpy()
    farthest = np.argsort(-np.linalg.norm(X, axis=1))[:10]
    warnings = CoresetReport(farthest, X).to_dict()["summary"]["warnings"]
    assert any("worse than random draws" in text for text in warnings)


@pytest.mark.slow
def test_large_tables_are_sampled_and_say_so(monkeypatch):
    """With little time allowed, figures over samples are near the exact ones."""
    from sklearn_zcore.inspection.report import _coverage, _layout, _neighbours

    rng = np.random.default_rng(0)
    X = rng.normal(size=(6000, 8)).astype(np.float32)
    X[:5] *= 20  # far from all
    X[100:150] = X[200:250] + 1e-3
    X[300:310] = X[400:410]
    selector = FacilityLocationSelector(300, random_state=0).fit(X)
    exact = CoresetReport(selector, X).to_dict()
    for name in ("_ASSIGN_COST", "_CURVE_COST", "_BOUND_COST", "_CANDIDATE_COST"):
        monkeypatch.setattr(_coverage, name, 5e6)
    monkeypatch.setattr(_neighbours, "_ALL_PAIRS_COST", 1e6)
    monkeypatch.setattr(_layout, "_MOST_POINTS", 1000)
    monkeypatch.setattr(_layout, "_MOST_CORESET", 200)
    report = CoresetReport(selector, X)
    rough = report.to_dict()
    assert exact["summary"]["coverage"]["n_rows"] == 6000
    assert rough["summary"]["coverage"]["n_rows"] == 2083
    assert not rough["summary"]["coverage"]["is_complete"]
    for key in ("mean", "p95"):
        a, b = (found["summary"]["coverage"][key] for found in (exact, rough))
        assert b == pytest.approx(a, rel=0.05)
    assert rough["curve"]["n_rows"] == 1000 and not rough["curve"]["is_complete"]
    for key in ("missed", "outliers"):
        a, b = ([row["row"] for row in found[key]["rows"]] for found in (exact, rough))
        assert set(a[:4]) <= set(b), key
    a, b = exact["near_duplicates"], rough["near_duplicates"]
    assert b["n_exact"] == a["n_exact"] == 10 and not b["is_complete"]
    assert b["n_groups"] >= 58
    assert len(rough["map"]["rows"]) == 1000 and not rough["map"]["is_complete"]
    page = report.html()
    for text in (
        "2,083 sampled rows",
        "1,000 rows drawn at random",
        "1,000 of 6,000 rows",
        "hashing",
    ):
        assert text in page, text


@pytest.mark.slow
def test_near_pairs_are_found_by_hashing():
    from sklearn_zcore.inspection.report._hashing import near_pairs

    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 16))
    step = rng.normal(size=(1000, 16))
    step *= 0.2 / np.linalg.norm(step, axis=1, keepdims=True)  # all at the threshold, nearly
    X[10_000:11_000] = X[:1000] + step * 0.999
    a, b = near_pairs(X, np.arange(20_000), 0.2, rng)
    found = set(zip(a.tolist(), b.tolist(), strict=True))
    planted = {(i, i + 10_000) for i in range(1000)}
    assert len(found & planted) > 950
    assert all(np.linalg.norm(X[i] - X[j]) <= 0.2 for i, j in found)


@pytest.mark.parametrize(
    "dtype, scale",
    [("float16", 1), ("float32", 1), ("float32", 1e20), ("int8", 20), ("uint64", 1e3), (">f8", 1)],
)
def test_numbers_of_every_type(dtype, scale):
    X = (np.abs(np.random.default_rng(0).normal(size=(300, 5)) + 5) * scale).astype(dtype)
    found = CoresetReport(range(30), X).to_dict()
    d = distances(X.astype(float), np.arange(30))
    assert found["summary"]["coverage"]["mean"] == pytest.approx(d.mean())
    curve = found["curve"]
    assert curve["mean"][-1] == pytest.approx(d.mean())
    assert curve["p95"][-1] == pytest.approx(np.percentile(d, 95))


def test_numbers_that_are_too_large_are_refused():
    with pytest.raises(ValueError, match="1e\\+200.*StandardScaler"):
        CoresetReport([0], np.array([[0.0], [1e200]]))


def test_round_trip(figures):
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures


@pytest.mark.parametrize("shape", [(2, 1), (3, 1), (5, 2), (2, 5)])
def test_tiny(shape):
    X = np.random.default_rng(0).normal(size=shape)
    for budget in (1, shape[0]):
        report = CoresetReport(FacilityLocationSelector(budget, random_state=0).fit(X), X)
        json.dumps(report.to_dict(), allow_nan=False)
        assert "<h1>" in report.html()


def test_all_rows_equal():
    report = CoresetReport([3], np.ones((6, 2)))
    found = report.to_dict()
    assert found["summary"]["coverage"]["mean"] == 0 and found["missed"]["rows"] == []
    assert found["near_duplicates"]["n_rows"] == 6
    assert "All rows are the same" in report.html()
