"""Numbers as people write them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_zcore.tables._number_text import find_style


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        (["$1,914.24", "$20", "$0.5"], [1914.24, 20, 0.5]),
        (["80.5%", "3 %", "-1%"], [80.5, 3, -1]),
        (["1,377.29", "2.5", "1,000,000"], [1377.29, 2.5, 1e6]),
        (["1.377,29", "2,5"], [1377.29, 2.5]),
        (["3,14", "2,71828"], [3.14, 2.71828]),
        (["(12.50)", "3.00"], [-12.5, 3]),
        (["-€5", "€-5", "−€1"], [-5, -5, -1]),
        (["1 234,5", "7,25"], [1234.5, 7.25]),
        (["1'234.50", "12.00"], [1234.5, 12]),
        (["EUR 12.50", "EUR 1,000.00"], [12.5, 1000]),
        (["12 USD", "1,300 USD"], [12, 1300]),
        (["1e-3", "2.5E+4"], [1e-3, 2.5e4]),
        ([" 1.5 ", "+2", ".5"], [1.5, 2, 0.5]),
        (["0", "10", "0.5"], [0, 10, 0.5]),
    ],
)
def test_read(values, numbers):
    style, odd = find_style(values)
    assert odd == []
    assert [style.parse(value) for value in values] == pytest.approx(numbers)


@pytest.mark.parametrize(
    "values",
    [
        ["$5", "€5"],  # not one scale
        ["80%", "0.8"],
        ["1,23,456", "2"],
        ["1,377.29", "1.377,29"],
        ["1,377", "2 377", "1'000"],  # three ways of grouping
        ["007", "012"],  # codes
        ["12a", "13b"],
        ["10:30", "11:30"],
        ["1-2", "2-3"],
        ["2024-01-05", "2024-01-06"],
        ["192.168.1.1", "10.0.0.1"],
        ["(5", "6)"],
        ["ABC123", "ABD124"],
        ["", "-"],
        ["1.2.3"],
    ],
)
def test_no_numbers(values):
    assert find_style(values) is None


def test_odd_values_are_few():
    values = [str(k / 2) for k in range(40)]
    assert find_style([*values, "?"]) is None
    assert find_style([*values, "?"], n_odd=3)[1] == ["?"]
    assert find_style([*values[:9], "?"], n_odd=3) is None


def test_what_can_be_read_in_two_ways_is_known():
    assert find_style(["1,377", "2,450"])[0].ambiguous
    assert find_style(["1,377", "2,450"], decimal=",")[0].parse("1,377") == 1.377
    assert not find_style(["1,377", "2,450.5"])[0].ambiguous
    assert not find_style(["12", "13"])[0].ambiguous


def test_other_styles_are_no_numbers():
    style, _ = find_style(["$1.50", "$2.50"])
    assert math.isnan(style.parse("1.50"))
    assert math.isnan(style.parse("€1.50"))
    assert math.isnan(style.parse("about $2"))


@given(
    st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=20),
    st.sampled_from([("", ""), ("$", ""), ("", "%"), ("", " EUR")]),
)
def test_what_is_written_is_read(cents, decoration):
    before, after = decoration
    numbers = [cent / 100 for cent in cents]
    texts = [f"{'-' if x < 0 else ''}{before}{abs(x):,.2f}{after}" for x in numbers]
    style, _ = find_style(texts)
    assert [style.parse(text) for text in texts] == numbers
    swapped = [text.translate(str.maketrans(",.", ".,")) for text in texts]
    style, _ = find_style(swapped)
    assert style.decimal == ","
    assert [style.parse(text) for text in swapped] == numbers
