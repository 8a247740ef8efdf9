"""How much a row of the coreset weighs, and how an estimator is told."""

import inspect
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array

from sklearn_zcore.rows import ArraySource, represented_by


def voronoi_weights(
    embedding: Any, coreset: NDArray[np.intp], sample_weight: NDArray[Any] | None
) -> NDArray[np.float64]:
    """Return how many rows each row of the coreset is nearest to.

    Parameters
    ----------
    embedding : array-like of shape (n_samples, n_components)
        The rows as the selector saw them.
    coreset : ndarray of shape (n_selected,)
        Indices of the coreset's rows.
    sample_weight : ndarray of shape (n_samples,) or None
        Weights of the rows; None counts each as 1.

    Returns
    -------
    ndarray of shape (n_selected,)
        Sum of the weights of the rows that are nearest to each, by Euclidean distance: all
        together, the sum over all rows. A row of the coreset is its own nearest, whatever its
        copies; other ties go to the lower row.
    """
    rows = check_array(embedding, dtype="numeric")
    return represented_by(ArraySource(rows), coreset, sample_weight)


def weight_parameter(estimator: Any) -> str:
    """Return the fit parameter that takes an estimator's sample weights.

    Parameters
    ----------
    estimator : object
        For a Pipeline, the weights are those of its last step.

    Returns
    -------
    str
        ``"sample_weight"``, or ``"<step>__sample_weight"`` for a Pipeline.

    Raises
    ------
    ValueError
        If its fit takes no sample weights.
    """
    if isinstance(estimator, Pipeline):
        name, step = estimator.steps[-1]
        return f"{name}__{weight_parameter(step)}"
    parameters = inspect.signature(estimator.fit).parameters if hasattr(estimator, "fit") else {}
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    if "sample_weight" in parameters or takes_any:
        return "sample_weight"
    raise ValueError(
        f"The estimator {type(estimator).__name__} takes no sample_weight in fit, and weights were "
        f"given, or asked for by weighting='voronoi'. Leave them out, or take another estimator."
    )
