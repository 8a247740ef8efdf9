"""The nearest point and its distance, against SciPy on the whole matrix."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from sklearn_zcore.rows import ArraySource, cover, euclidean_to


@pytest.mark.parametrize("rows_at_once", [1, 7, 1000])
@pytest.mark.parametrize("offset", [0, 1.7e9])
def test_nearest_and_distance(rows_at_once, offset):
    rng = np.random.default_rng(0)
    X, points = rng.standard_normal((90, 3)) + offset, rng.standard_normal((11, 3)) + offset
    found = cover(ArraySource(X), euclidean_to(points), rows_at_once=rows_at_once)
    distances = cdist(X, points)
    np.testing.assert_array_equal(found.nearest, distances.argmin(axis=1))
    np.testing.assert_allclose(found.distance, distances.min(axis=1), rtol=1e-6)


def test_integers_and_one_point():
    found = cover(ArraySource(np.array([[0], [3]])), euclidean_to(np.array([[1]])))
    assert found.nearest.tolist() == [0, 0] and found.distance.tolist() == [1, 2]
