"""The budget as users write it."""

import pytest

from sklearn_zcore.cli._coreset import budget_rows, parse_budget
from sklearn_zcore.cli._errors import CliError


@pytest.mark.parametrize(
    ("text", "n_rows", "expected"),
    [
        ("10%", 150, 15),
        ("10 %", 159, 15),
        ("0.1", 150, 15),
        (".5", 3, 1),
        ("0.1%", 150, 1),
        ("29%", 100, 29),
        ("0.29", 100, 29),
        ("1.5%", 200, 3),
        ("1e-2", 200, 2),
        ("100%", 7, 7),
        ("1.0", 7, 7),
        ("1", 7, 1),
        ("7", 7, 7),
    ],
)
def test_number_of_rows(text, n_rows, expected):
    assert budget_rows(parse_budget(text), n_rows) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0", "selects nothing"),
        ("0%", "selects nothing"),
        ("-3", "selects nothing"),
        ("-5%", "selects nothing"),
        ("150%", "more than all rows"),
        ("1.5", "neither a fraction"),
        ("1e3", "neither a fraction"),
        ("abc", "not a number"),
        ("nan", "not a number"),
        ("inf", "not a number"),
        ("%", "not a number"),
        ("", "not a number"),
        ("1/2", "not a plain number"),
        ("1_000", "not a plain number"),
        ("1,000", "not a number"),
    ],
)
def test_mistakes(text, message):
    with pytest.raises(CliError, match=message) as caught:
        parse_budget(text)
    assert "10%" in caught.value.hint


def test_more_rows_than_there_are():
    with pytest.raises(CliError, match=r"more rows than there are \(7\)"):
        budget_rows(parse_budget("8"), 7)
