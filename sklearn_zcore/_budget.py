"""The budget: how many rows to select, as users write it."""

from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral, Real
from typing import Any, Self

_FORMS = (
    "Write a number of rows (500), a fraction of the rows in (0, 1] (0.1), or a percentage (10%)"
)


@dataclass(frozen=True)
class Budget:
    """How many rows to select: a number of them, or a share.

    Attributes
    ----------
    size : int, float or Fraction
        An int is a number of rows; all else a fraction in (0, 1] of the rows.
    label : str
        As it was written.
    per_class : bool, default=False
        Whether ``size`` times the number of classes is the number of rows. Which rows these are
        is the selector's choice: it sees no labels.

    Examples
    --------
    >>> from sklearn_zcore._budget import Budget
    >>> Budget.parse("10%").rows(1797)
    179
    >>> Budget.parse(0.29).rows(100), Budget.parse(25).rows(100)
    (29, 25)
    """

    size: int | float | Fraction
    label: str
    per_class: bool = False

    @classmethod
    def parse(cls, value: Any) -> Self:
        """Read a budget.

        Parameters
        ----------
        value : int, float or str
            Numbers of NumPy, too. Text is ``"10%"``, ``"0.1"`` or ``"500"``.

        Returns
        -------
        Budget
            Whether there are as many rows is told by `rows`.

        Raises
        ------
        TypeError
            If it is neither a number nor text.
        ValueError
            If it is no budget.
        """
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            return cls(_parse_text(value), value.strip())
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(f"budget={value!r} is neither a number nor text. {_FORMS}.")
        if isinstance(value, Integral):
            size: int | float = int(value)
        else:
            # np.float32(0.29) is 0.28999999165534973; what is meant is what it prints.
            size = float(str(value)) if hasattr(value, "dtype") else float(value)
        if not 0 < size or not (isinstance(size, int) or size <= 1):
            raise ValueError(f"budget={value} is no number of rows and no fraction. {_FORMS}.")
        return cls(size, f"{size}")

    def rows(self, n_samples: int, n_taken: int = 0, n_classes: int = 1) -> int:
        """Return the number of rows that the budget stands for.

        Parameters
        ----------
        n_samples : int
            Rows that there are.
        n_taken : int, default=0
            How many of them have been selected before, and are not to be selected again.
        n_classes : int, default=1
            For a budget per class.

        Returns
        -------
        int
            A share is rounded down, to at least one row, and to at most those not taken.

        Raises
        ------
        ValueError
            If the budget is more rows than there are.
        """
        n_left = n_samples - n_taken
        if isinstance(self.size, int):
            size = self.size * (n_classes if self.per_class else 1)
            if n_taken and size > n_left:
                raise ValueError(
                    f"budget={self.label} is more than the {n_left} rows of X that are left to "
                    f"select from: {n_taken} of n_samples = {n_samples} are in selected."
                )
            if size > n_samples:
                raise ValueError(
                    f"budget={self.label} is more than the n_samples = {n_samples} rows of X. "
                    f"Give fewer rows, or a fraction such as budget=0.1."
                )
            return size
        if isinstance(self.size, Fraction):
            return max(1, min(n_left, int(self.size * n_samples)))
        # 0.29 * 100 is 28.999999999999996: what is meant are 29 rows.
        return max(1, min(n_left, int(self.size * n_samples * (1 + 1e-12))))

    def describe(self, n_samples: int) -> str:
        """Return the budget as rows and share of ``n_samples``, for people."""
        rows = self.rows(n_samples)
        noun = "row" if rows == 1 else "rows"
        return f"{rows:,} {noun} of {n_samples:,} ({100 * rows / n_samples:.3g} %)"


def _parse_text(text: str) -> int | Fraction:
    """Read ``10%``, ``0.1`` or ``500``, exactly."""
    body = text.strip()
    percent = body.endswith("%")
    number = body[:-1].strip() if percent else body
    try:
        value = Fraction(number)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"budget {text!r} is not a number. {_FORMS}.") from None
    if "/" in number or "_" in number:
        raise ValueError(f"budget {text!r} is not a plain number. {_FORMS}.")
    if value <= 0:
        raise ValueError(f"budget {text!r} selects nothing: it must be above 0. {_FORMS}.")
    if percent:
        if value > 100:
            raise ValueError(f"budget {text!r} is more than all rows (100%). {_FORMS}.")
        return value / 100
    if number.lstrip("+").isdigit():
        return int(value)
    if value > 1:
        raise ValueError(
            f"budget {text!r} is neither a fraction of the rows (above 0, at most 1.0) nor a whole "
            f"number of rows. {_FORMS}."
        )
    return value
