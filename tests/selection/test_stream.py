"""partial_fit: what a stream of rows leaves, however it is cut."""

import copy
import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from scipy.spatial.distance import cdist
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

from sklearn_zcore import FacilityLocationSelector
from tests.selection.common import facility, table

N = 3000
X = table(N, 4) * [1, 2, 3, 4]


def stream(rows=X, cuts=10, **parameters):
    """Fit on the rows, given in some blocks; 512 rows of them are a block of the reduction."""
    selector = facility(**{"budget": 60, "part_size": 16, **parameters})
    for block in np.array_split(rows, cuts) if isinstance(cuts, int) else np.split(rows, cuts):
        selector.partial_fit(block)
    return selector


def mean_distance(rows, coreset):
    return cdist(rows, coreset, "cityblock").min(axis=1).mean()


# --- what is kept -------------------------------------------------------------------------------


@pytest.mark.parametrize("parameters", [{}, {"metric": "cosine"}, {"reduce_hubs": False}])
def test_cuts_do_not_matter(parameters):
    expected = stream(cuts=1, **parameters)
    for cuts in (7, [1, 2, 500, 512, 513, 2999]):
        again = stream(cuts=cuts, **parameters)
        np.testing.assert_array_equal(again.ranking_, expected.ranking_)
        np.testing.assert_array_equal(again.weights_, expected.weights_)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_workers_do_not_matter(n_jobs):
    np.testing.assert_array_equal(stream(n_jobs=n_jobs).ranking_, stream().ranking_)


@pytest.mark.parametrize("order", ["shuffled", "by feature", "by cluster"])
@pytest.mark.parametrize("budget", [0.01, 30, 0.1])
def test_the_objective_of_the_fit_on_everything(order, budget):
    """A bound for a small set of small parts; benchmarks/facility.py --stream has the figures."""
    far = np.where(np.arange(N) % 3 == 0, 6.0, -3.0)[:, None]
    rows = X + far
    by = {
        "shuffled": np.random.default_rng(1).permutation(N),
        "by feature": np.argsort(rows[:, 3]),
        "by cluster": np.argsort(far[:, 0], kind="stable"),
    }
    rows = rows[by[order]]
    whole = facility(budget=budget, part_size=16, exact=False).fit(rows)
    coreset = stream(rows, budget=budget, exact=False).transform(rows)
    assert mean_distance(rows, coreset) <= 1.05 * mean_distance(rows, whole.transform(rows))


@pytest.mark.slow
def test_no_worse_than_the_fit_where_clusters_are_as_many_as_choices():
    """Its last choices had fewer candidates than those of the fit, and it was 2 % behind."""
    rng = np.random.default_rng(0)
    cells = StandardScaler().fit_transform(load_breast_cancer().data)
    rows = cells[rng.integers(0, len(cells), 12_000)] + rng.normal(0, 0.3, (12_000, 30))
    selector = facility(budget=600, part_size=64)
    best = mean_distance(rows, selector.fit(rows).transform(rows))
    for block in np.array_split(rows, 20):
        selector.partial_fit(block)
    assert mean_distance(rows, selector.transform(rows)) <= 1.01 * best


def test_a_short_stream_is_a_fit():
    """Nothing has been let go of."""
    whole, some = facility(budget=20).fit(X[:500]), facility(budget=20)
    for block in np.array_split(X[:500], 3):
        some.partial_fit(block)
    np.testing.assert_array_equal(some.ranking_, whole.ranking_)
    np.testing.assert_array_equal(some.scores_, whole.scores_)
    np.testing.assert_array_equal(some.support_, whole.support_)
    np.testing.assert_array_equal(some.weights_, whole.weights_)
    np.testing.assert_allclose(some.gains_, whole.gains_)


@pytest.mark.slow
def test_a_number_of_rows_bounds_the_memory():
    def peak(n_blocks):
        selector = facility(budget=20, part_size=16)
        selector.partial_fit(table(512, 50)).partial_fit(table(512, 50, seed=1))
        tracemalloc.start()
        for seed in range(n_blocks):
            selector.partial_fit(table(512, 50, seed=seed))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found, selector.ranking_.size

    (short, n_short), (long, n_long) = peak(4), peak(20)
    assert long < 1.2 * short and max(n_short, n_long) <= 1024


def test_a_fraction_grows_with_the_stream():
    selector = stream(budget=0.1)
    assert selector.n_selected_ == 300
    assert selector.partial_fit(X).n_selected_ == 600


def test_copies_are_merged():
    rows = np.tile(X[:100], (30, 1))
    selector = stream(rows, budget=50)
    assert np.unique(rows[selector.indices_], axis=0).shape[0] == 50
    assert selector.weights_.sum() == pytest.approx(N)


def test_weights_are_copies():
    """Each row three times, or of weight 3."""
    weighted = facility(budget=20, part_size=16, random_state=1)
    weights = np.random.default_rng(0).integers(1, 4, N).astype(float)
    for block, own in zip(np.array_split(X, 5), np.array_split(weights, 5), strict=True):
        weighted.partial_fit(block, sample_weight=own)
    assert weighted.weights_.sum() == pytest.approx(weights.sum(), rel=1e-5)
    heavy = np.where(np.arange(N) == 1500, 1e6, 1.0)
    chosen = facility(budget=3, part_size=16)
    chosen.partial_fit(X[:2000], sample_weight=heavy[:2000]).partial_fit(X[2000:])
    assert 1500 in chosen.indices_


def test_a_block_that_does_not_count():
    selector = facility(budget=3, part_size=16)
    selector.partial_fit(X[:1000] + 1000, sample_weight=np.zeros(1000)).partial_fit(X[1000:])
    assert selector.indices_.min() >= 1000


# --- what a stream is asked ---------------------------------------------------------------------


def test_attributes_count_over_the_whole_stream():
    selector = stream()
    assert selector.n_samples_seen_ == N == selector.support_.size == selector.scores_.size
    assert selector.n_selected_ == 60 == selector.indices_.size == selector.support_.sum()
    kept = selector.ranking_
    assert 60 <= kept.size < N and np.unique(kept).size == kept.size and kept.max() < N
    assert set(selector.indices_) == set(kept[:60])
    np.testing.assert_array_equal(np.argsort(-selector.scores_, kind="stable")[: kept.size], kept)
    np.testing.assert_array_equal(selector.transform(X), X[selector.indices_])
    np.testing.assert_array_equal(selector.select(np.arange(N)), selector.indices_)
    np.testing.assert_array_equal(selector.get_support(), selector.support_)
    expected = -cdist(X, X[selector.indices_]).min(axis=1).mean()
    assert selector.score(X) == pytest.approx(expected)
    assert selector.weights_.sum() == pytest.approx(N) and selector.gains_.size == 60
    nearest = cdist(X[:9], X[selector.indices_]).argmin(axis=1)
    np.testing.assert_array_equal(selector.assign(X[:9]), selector.indices_[nearest])
    assert selector.count_represented(selector.indices_[:5]).sum() == pytest.approx(N)


def test_other_rows_than_those_of_the_stream():
    selector = stream()
    with pytest.raises(ValueError, match="this X is another: it has 2999 rows, and fit saw 3000"):
        selector.transform(X[1:])
    with pytest.raises(ValueError, match="this X is another: .* of the 60 selected rows differ"):
        selector.transform(X[::-1])
    with pytest.raises(ValueError, match="Array 1 has 5 rows, and .* fitted on 3000"):
        selector.select(np.arange(5))
    gone = np.setdiff1d(np.arange(N), selector.ranking_)
    with pytest.raises(ValueError, match=f"Row {gone[0]} of the stream has not been kept"):
        selector.count_represented(gone[:1])


def test_set_budget_goes_as_far_as_rows_are_kept():
    selector = stream()
    ranking = selector.ranking_
    selector.set_budget(100)
    assert set(selector.indices_) == set(ranking[:100]) and selector.support_.sum() == 100
    assert selector.score(X) > stream().score(X)
    assert selector.set_budget("1%").n_selected_ == 30
    with pytest.raises(ValueError, match="budget=2900 is 2900 rows, and .* has ranked .* a stream"):
        selector.set_budget(2900)
    assert selector.n_selected_ == 30


def test_a_larger_budget_than_rows_are_kept():
    selector = stream().set_params(budget=2900)
    with pytest.raises(ValueError, match="budget=2900 is 2900 rows, and .* of the stream are kept"):
        _ = selector.indices_
    assert selector.set_params(budget=60).n_selected_ == 60


def test_the_stream_goes_on_after_a_question_and_a_pickle():
    selector = stream(X[:1700])
    assert selector.n_selected_ == 60
    for copied in (pickle.loads(pickle.dumps(selector)), copy.deepcopy(selector)):
        copied.partial_fit(X[1700:])
        np.testing.assert_array_equal(copied.ranking_, stream().ranking_)
    again = pickle.loads(pickle.dumps(stream()))
    np.testing.assert_array_equal(again.weights_, stream().weights_)
    assert not hasattr(clone(selector), "ranking_")


def test_arrays_may_be_filled_again():
    selector, buffer = facility(budget=60, part_size=16), np.empty((100, 4))
    for block in np.array_split(X, 30):
        buffer[:] = block
        selector.partial_fit(buffer)
    np.testing.assert_array_equal(selector.ranking_, stream().ranking_)


def test_fit_ends_the_stream():
    selector = stream()
    _ = selector.scores_
    selector.fit(X[:200], selected=[1, 2])
    assert selector.ranking_.size == 200 and not hasattr(selector, "n_samples_seen_")
    np.testing.assert_array_equal(
        selector.ranking_, facility(budget=60, part_size=16).fit(X[:200], selected=[1, 2]).ranking_
    )
    np.testing.assert_array_equal(selector.partial_fit(X).ranking_, stream(cuts=1).ranking_)


# --- what may come ------------------------------------------------------------------------------


def test_frames():
    frame = pd.DataFrame(X, columns=list("abcd"))
    selector = facility(budget=60, part_size=16)
    for first in range(0, N, 700):
        selector.partial_fit(frame.iloc[first : first + 700])
    np.testing.assert_array_equal(selector.ranking_, stream().ranking_)
    assert selector.feature_names_in_.tolist() == list("abcd")
    assert selector.transform(frame).index.tolist() == selector.indices_.tolist()


def test_sparse_rows():
    rows = csr_array(np.where(np.abs(X) > 1, X, 0) + [9, 0, 0, 0])
    selector = facility(budget=60, part_size=16, metric="cosine")
    for first in range(0, N, 700):
        selector.partial_fit(rows[first : first + 700])
    assert selector.transform(rows).shape == (60, 4) and selector.score(rows) < 0


def test_large_integers_keep_their_digits():
    seconds = np.random.default_rng(0).integers(0, 86_400, (N, 2))
    ids = 2**62 + seconds
    np.testing.assert_array_equal(stream(ids).ranking_, stream(seconds).ranking_)


def test_single_rows():
    selector = facility(budget=1)
    for row in X[:5]:
        selector.partial_fit(row[None])
    assert selector.n_samples_seen_ == 5 and selector.n_selected_ == 1


def test_equal_rows():
    selector = facility(budget=1, part_size=16).partial_fit(np.ones((700, 3)))
    for more in (0, 700):
        with pytest.raises(ValueError, match=r"All 3 .* constant"):
            _ = selector.ranking_
        selector.partial_fit(np.ones((more + 1, 3)))
    assert selector.partial_fit(np.zeros((1, 3))).n_selected_ == 1


def test_fewer_rows_than_the_budget():
    selector = facility(budget=50).partial_fit(X[:20])
    with pytest.raises(ValueError, match="budget=50 is more than the n_samples = 20 rows"):
        _ = selector.ranking_
    assert selector.partial_fit(X[20:80]).n_selected_ == 50


@pytest.mark.parametrize(
    "bad, says",
    [
        (np.full((3, 4), np.nan), "NaN"),
        (np.ones((3, 5)), "X has 5 features, but .* is expecting 4 features"),
        (np.empty((0, 4)), "minimum of 1 is required"),
    ],
)
def test_a_bad_block_leaves_the_stream_as_it_was(bad, says):
    selector = stream(X[:1700])
    with pytest.raises(ValueError, match=says):
        selector.partial_fit(bad)
    selector.partial_fit(X[1700:])
    np.testing.assert_array_equal(selector.ranking_, stream().ranking_)


def test_a_bad_row_is_numbered_within_its_block_and_the_message_says_where_that_begins():
    selector, block = stream(X[:1700]), X[:9].copy()
    block[7, 2] = np.nan
    with pytest.raises(ValueError, match="the first is in row 7, column 2") as found:
        selector.partial_fit(block)
    assert "whose first is row 1,700 of the stream" in found.value.__notes__[0]


@pytest.mark.parametrize(
    "parameters", [{"exact": True}, {"min_distance": 0.5}, {"group_budget": "equal"}]
)
def test_what_needs_all_rows(parameters):
    (name,) = parameters
    with pytest.raises(ValueError, match=f"{name}=.* needs all rows at once"):
        facility(**parameters).partial_fit(X)


def test_parameters_do_not_change_in_the_middle():
    selector = stream().set_params(metric="euclidean")
    with pytest.raises(ValueError, match=r"changed in the middle of a stream.* clone"):
        selector.partial_fit(X)
    with pytest.raises(ValueError, match="Negative"):
        stream().partial_fit(X[:2], sample_weight=[-1, 1])


def test_only_facility_location_takes_streams():
    """ZCore scores rows against all others in a subspace: it has no stream."""
    from sklearn_zcore import ZCoreSelector

    assert hasattr(FacilityLocationSelector, "partial_fit")
    assert not hasattr(ZCoreSelector, "partial_fit")
