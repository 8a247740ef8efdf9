import numpy as np
import scipy.linalg.blas
from threadpoolctl import threadpool_info, threadpool_limits

from sklearn_zcore._blas import one_blas_thread


def threads():
    return {
        library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
    }


def test_one_thread_and_back():
    """NumPy's library and SciPy's, which are two."""
    np.ones((2, 2)) @ np.ones((2, 2))
    scipy.linalg.blas.dgemm(1.0, np.ones((2, 2)), np.ones((2, 2)))
    with threadpool_limits(2, user_api="blas"):
        before = threads()
        with one_blas_thread():
            assert threads() == {1}
            with one_blas_thread():
                assert threads() == {1}
            assert threads() == {1}
        assert threads() == before
    with threadpool_limits(2, user_api="blas"), one_blas_thread():  # the second time, too
        assert threads() == {1}
