"""verbose: a progress bar on stderr, and silence without it."""

import re

import pytest

from sklearn_zcore._progress import progress_bar
from tests.selection.common import (
    SELECTORS,
    SET_AWARE,
    facility,
    herding,
    kcenter,
    kmeans,
    random,
    table,
    zcore,
)


def test_bar_shows_draws_rate_and_time_left(capsys):
    zcore(verbose=1, n_iter=12_345).fit(table())
    out, err = capsys.readouterr()
    assert out == ""
    assert "ZCore" in err and "12,345/12,345 draws" in err
    assert re.search(r"[\d,]+/s", err) and "0:00:00" in err


@pytest.mark.parametrize("verbose", [0, False])
def test_silence(capsys, verbose):
    zcore(verbose=verbose).fit(table())
    assert capsys.readouterr() == ("", "")


def test_auto_shows_all_its_draws(capsys):
    selector = zcore(verbose=True, n_iter="auto", tol=0.9).fit(table(300))
    assert f"{selector.n_iter_:,}/{selector.n_iter_:,} draws" in capsys.readouterr().err


def test_several_threads_report_to_one_bar(capsys):
    zcore(verbose=1, n_jobs=2, n_iter=50_000).fit(table())
    assert "50,000/50,000 draws" in capsys.readouterr().err


def test_bar_is_closed_on_errors(capsys):
    """A live display that stays open would swallow the next one."""
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), progress_bar(1, "ZCore", "draws") as progress:
            progress.add_total(100)
            progress.advance(10)
            raise KeyboardInterrupt
    assert "10/100 draws" in capsys.readouterr().err


def test_verbose_changes_nothing(capsys):
    assert (zcore(verbose=1).fit(table()).scores_ == zcore().fit(table()).scores_).all()


def test_in_a_notebook(monkeypatch, capsys, recwarn):
    """One line that is written over, whether or not there are widgets; its end is the end."""
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    zcore(verbose=1, n_iter=12_345).fit(table())
    out, err = capsys.readouterr()
    assert out == "" and not recwarn.list
    assert err.endswith("\n") and err.count("\n") == 1
    last = err.rstrip("\n").split("\r")[-1]
    assert last.startswith(f"ZCore [{'#' * 20}] 12,345/12,345 draws, ")
    with pytest.raises(KeyboardInterrupt), progress_bar(1, "ZCore", "draws") as progress:
        progress.add_total(100)
        progress.advance(10)
        raise KeyboardInterrupt
    assert "[##                  ] 10/100 draws" in capsys.readouterr().err


@pytest.mark.parametrize(
    "make, says",
    [
        (facility, "Facility location .*60/60 rows"),
        (kmeans, "k-means .*1/1 steps"),
        (kcenter, "k-center .*60/60 rows"),
        (herding, "Herding .*60/60 rows"),
    ],
)
def test_each_selector_shows_what_it_does(make, says, capsys):
    shown, silent = make(verbose=1).fit(table()), make().fit(table())
    out, err = capsys.readouterr()
    assert out == "" and re.search(says, err, re.DOTALL)
    assert (shown.ranking_ == silent.ranking_).all()


def test_rounds_groups_and_distances_too(capsys):
    kmeans(verbose=1).fit(table(), selected=range(5))
    assert re.search(r"k-means .*(\d+)/\1 steps", capsys.readouterr().err, re.DOTALL)
    random(verbose=1).fit(table())
    assert capsys.readouterr().err == ""  # there is nothing to wait for
    random(verbose=1, min_distance=0.5).fit(table())
    assert re.search("Keeping apart .*60/60 rows", capsys.readouterr().err, re.DOTALL)
    for make in SET_AWARE:
        make(verbose=1).fit(table(), groups=[0, 1, 2] * 20)
        err = capsys.readouterr().err
        assert "3/3 groups" in err and "rows" not in err


def test_all_selectors_have_it():
    assert all("verbose" in make().get_params() for make in SELECTORS)
