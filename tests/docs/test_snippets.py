"""Whatever README and the documentation print is run, on small data and tiny models."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from unittest.mock import patch

import pytest
from sklearn.datasets import make_classification

from sklearn_zcore.cli import main
from tests.docs.conftest import made_table
from tests.docs.pages import PAGES, ROOT, blocks, commands, literals, name_of
from tests.embedding import tiny

# What is not run: how it begins, and what keeps it from being run here.
NOT_RUN = {
    "python -m pip install": "needs a package index; what it names is checked below",
    "python -m pytest": "is the run that this test is part of",
    "python -m sphinx": "builds the documentation, which takes minutes",
    "python benchmarks/": "measures for minutes; what it names is checked below",
    "hf download": "needs the Hugging Face hub",
    "pre-commit install": "changes the hooks of the checkout",
    "ruff ": "checks the code, which continuous integration does",
    "mypy": "checks the code, which continuous integration does",
}
# Names that a page leaves to its reader.
GIVEN = {
    "docs/user_guide/budget.rst": lambda: dict(
        zip(("X", "y"), make_classification(600, random_state=0), strict=True)
    ),
    "docs/user_guide/composition.rst": lambda: {
        "table": made_table().drop(columns=["id", "site"]).astype({"colour": "category"})
    },
    "docs/user_guide/images.rst": lambda: dict(
        zip(("model", "processor", "tokenizer"), tiny.build("dinov2"), strict=True)
    ),
}
# What the reader of a page does with what it has made, where the page stops before that.
GOES_ON = {
    "docs/user_guide/budget.rst": "search.set_params(n_jobs=1).fit(X, y).predict(X)",
    "docs/user_guide/composition.rst": "classifier.fit(table, table['label']).predict(table)",
    "docs/user_guide/images.rst": (
        "for embedder in (FoundationEmbedder('my-model'), "
        "FoundationEmbedder('dinov2', pooling=strongest)): embedder.transform(paths)"
    ),
}


def pages_with_python():
    found = [page for page in PAGES if blocks(page, "python")]
    return [pytest.param(page, id=name_of(page)) for page in found]


def printed_commands():
    """Return the commands of all pages, each once."""
    found = []
    known = set()
    for page in PAGES:
        for line, command in commands(page):
            if command in known:
                continue
            known.add(command)
            reason = next((NOT_RUN[start] for start in NOT_RUN if command.startswith(start)), None)
            marks = [pytest.mark.skip(reason=f"{command}: {reason}")] if reason else []
            found.append(pytest.param(command, id=f"{name_of(page)}:{line}", marks=marks))
    return found


def run_command(command, monkeypatch):
    """Run a command of zcore in this process, as the console script does."""
    words = shlex.split(command)
    while re.fullmatch(r"\w+=.*", words[0]):
        monkeypatch.setenv(*words.pop(0).split("=", 1))
    assert words[0] == "zcore", f"How to run {command!r}? Or why not: NOT_RUN has the reasons."
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code or 0


@pytest.mark.slow
# A coreset of a handful of rows, drawn without a seed, is not always stable, and says so.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("page", pages_with_python())
def test_python(page, desk):
    """The blocks of a page build on each other."""
    names = GIVEN.get(name_of(page), dict)()
    for block in blocks(page, "python"):
        # The right line in a traceback.
        code = "\n" * (block.line - 1) + block.text
        exec(compile(code, name_of(page), "exec"), names)
    exec(GOES_ON.get(name_of(page), ""), names)


@pytest.mark.slow
@pytest.mark.parametrize("command", printed_commands())
def test_command(command, desk, monkeypatch, capsys):
    code = run_command(command, monkeypatch)
    assert code == 0, capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("name", ["select", "compare", "embed", "demo"])
def test_examples_of_the_help(name, desk, monkeypatch, capsys):
    assert run_command(f"zcore {name} --help", monkeypatch) == 0
    lines = (line.strip() for line in capsys.readouterr().out.splitlines())
    examples = [line for line in lines if line.startswith(f"zcore {name}")]
    assert len(examples) >= 2
    run = {command for page in PAGES for _, command in commands(page)}  # by test_command
    for example in sorted(set(examples) - run):
        code = run_command(f"{example} --force" if "-o" in example else example, monkeypatch)
        assert code == 0, f"{example}\n{capsys.readouterr().err}"


def test_no_block_is_overlooked():
    """By a pattern that does not match, a block would go unread, and all would be well."""
    languages = ("python", "bash", "bibtex", "json", "text", "csv", "toml", "yaml", "console")
    for page in PAGES:
        begin = r"^ *```\w" if page.suffix == ".md" else r"^ *\.\. code-block::"
        n_blocks = len(re.findall(begin, page.read_text(encoding="utf-8"), re.M))
        assert sum(len(blocks(page, language)) for language in languages) == n_blocks, page


def test_every_reason_is_needed():
    """An exception that no command needs any more has to go."""
    printed = [command for page in PAGES for _, command in commands(page)]
    for start in NOT_RUN:
        assert any(command.startswith(start) for command in printed), start
    assert len(printed) > len(NOT_RUN)
    for page in {*GIVEN, *GOES_ON}:
        assert blocks(ROOT / page, "python"), page


def test_extras_exist():
    """The extras and files that commands of pip name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = []
    for page in PAGES:
        for code in [command for _, command in commands(page)] + literals(page):
            if "pip install" in code:
                named += re.findall(r"\[([\w,]+)\]", code)
                for file in re.findall(r"-c (\S+)", code):
                    assert (ROOT / file).is_file(), code
    assert named
    assert set(",".join(named).split(",")) <= set(project["optional-dependencies"])


# In one process for all, which imports once what they have in common.
ALL_HELP = """
import contextlib, io, json, runpy, sys
texts = {}
for path in sys.argv[1:]:
    sys.argv, out = [path, "--help"], io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        runpy.run_path(path, run_name="__main__")
    texts[path] = out.getvalue()
print(json.dumps(texts))
"""


@cache
def help_of_benchmarks():
    paths = sorted(f"benchmarks/{path.name}" for path in ROOT.glob("benchmarks/[!_]*.py"))
    command = [sys.executable, "-c", ALL_HELP, *paths]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@cache
def help_of_command(*words):
    with patch.object(sys, "argv", ["zcore", *words, "--help-all"]), StringIO() as out:
        with redirect_stdout(out), pytest.raises(SystemExit):
            main()
        return out.getvalue()


@pytest.mark.slow
def test_options_exist():
    """Whatever option of a benchmark or of the command a page names, in a block or in its text."""
    n_options = 0
    for page in PAGES:
        for code in [command for _, command in commands(page)] + literals(page):
            words = shlex.split(code)
            options = [word.partition("=")[0] for word in words if word.startswith("--")]
            if code.startswith("python benchmarks/"):
                known = help_of_benchmarks()[words[1]]
            elif code.startswith("zcore ") and options and words[1] != "COMMAND":
                group = words[1:3] if words[1] == "cache" else words[1:2]
                known = help_of_command(*group)
            else:
                continue
            for option in options:
                assert re.search(rf"{option}\b", known), f"{name_of(page)}: {code}"
            n_options += len(options)
    assert n_options > 20
