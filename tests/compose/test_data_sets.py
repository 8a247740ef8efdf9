"""Data sets of other libraries as X: embedded for the selector, cut for the estimator."""

import datasets
import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_zcore import (
    CoresetClassifier,
    CoresetRegressor,
    CoresetSampler,
    FoundationEmbedder,
    RandomSelector,
)
from tests.compose.common import Never
from tests.embedding import tiny

N = 24
LABELS = np.resize([0, 1], N)


class Colours(TransformerMixin, BaseEstimator):
    """Embed the images of a data set as their mean colours."""

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def transform(self, X):
        return np.array([np.asarray(X[i]["image"]).mean(axis=(0, 1)) for i in range(len(X))])


class Pictures(torch.utils.data.Dataset):
    def __init__(self, data):
        self.data = data

    def __len__(self):
        return len(self.data)

    def __getitem__(self, i):
        return self.data[i]


@pytest.fixture(scope="module")
def data():
    """Return a Hugging Face data set of images, whose classes differ in colour."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 100, (N, 32, 32, 3), dtype=np.uint8)
    pixels[LABELS == 1] += 100
    images = [Image.fromarray(image) for image in pixels]
    return datasets.Dataset.from_dict({"image": images, "label": LABELS.tolist()})


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny.save("resnet", tmp_path_factory.mktemp("resnet"))


def random():
    return RandomSelector(12, random_state=0)


def test_images_of_hugging_face_by_a_foundation_embedder(data, model, tmp_path):
    embedder = FoundationEmbedder(model, column="image", cache_dir=tmp_path)
    classifier = CoresetClassifier(
        make_pipeline(embedder, LogisticRegression(max_iter=1000)), random(), embedder
    )
    classifier.fit(data, data["label"])
    rows = classifier.coreset_indices_
    embedding = embedder.transform(data)
    by_hand = LogisticRegression(max_iter=1000).fit(embedding[rows], LABELS[rows])
    np.testing.assert_array_equal(classifier.predict(data), by_hand.predict(embedding))


@pytest.mark.parametrize("kind", ["datasets", "torch"])
def test_selected_rows_reach_the_estimator_as_a_data_set(data, kind):
    X = data if kind == "datasets" else Pictures(data)
    classifier = CoresetClassifier(
        make_pipeline(Colours(), LogisticRegression()), random(), Colours(), weighting="voronoi"
    )
    assert classifier.fit(X, data["label"]).score(X, LABELS) == 1
    regressor = CoresetRegressor(make_pipeline(Colours(), Ridge()), random(), Colours())
    assert regressor.fit(X, LABELS.astype(float)).score(X, LABELS) > 0.5
    rows, labels = CoresetSampler(random(), Colours()).fit_resample(X, data["label"])
    assert isinstance(rows, datasets.Dataset if kind == "datasets" else torch.utils.data.Subset)
    assert [rows[i]["label"] for i in range(12)] == list(labels)


def test_an_estimator_of_numbers_is_refused_before_the_embedding(data):
    for X in (data, Pictures(data)):
        for estimator in (CoresetClassifier(), CoresetRegressor()):
            estimator.set_params(embedder=Never())
            with pytest.raises(TypeError, match=r"Dataset|Pictures.*make_pipeline\(embedder, "):
                estimator.fit(X, LABELS)


def test_without_an_embedder_the_selector_says_what_it_needs(data):
    model = make_pipeline(Colours(), LogisticRegression())
    with pytest.raises(
        TypeError, match="Column 'image' of X holds .*, and real numbers are needed"
    ):
        CoresetClassifier(model).fit(data, LABELS)
    drawn = CoresetClassifier(model, random()).fit(data, LABELS)  # reads no rows
    assert drawn.selector_.n_selected_ == 12


def test_cross_validation_takes_rows_by_number(data):
    """Searches cut X themselves: by the numbers of the rows they cut any data set."""
    rows = np.arange(N)[:, None]

    class ByNumber(Colours):
        def transform(self, X):
            return super().transform(data.select(X[:, 0]))

    classifier = CoresetClassifier(
        make_pipeline(ByNumber(), LogisticRegression()), random(), ByNumber()
    )
    assert cross_val_score(classifier, rows, LABELS, cv=2, error_score="raise").mean() == 1
