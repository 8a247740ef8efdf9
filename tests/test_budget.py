"""The one budget: read, resolved to rows, and said."""

from fractions import Fraction

import numpy as np
import pytest

from sklearn_zcore._budget import Budget


@pytest.mark.parametrize(
    ("written", "n_rows", "expected"),
    [
        ("10%", 150, 15),
        ("10 %", 159, 15),
        ("0.1", 150, 15),
        (".5", 3, 1),
        ("0.1%", 150, 1),
        ("29%", 100, 29),
        ("0.29", 100, 29),
        ("1e-2", 200, 2),
        ("1.0", 7, 7),
        ("1", 7, 1),
        (0.29, 100, 29),
        (np.float32(0.29), 100, 29),
        (1, 7, 1),
        (np.int8(7), 7, 7),
        (1.0, 7, 7),
    ],
)
def test_number_of_rows(written, n_rows, expected):
    assert Budget.parse(written).rows(n_rows) == expected


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("0", "selects nothing"),
        ("-5%", "selects nothing"),
        ("150%", "more than all rows"),
        ("1.5", "neither a fraction"),
        ("1e3", "neither a fraction"),
        ("abc", "not a number"),
        ("nan", "not a number"),
        ("", "not a number"),
        ("1/2", "not a plain number"),
        ("1_000", "not a plain number"),
        (0, "no number of rows"),
        (1.5, "no number of rows"),
        (float("nan"), "no number of rows"),
    ],
)
def test_mistakes(written, message):
    with pytest.raises(ValueError, match=message) as caught:
        Budget.parse(written)
    assert "percentage (10%)" in str(caught.value)


@pytest.mark.parametrize("written", [None, [1], 1j])
def test_not_a_number(written):
    with pytest.raises(TypeError, match="neither a number nor text"):
        Budget.parse(written)


def test_labels_are_what_was_written():
    assert [Budget.parse(b).label for b in (" 10% ", 0.1, 25)] == ["10%", "0.1", "25"]
    assert Budget.parse("10%").size == Fraction(1, 10)


def test_rows_a_class():
    assert Budget(4, "4 a class", per_class=True).rows(100, n_classes=3) == 12


def test_more_rows_than_there_are():
    with pytest.raises(ValueError, match="budget=8 is more than the n_samples = 7 rows of X"):
        Budget.parse("8").rows(7)
    with pytest.raises(ValueError, match="more than the 4 rows of X that are left"):
        Budget.parse(5).rows(7, 3)
    assert Budget.parse("90%").rows(10, 3) == 7


def test_description():
    assert Budget.parse("10%").describe(1797) == "179 rows of 1,797 (9.96 %)"
    assert Budget.parse(1).describe(4) == "1 row of 4 (25 %)"
