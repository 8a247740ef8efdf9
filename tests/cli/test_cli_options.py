"""Options that mean nothing where they are given are refused by name, in every command."""

import re

import pytest

from sklearn_zcore.cli._command import command, opt
from sklearn_zcore.cli._options import ResultOptions


@pytest.fixture
def folder(tmp_path):
    """Return a folder that nothing ever opens."""
    (tmp_path / "photos").mkdir()
    return tmp_path / "photos"


FOR_IMAGES = [
    (["--model", "clip", "--dtype", "float16"], "--model, --dtype: for folders of images"),
    (["--layer", "0"], "--layer: for folders of images"),
    (["--workers", "0"], "--workers: for folders of images"),
    (["--on-error", "stop"], "--on-error: for folders of images"),
    (["--offline", "--no-cache"], "--offline, --no-cache: for folders of images"),
    (["--revision", ""], "--revision: for folders of images"),
    (["--cache-dir", "c", "--device", "cpu"], "--device, --cache-dir: for folders of images"),
    (["--pooling", "auto", "--batch-size", "1"], "--pooling, --batch-size: for folders of images"),
]
FOR_TABLES = [
    (["--columns", "a", "--raw"], "--columns, --raw: for tables"),
    (["--max-categories", "100"], "--max-categories: for tables"),
    (["--missing", "error", "--ignore", "b"], "--ignore, --missing: for tables"),
    (["--sep", "", "--key", "x"], "--key, --sep: for tables"),
    (["--encoding", "utf-8", "--na-values", "?"], "--encoding, --na-values: for tables"),
]


def told(result):
    return " ".join(result.stderr.split())


@pytest.mark.parametrize("args, message", FOR_IMAGES)
def test_for_images(zcore, npy, tmp_path, args, message):
    select = ("select", npy, "-b", "5", "-o", tmp_path / "o.npy")
    for start in (select, ("compare", npy, "-t", "f0")):
        result = zcore(*start, *args, code=2)
        assert message in told(result) and "X.npy is a file" in told(result)
    assert not (tmp_path / "o.npy").exists()


@pytest.mark.parametrize("args, message", FOR_TABLES)
def test_for_tables(zcore, folder, tmp_path, args, message):
    select = ("select", folder, "-b", "5", "-o", tmp_path / "o.csv", "--model", "clip")
    for start in (select, ("compare", folder, "--model", "clip")):
        assert message in told(zcore(*start, *args, code=2))


def test_of_select_alone(zcore, npy, folder, tmp_path):
    start = ("select", folder, "-b", "5", "-o", tmp_path / "o.csv", "--model", "clip")
    assert "--carry, --indices: for tables" in told(
        zcore(*start, "--carry", "a", "--indices", code=2)
    )
    result = zcore("select", npy, "-b", 5, "-o", tmp_path / "o.npy", "--copy-to", "d", code=2)
    assert "--copy-to: for folders of images" in told(result)


@pytest.mark.parametrize(
    "method, args, foreign",
    [
        ("random", ["--n-iter", "10", "--exponent", "0"], "--n-iter, --exponent"),
        ("k-center", ["--seed", "0"], "--seed"),
        ("herding", ["--jobs", "-1"], "--jobs"),
        ("facility-location", ["--subspace-dim", "2"], "--subspace-dim"),
        ("zcore", ["--metric", "manhattan"], "--metric"),
    ],
)
def test_of_other_methods(zcore, npy, tmp_path, method, args, foreign):
    start = ("select", npy, "-b", 5, "-o", tmp_path / "o.npy", "--method", method)
    assert f"--method {method} has no option {foreign}." in told(zcore(*start, *args, code=2))


def test_every_parameter_that_a_method_has_can_be_set(zcore, npy, tmp_path):
    """What a method can be told is what its estimator can, and nothing lists it again."""
    from sklearn_zcore.cli._options import SelectorOptions
    from sklearn_zcore.selection import SELECTORS

    values = {"metric": "euclidean", "n_iter": "100", "exponent": "2"}
    for name, entry in SELECTORS.items():
        known = entry.estimator().get_params()
        own = {f: o for f, o in SelectorOptions.called().items() if f in known}
        args = [part for f, option in own.items() for part in (option, values.get(f, "2"))]
        zcore("select", npy, "-b", 5, "-fo", tmp_path / "o.npy", "--method", name, *args)


def test_raw_leaves_nothing_to_categories(zcore, npy, tmp_path):
    for start in (("select", "-b", 5, "-o", tmp_path / "o.npy"), ("compare", "-t", "f0")):
        result = zcore(*start, npy, "--raw", "--max-categories", 100, code=2)
        assert "--max-categories: --raw uses the columns as they are" in told(result)
        result = zcore(*start, npy, "--raw", "--missing", "impute", code=2)
        assert "--missing impute changes them" in told(result)


def test_zero_is_given(zcore, tmp_path, monkeypatch):
    """The embedder gets a 0 that was given, and its own default where nothing was."""
    from sklearn_zcore.cli import _folder
    from sklearn_zcore.cli._options import ImageOptions

    given = ImageOptions(model=["m"], layer=0, workers=0, given={"layer": "", "workers": ""})
    embedder = _folder.FolderInput(tmp_path, given).embedding.embedder()
    assert embedder.layer == 0 and embedder.num_workers == 0
    embedder = _folder.FolderInput(tmp_path, ImageOptions(model=["m"])).embedding.embedder()
    assert embedder.layer == -1 and embedder.pooling == "auto" and embedder.num_workers > 0


def test_more_draws_than_can_be_counted(zcore, npy, tmp_path):
    for number in ("1e30", "1e300", "10000000000000000000000"):
        start = ("select", npy, "-b", 5, "-o", tmp_path / "o.npy", "--method", "zcore")
        assert "more draws" in told(zcore(*start, "--n-iter", number, code=2))


def test_unknown_values_are_refused_in_every_command(zcore, npy, folder, tmp_path):
    for start in (
        ("select", npy, "-b", 5, "-o", tmp_path / "o.npy"),
        ("compare", npy, "-t", "f0"),
        ("embed", folder, "-o", tmp_path / "e.npy"),
    ):
        assert "--dtype 'float8' is unknown" in told(zcore(*start, "--dtype", "float8", code=2))
        result = told(zcore(*start, "--on-error", "skipp", code=2))
        assert "did you mean 'skip'?" in result and "It is one of stop, skip." in result


def test_a_command_of_ones_own():
    """An option is one declaration: a field of a group."""
    from dataclasses import dataclass
    from typing import Literal

    import typer
    from typer.testing import CliRunner

    @dataclass(frozen=True, kw_only=True)
    class Colours(ResultOptions):
        panel = "Colours"
        colour: Literal["red", "blue"] | None = opt(None, "", "Which one.", short="-c")
        shades: int = opt(3, "N", "How many.")

    seen = []

    @command
    def paint(colours: Colours) -> None:
        """Paint."""
        seen.append(colours)

    app = typer.Typer()
    app.command()(paint)
    assert CliRunner().invoke(app, ["-c", "red"]).exit_code == 0
    assert (
        seen[0].colour == "red" and seen[0].shades == 3 and seen[0].given == {"colour": "--colour"}
    )
    assert CliRunner().invoke(app, ["--shades", "3"]).exit_code == 0
    assert seen[1].given == {"shades": "--shades"}
    result = CliRunner().invoke(app, ["-c", "green"])
    assert result.exit_code == 2 and "--colour 'green' is unknown" in result.stderr
    assert "red|blue" in CliRunner().invoke(app, ["--help"]).stdout


def test_an_option_of_another_method_names_the_method(zcore, npy, tmp_path):
    start = ("select", npy, "-b", 5, "-o", tmp_path / "o.npy")
    shown = told(zcore(*start, "--n-iter", 10, code=2))
    assert "--method facility-location has no option --n-iter." in shown
    assert "or use --method zcore." in shown


@pytest.mark.parametrize("name", ["select", "compare", "embed", "demo"])
def test_help_leaves_out_the_rare(zcore, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "100")
    short, long = zcore(name, "--help").stdout, zcore(name, "--help-all").stdout
    assert "<bool>" not in short + long
    assert "--help-all" in short and "--debug" not in short and "--debug" in long
    hidden = set(re.findall(r"--[a-z-]+", long)) - set(re.findall(r"--[a-z-]+", short))
    assert hidden >= ({"--n-neighbors", "--pooling"} if name == "select" else {"--debug"})
    assert len(short.splitlines()) <= 150
    assert zcore(name, "--help").stdout == short  # what --help-all has shown is hidden again


@pytest.mark.parametrize("args", [(), ("cache",), ("cache", "info"), ("cache", "clear")])
def test_a_switch_of_any_help_takes_no_value(zcore, args):
    shown = zcore(*args, "--help").stdout
    assert "--help" in shown and "<bool>" not in shown
