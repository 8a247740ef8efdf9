"""What ``memory`` saves a search over budgets: the same search with and without it, in turns.

    python benchmarks/search.py

GridSearchCV over five budgets and three parameters of the estimator, five folds, two workers, on
the digits of scikit-learn. With ``memory`` the selector scores each training fold once; without,
in each of the 75 fits.
"""

import argparse
import tempfile
import time
import warnings

from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB

from sklearn_zcore import CoresetClassifier, ZCoreSelector

GRID = {
    "selector__budget": [0.05, 0.1, 0.2, 0.3, 0.5],
    "estimator__var_smoothing": [1e-4, 1e-3, 1e-2],
}


def seconds(memory: str | None, n_iter: int, n_rows: int) -> float:
    """Return how long the search takes."""
    X, y = load_digits(return_X_y=True)
    selector = ZCoreSelector(n_iter=n_iter, random_state=0, tol=0, memory=memory)
    search = GridSearchCV(
        CoresetClassifier(GaussianNB(), selector, min_per_class=1), GRID, cv=5, n_jobs=2
    )
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(X[:n_rows] / 16, y[:n_rows])
    return time.perf_counter() - start


def main() -> None:
    """Run the searches in turns and print a line for each turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-iter", type=int, default=200_000, help="draws of each scoring")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--smoke", action="store_true", help="a few rows and draws, once")
    options = parser.parse_args()
    n_iter, turns, n_rows = options.n_iter, options.turns, 1797
    if options.smoke:
        n_iter, turns, n_rows = 2_000, 1, 300
    seconds(None, 100, n_rows)  # starts the workers, and compiles
    for _ in range(turns):
        with tempfile.TemporaryDirectory() as folder:
            cached, plain = seconds(folder, n_iter, n_rows), seconds(None, n_iter, n_rows)
        print(
            f"{n_iter:,} draws: {cached:.1f} s with memory, {plain:.1f} s without: "
            f"{plain / cached:.1f} times as long",
            flush=True,
        )


if __name__ == "__main__":
    main()
