"""The budget as users write it: ``10%``, ``0.1`` or a number of rows."""

from dataclasses import dataclass
from fractions import Fraction

from ._errors import CliError, plural

_FORMS = "Write a percentage (10%), a fraction of the rows (0.1) or a number of rows (500)."


@dataclass(frozen=True)
class Budget:
    """How many rows to select: a share of the table or a count.

    Attributes
    ----------
    text : str
        What the user wrote.
    share : Fraction or None
        The part of the rows, in (0, 1].
    count : int or None
        The number of rows.
    """

    text: str
    share: Fraction | None = None
    count: int | None = None

    def rows(self, n_rows: int) -> int:
        """Return the number of rows that the budget means in a table of ``n_rows``."""
        if self.count is not None:
            if self.count > n_rows:
                raise CliError(
                    f"--budget {self.text} asks for more rows than there are ({n_rows:,}).", _FORMS
                )
            return self.count
        assert self.share is not None
        # Exact arithmetic: 0.29 * 100 in floating point is 28.999999999999996.
        return max(1, int(self.share * n_rows))

    def describe(self, n_rows: int) -> str:
        """Return the budget as a share of ``n_rows``, for people."""
        rows = self.rows(n_rows)
        return f"{plural(rows, 'row')} of {n_rows:,} ({100 * rows / n_rows:.3g} %)"


def parse_budget(text: str) -> Budget:
    """Read a budget.

    Parameters
    ----------
    text : str
        ``10%``, ``0.1`` or ``500``.

    Returns
    -------
    budget : Budget
        The budget; whether the table has that many rows is checked later.
    """
    body = text.strip()
    percent = body.endswith("%")
    number = body[:-1].strip() if percent else body
    try:
        value = Fraction(number)
    except (ValueError, ZeroDivisionError):
        raise CliError(f"--budget {text!r} is not a number.", _FORMS) from None
    if "/" in number or "_" in number:
        raise CliError(f"--budget {text!r} is not a plain number.", _FORMS)
    if value <= 0:
        raise CliError(f"--budget {text} selects nothing: it must be above 0.", _FORMS)
    if percent:
        if value > 100:
            raise CliError(f"--budget {text} is more than all rows (100%).", _FORMS)
        return Budget(text, share=value / 100)
    if number.lstrip("+").isdigit():
        return Budget(text, count=int(value))
    if value > 1:
        raise CliError(
            f"--budget {text} is neither a fraction of the rows (above 0, at most 1.0) nor a whole "
            "number of rows.",
            _FORMS,
        )
    return Budget(text, share=value)
