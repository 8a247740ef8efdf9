"""Rows as points in two dimensions."""

from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.inspection.report._coverage import Space

Rows = NDArray[np.intp]

_MOST_POINTS = 20_000
_MOST_CORESET = 5_000
_BY_PACKAGE = {"umap": ("umap", "UMAP", "umap-learn"), "pacmap": ("pacmap", "PaCMAP", "pacmap")}


class Layout(NamedTuple):
    """Rows in two dimensions.

    Attributes
    ----------
    rows : ndarray of shape (n_shown,), int
        All rows, or a sample.
    points : ndarray of shape (n_shown, 2)
    method : str
    note : str
        What the axes are.
    """

    rows: Rows
    points: NDArray[np.float64]
    method: str
    note: str


def check_layout(layout: Any, n_samples: int) -> None:
    """Raise before anything is computed if there can be no such map.

    Parameters
    ----------
    layout : {"pca", "umap", "pacmap"} or array-like of shape (n_samples, 2)
    n_samples : int

    Raises
    ------
    ImportError
        Names the package of a method that is not installed.
    ValueError
        If it is no method, or not two finite numbers for every row.
    """
    if isinstance(layout, str):
        if layout in _BY_PACKAGE:
            module, _, package = _BY_PACKAGE[layout]
            try:
                import_module(module)
            except ImportError as error:
                raise ImportError(
                    f"layout={layout!r} needs {package}, which is not installed: pip install "
                    f"{package}. layout='pca' needs nothing."
                ) from error
        elif layout != "pca":
            raise ValueError(
                f"layout={layout!r} is none of 'pca', 'umap', 'pacmap', and no array of shape "
                f"(n_samples, 2)."
            )
        return
    points = np.asarray(layout)
    if points.shape != (n_samples, 2):
        raise ValueError(
            f"layout has the shape {points.shape}, and X has {n_samples} rows: give an array of "
            f"shape ({n_samples}, 2), or 'pca', 'umap', 'pacmap'."
        )
    if points.dtype.kind not in "biuf" or not np.isfinite(points).all():
        raise ValueError("layout has to hold finite numbers.")


def lay_out(space: Space, layout: Any, coreset: Rows, special: Rows, seed: int) -> Layout:
    """Place rows on a map: all, or a sample that holds the special ones and much of the coreset.

    Parameters
    ----------
    space : Space
    layout : {"pca", "umap", "pacmap"} or array-like of shape (n_samples, 2)
    coreset : ndarray of shape (n_selected,), int
        By rank.
    special : ndarray of int
        Rows that are shown elsewhere on the page.
    seed : int

    Returns
    -------
    Layout
    """
    n = space.n_samples
    sample = rows = np.arange(n)
    if n > _MOST_POINTS:
        sample = np.sort(space.rng.choice(n, _MOST_POINTS, replace=False))
        wanted = np.union1d(special, coreset[:_MOST_CORESET])
        others = space.rng.permutation(np.setdiff1d(sample, wanted))
        rows = np.sort(np.concatenate([wanted, others[: _MOST_POINTS - wanted.size]]))
    if not isinstance(layout, str):
        points = np.asarray(layout)[rows].astype(np.float64)
        return Layout(rows, points, "given", "The positions were given.")
    if layout == "pca":
        points, note = _pca(space.X[sample], space.X[rows], seed)
        return Layout(rows, points, "PCA", note)
    module, name, _ = _BY_PACKAGE[layout]
    method = getattr(import_module(module), name)(n_components=2, random_state=seed)
    points = np.asarray(method.fit_transform(np.asarray(space.X[rows], dtype=np.float32)))
    note = f"Axes of {name} have no unit; near points are alike, far ones need not differ more."
    return Layout(rows, points.astype(np.float64), name, note)


def _pca(sample: NDArray[Any], shown: NDArray[Any], seed: int) -> tuple[NDArray[np.float64], str]:
    """Project onto the two directions in which the rows vary most."""
    from sklearn.decomposition import PCA

    points = np.zeros((shown.shape[0], 2))
    # On one scale, and in float64 only where digits would be lost.
    centre = np.median(sample[:1000], axis=0).astype(np.float64)
    sample = _shifted(sample, centre)
    varies = float(np.ptp(sample, axis=0).max()) > 0
    n_components = min(2, *sample.shape)
    if not varies or sample.shape[0] < 2:
        return points, "All rows are the same."
    pca = PCA(n_components, random_state=seed).fit(sample)
    points[:, :n_components] = pca.transform(_shifted(shown, centre))
    share = pca.explained_variance_ratio_.sum()
    return points, f"The two axes hold {100 * share:.0f} % of the variance."


def _shifted(X: NDArray[Any], centre: NDArray[Any]) -> NDArray[Any]:
    shifted = X - centre
    return np.asarray(shifted, dtype=np.float32 if X.dtype == np.float32 else np.float64)
