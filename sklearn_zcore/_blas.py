"""Linear algebra in one thread: the bits of a product depend on the number of threads."""

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


def one_blas_thread() -> AbstractContextManager[Any]:
    """Return a context in which NumPy's and SciPy's linear algebra use one thread.

    As ``threadpool_limits(1, user_api="blas")``, which however looks through all that the process
    has loaded, 4 ms each time.
    """
    context: AbstractContextManager[Any] = _libraries().limit(limits=1)
    return context


@cache
def _libraries() -> Any:
    import scipy.linalg  # noqa: F401 - brings a library of its own, which would not be found else

    return ThreadpoolController().select(user_api="blas")
