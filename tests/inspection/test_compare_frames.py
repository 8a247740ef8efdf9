"""Tables in a comparison: prepared in each fold, by the one preparation there is."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB

from sklearn_zcore import TablePreparation, compare_selectors

N = 90
Y = np.resize(["ash", "elm", "oak"], N)


def messy():
    """Return a table with numbers in text, categories, and holes."""
    rng = np.random.default_rng(0)
    place = np.unique(Y, return_inverse=True)[1]
    height = 10.0 * place + rng.standard_normal(N)
    return pd.DataFrame(
        {
            "price": [f"${1000 + value:,.2f}" for value in height],
            "height": np.where(np.arange(N) % 11 == 0, np.nan, height),
            "site": np.where(rng.random(N) < 0.2, None, np.resize(["north", "south"], N)),
        }
    )


def compare(X, **parameters):
    fast = {"estimators": GaussianNB(), "cv": 3, "n_repeats": 1}
    return compare_selectors("facility-location", X, Y, ["20%", 9], **{**fast, **parameters})


def test_a_frame_as_it_is():
    found = compare(messy())
    assert found.full_score() > 0.9
    assert found.n_features == 5  # price, height, and three kinds of sites
    assert any("price" in note for note in found.preparation_notes)
    same = compare(messy(), preparation=TablePreparation())
    pd.testing.assert_frame_equal(found.to_frame(), same.to_frame())


def test_the_numbers_are_those_of_the_training_rows():
    """Held-out rows that are far out would scale all others, if they were looked at."""
    frame = messy()
    folds = list(StratifiedKFold(3, shuffle=True, random_state=0).split(frame, Y))
    train, test = folds[0]
    frame.loc[test, "height"] *= 1e6
    found = compare(frame, cv=[(train, test)])
    preparation = TablePreparation().fit(frame.iloc[train])
    by_hand = compare(preparation.transform(frame), cv=[(train, test)])
    pd.testing.assert_frame_equal(found.to_frame(), by_hand.to_frame())
    leaking = compare(clone(preparation).fit_transform(frame), cv=[(train, test)])
    assert not leaking.to_frame().equals(found.to_frame())


@pytest.mark.parametrize("kind", ["polars", "pyarrow"])
def test_frames_of_other_packages(kind):
    frame = messy()
    if kind == "polars":
        import polars

        other = polars.DataFrame(frame.to_dict(orient="list"), strict=False)
        other = other.with_columns(polars.col("height").fill_nan(None))
    else:
        import pyarrow

        other = pyarrow.Table.from_pandas(frame, preserve_index=False)
    pd.testing.assert_frame_equal(compare(other).to_frame(), compare(frame).to_frame())
