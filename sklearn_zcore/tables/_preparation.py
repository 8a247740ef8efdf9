"""From a messy table to numbers: a transformer that is fitted on training rows."""

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from ._content import Content, open_content
from ._encoders import TextEncoders
from ._errors import Setting, TableError, Words
from ._kinds import find_kinds
from ._numbers import NumberScaling, Survey, refuse_missing
from ._readers import NUMBERS, TEXTS, ColumnReader, NumberReader
from ._report import PreparedColumn, done_with, notes_on, sentences


class TablePreparation(TransformerMixin, BaseEstimator):
    """Turn a messy table into numbers, and say what was done with each column.

    Numbers are standardised, and a missing one is the column's median; dates are numbers of
    seconds; categories are one-hot encoded, and a missing one is a category of its own; free text
    becomes a few features of the character n-grams that it shares. This is the space that the
    command ``zcore`` selects in.

    Numbers that stand in text are read, such as ``$1,914.24`` and ``80.5%``, and so are dates. Ids
    are left out, and numbers that are rather names, such as postal codes, are noticed. Nothing of
    this is done in silence: `report` says it.

    Everything is learned from the rows of `fit`: the kinds of the columns, the formats, medians,
    categories. In a Pipeline, or in a comparison, no held-out row is seen.

    Parameters
    ----------
    missing : {"impute", "error"}, default="impute"
        Missing values: fill them in, or raise. To leave out their rows, see `complete_rows`.
    max_categories : int, default=100
        The most features that a column of categories becomes; its rarest categories share one.
    n_text_features : int, default=30
        The most features that a column of free text becomes.
    kinds : dict of str to {"numeric", "datetime", "categorical", "text", "ignore"}, default=None
        What a column is, where it would be taken for something else. Columns are named as in a
        frame; those of an array are x0, x1, ...
    decimal : {"auto", ".", ","}, default="auto"
        The decimal separator of numbers that stand in text. With "auto", of each column: the point
        if all its values can be read so, else the comma.

    Attributes
    ----------
    columns_ : list of PreparedColumn
        For each column, in the order of the input: its name and kind, what was done, the number of
        features, missing values and categories, and notes. ``pandas.DataFrame(columns_)`` is a
        table of it.
    notes_ : list of str
        What the user should know: columns that look like ids or labels, and how text was read.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, if X has some.

    See Also
    --------
    skrub.TableVectorizer : The same idea for training models. Its numbers are float32, in which
        a timestamp is off by a minute, and its text columns are known by their cardinality alone.
    FoundationEmbedder : Numbers from images and texts, by a model.

    Notes
    -----
    Numbers are float64 until they are standardised, so that timestamps and large ids keep their
    digits. Dates in text are read by skrub's ToDatetime, and free text is encoded by its
    StringEncoder (tf-idf of character n-grams, reduced by a truncated SVD), of which the features
    of one column have a variance of 1 in all. Arrays need neither pandas nor skrub; they are read
    in blocks of columns, memory-mapped ones too.

    Categories that `fit` has not seen have no feature. A text that cannot be read as the numbers or
    dates that a column held in `fit` is missing, and warned of.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_zcore import TablePreparation
    >>> people = pd.DataFrame(
    ...     {
    ...         "income": ["$1,914.24", "$2,020.00", None, "$880.50"],
    ...         "city": ["Ulm", "Bonn", "Ulm", None],
    ...     }
    ... )
    >>> preparation = TablePreparation()
    >>> preparation.fit_transform(people).round(2)
    array([[ 0.5 ,  0.  ,  1.  ,  0.  ],
           [ 0.73,  1.  ,  0.  ,  0.  ],
           [ 0.5 ,  0.  ,  1.  ,  0.  ],
           [-1.72,  0.  ,  0.  ,  1.  ]], dtype=float32)
    >>> preparation.get_feature_names_out().tolist()
    ['income', 'city_Bonn', 'city_Ulm', 'city_missing']
    >>> for sentence in preparation.report():
    ...     print(sentence)
    4 from 1 numeric (standardised), 1 categorical (one-hot: 3 features)
    missing: 1 value in numeric 'income': filled with the column's median
    missing: 1 value in categorical 'city': filled with 'missing'
    column 'income' is text that holds numbers: '$1,914.24' is read as 1914.24.
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "missing": [StrOptions({"impute", "error"})],
        "max_categories": [Interval(Integral, 1, None, closed="left")],
        "n_text_features": [Interval(Integral, 1, None, closed="left")],
        "kinds": [dict, None],
        "decimal": [StrOptions({"auto", ".", ","})],
    }

    columns_: list[PreparedColumn]
    notes_: list[str]
    n_features_in_: int

    def __init__(
        self,
        *,
        missing: str = "impute",
        max_categories: int = 100,
        n_text_features: int = 30,
        kinds: dict[str, str] | None = None,
        decimal: str = "auto",
    ) -> None:
        self.missing = missing
        self.max_categories = max_categories
        self.n_text_features = n_text_features
        self.kinds = kinds
        self.decimal = decimal

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> "TablePreparation":
        """Learn from training rows what each column is and how it becomes numbers.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_columns)
            A frame of pandas, polars or pyarrow, or a matrix of numbers. Not changed.
        y : None
            Ignored.

        Returns
        -------
        self : TablePreparation
            The fitted transformer.

        Raises
        ------
        TableError
            A ValueError that names the columns, and says what to do: a column holds neither
            numbers, categories, dates nor text; a value is infinite, or missing where
            ``missing="error"``; no column is left.
        ImportError
            X is a frame and a package of the extra ``table`` is missing.
        """
        self._fit(X)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Fit, and return the training rows as numbers.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_columns)
            As in `fit`.
        y : None
            Ignored.

        Returns
        -------
        X_out : ndarray of shape (n_samples, n_features), float32
            Finite numbers: of numeric columns first, then of dates, categories and text.
        """
        return self._fit(X)

    def _fit(self, X: Any) -> np.ndarray:
        """Fit, or leave everything as it was."""
        before = self.__dict__.copy()
        try:
            return self._learn(X)
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    def _learn(self, X: Any) -> np.ndarray:
        content = self._open(X, reset=True)
        self._readers = find_kinds(content, self.kinds or {}, self.decimal)
        numeric = self._of_kinds(*NUMBERS)
        survey = Survey([reader.name for reader in numeric])
        scaling = NumberScaling()
        numbers = np.empty((content.n_rows, len(numeric)), dtype=np.float32)
        scaling.fit_transform(content.block_reader(numeric), survey, numbers)
        survey.refuse_infinite()
        texts = {reader.name: reader.read(content.columns[reader.name]) for reader in self._texts()}
        n_missing = _count_missing(survey, texts)
        for reader in numeric:
            # Of an array, a column without any value is only now found.
            if n_missing[reader.name] == content.n_rows:
                reader.kind = "empty"
        self._refuse_missing(n_missing, content.n_rows)
        kept = np.array([reader.kind != "empty" for reader in numeric], dtype=bool)
        if not kept.all():
            numbers = numbers[:, kept]
        self._scaling = scaling.select(kept)
        if not self._of_kinds(*NUMBERS, *TEXTS):
            ids = {reader.name: "text" for reader in self._of_kinds("identifier")[:1]}
            raise TableError(
                "No column is left to select on: none has a value in any row, or all are ids.",
                Words("If one is no id: {kinds}.", kinds=Setting("kinds", ids)) if ids else "",
            )
        names = [[r.name for r in self._of_kinds(kind)] for kind in ("categorical", "text")]
        self._encoders = TextEncoders(
            *names, max_categories=self.max_categories, n_text_features=self.n_text_features
        )
        parts = [numbers, *self._encoders.fit_transform(texts)]
        self._tell(n_missing)
        return numbers if len(parts) == 1 else np.hstack(parts)

    def transform(self, X: Any) -> np.ndarray:
        """Return rows as numbers, in the way that was learned.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_columns)
            With the columns of the training rows.

        Returns
        -------
        X_out : ndarray of shape (n_samples, n_features), float32
            Finite numbers.
        """
        check_is_fitted(self)
        content = self._open(X, reset=False)
        numeric = self._of_kinds(*NUMBERS)
        survey = Survey([reader.name for reader in numeric])
        numbers = np.empty((content.n_rows, len(numeric)), dtype=np.float32)
        self._scaling.transform(content.block_reader(numeric), survey, numbers)
        survey.refuse_infinite()
        texts = {reader.name: reader.read(content.columns[reader.name]) for reader in self._texts()}
        self._refuse_missing(_count_missing(survey, texts), 0)
        parts = [numbers, *self._encoders.transform(texts)]
        return numbers if len(parts) == 1 else np.hstack(parts)

    def complete_rows(self, X: Any) -> np.ndarray:
        """Tell which rows have a value in every column that is used.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_columns)
            With the columns of the training rows.

        Returns
        -------
        complete : ndarray of shape (n_samples,), bool
            ``X[complete]`` has no missing value left.
        """
        check_is_fitted(self)
        content = self._open(X, reset=False)
        complete = np.ones(content.n_rows, dtype=bool)
        numeric = self._of_kinds(*NUMBERS)
        read = content.block_reader(numeric)
        for place in range(len(numeric)):
            complete &= ~np.isnan(read(place, place + 1)[:, 0])
        for reader in self._texts():
            complete &= reader.read(content.columns[reader.name]) != np.array(None)
        return complete

    def report(self) -> list[str]:
        """Say what was done, in sentences.

        Returns
        -------
        sentences : list of str
            First of all columns, then of rare categories and missing values, then `notes_`.
        """
        check_is_fitted(self)
        return [*sentences(self.columns_, self.max_categories, self.missing), *self.notes_]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the features.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names for the columns, if X had none.

        Returns
        -------
        names : ndarray of str objects
            A column's name; of categories with the category, of text with a number.
        """
        check_is_fitted(self)
        names_in = _check_feature_names_in(self, input_features)
        names: list[str] = []
        taken: set[str] = set()
        for place, suffix in self._features_out:
            name = f"{names_in[place]}{suffix}"
            while name in taken:
                name += "_"  # The column "a_b", and the category "b" of "a".
            taken.add(name)
            names.append(name)
        return np.array(names, dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _open(self, X: Any, *, reset: bool) -> Content:
        """Check the shape and names of X and return what is in it."""
        content = open_content(self, X, reset=reset)
        if reset:
            self._names = content.names
            return content
        # Other rows may have come as an array, or as a frame where the training rows were none.
        content = content.renamed(self._names)
        plain = all(type(reader) is NumberReader for reader in self._readers)
        return content if plain or not content.is_array else content.as_frame()

    def _of_kinds(self, *kinds: str) -> list[ColumnReader]:
        """Return the readers of some kinds, kind by kind."""
        return [reader for kind in kinds for reader in self._readers if reader.kind == kind]

    def _texts(self) -> list[ColumnReader]:
        return self._of_kinds(*TEXTS)

    def _refuse_missing(self, n_missing: dict[str, int], n_rows: int) -> None:
        if self.missing == "error":
            empty = {reader.name: n_rows for reader in self._of_kinds("empty") if n_rows}
            refuse_missing({k: v for k, v in {**n_missing, **empty}.items() if v})

    def _tell(self, n_missing: dict[str, int]) -> None:
        """Set the attributes that say what was done."""
        place = {reader.name: i for i, reader in enumerate(self._readers)}
        suffixes = {reader.name: [""] for reader in self._of_kinds(*NUMBERS)}
        suffixes |= self._encoders.suffixes()
        n_categories = self._encoders.n_categories()
        used = self._of_kinds(*NUMBERS, *TEXTS)
        self._features_out = [(place[r.name], end) for r in used for end in suffixes[r.name]]
        self.columns_ = [
            PreparedColumn(
                reader.name,
                reader.kind,
                done_with(reader.kind),
                len(suffixes.get(reader.name, [])),
                n_missing.get(reader.name, 0),
                n_categories.get(reader.name, 0),
                tuple(reader.notes),
            )
            for reader in self._readers
        ]
        self.notes_ = notes_on(self.columns_)


def _count_missing(survey: Survey, texts: dict[str, np.ndarray]) -> dict[str, int]:
    """Count the missing values of each column that is used."""
    counted = dict(zip(survey.names, survey.n_missing.tolist(), strict=True))
    for name, values in texts.items():
        counted[name] = int((values == np.array(None)).sum())
    return counted
