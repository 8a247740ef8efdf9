"""set_output: the container asked for, whatever came in, with the selected rows' index."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.selection.common import SELECTORS, table, zcore

X = table()
NAMES = ["a", "b", "c", "d"]
INDEX = [f"row {i}" for i in range(60)]
INPUTS = {
    "array": X,
    "list": X.tolist(),
    "pandas": pd.DataFrame(X, columns=NAMES, index=INDEX),
    "polars": pl.DataFrame(X, schema=NAMES),
}


@pytest.mark.parametrize("fitted_on", INPUTS)
@pytest.mark.parametrize("given", INPUTS)
@pytest.mark.parametrize("wanted", ["pandas", "polars"])
@pytest.mark.parametrize("make", SELECTORS)
@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names")
def test_every_combination(make, fitted_on, given, wanted):
    selector = make().set_output(transform=wanted).fit(INPUTS[fitted_on])
    rows = selector.transform(INPUTS[given])
    assert isinstance(rows, pd.DataFrame if wanted == "pandas" else pl.DataFrame)
    assert list(rows.columns) == list(selector.get_feature_names_out())
    np.testing.assert_array_equal(rows.to_numpy(), X[selector.indices_])
    if given == wanted == "pandas":
        assert list(rows.index) == [INDEX[i] for i in selector.indices_]


@pytest.mark.parametrize("given", INPUTS)
@pytest.mark.parametrize("make", SELECTORS)
def test_global_configuration_and_fit_transform(make, given):
    with sklearn.config_context(transform_output="pandas"):
        rows = make().fit_transform(INPUTS[given])
    assert isinstance(rows, pd.DataFrame) and rows.shape == (18, 4)


@pytest.mark.parametrize("given", INPUTS)
def test_default_keeps_the_container(given):
    rows = zcore().set_output(transform="default").fit_transform(INPUTS[given])
    expected = np.ndarray if given == "list" else type(INPUTS[given])
    assert type(rows) is expected


def test_the_input_frame_keeps_its_names():
    data = INPUTS["pandas"].copy()
    selector = zcore().set_output(transform="pandas").fit(X)
    with pytest.warns(UserWarning, match="feature names"):
        rows = selector.transform(data)
    assert list(rows.columns) == ["x0", "x1", "x2", "x3"]
    pd.testing.assert_frame_equal(data, INPUTS["pandas"])


def test_pipeline_of_frames():
    pipeline = make_pipeline(StandardScaler(), zcore()).set_output(transform="pandas")
    rows = pipeline.fit_transform(INPUTS["pandas"])
    assert list(rows.columns) == NAMES
    assert list(rows.index) == [INDEX[i] for i in pipeline[-1].indices_]
