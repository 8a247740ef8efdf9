"""What keeps the command small: its size, its imports, and one declaration for an option."""

import ast
import io
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

import sklearn_zcore.cli
from sklearn_zcore.cli import _options
from sklearn_zcore.cli._command import Options

FOLDER = Path(sklearn_zcore.cli.__file__).parent
FILES = sorted(FOLDER.glob("*.py"))
_NO_CODE = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT),
    *(tokenize.ENCODING, tokenize.ENDMARKER),
}


def code_lines(text):
    """Return the number of lines that are neither blank, comment nor docstring."""
    docstrings = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            docstrings |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _NO_CODE:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - docstrings)


def test_how_lines_are_counted():
    text = (
        '"""Doc.\n\nMore."""\n\nx = 1  # one\n# none\n\n\ndef f():\n    """Doc."""\n    return [\n'
    )
    assert code_lines(text + "        1,\n    ]\n") == 5


def test_size():
    assert sum(code_lines(file.read_text("utf-8")) for file in FILES) < 2000
    assert max(len(file.read_text("utf-8").splitlines()) for file in FILES) <= 400


def imported(file):
    """Return the modules of the command that a module imports, also within its functions."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            found |= {node.module} if node.module else {alias.name for alias in node.names}
    return found


def test_no_circle_of_imports():
    arrows = {file.stem: imported(file) & {other.stem for other in FILES} for file in FILES}
    done = set()
    while arrows:
        free = {name for name, needed in arrows.items() if needed <= done}
        assert free, f"in a circle, or behind one: {arrows}"
        done |= free
        arrows = {name: needed for name, needed in arrows.items() if name not in free}


def declarations(file):
    """Return the fields of a file that are declared by ``opt``."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        call = node.value if isinstance(node, ast.AnnAssign) else None
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "opt":
            yield node.target.id


def test_every_option_is_declared_once():
    names = [name for file in FILES for name in declarations(file)]
    # An output is another thing for each command; the demo has a budget of its own.
    assert sorted(n for n in set(names) if names.count(n) > 1) == ["budget", "out"]
    assert len(names) > 40
    for file in FILES:
        if file.stem != "_command":
            assert "typer.Option(" not in file.read_text("utf-8").replace(VERSION, "")


VERSION = 'typer.Option(\n            "--version"'


def test_help_tells_of_every_option():
    groups = [g for g in vars(_options).values() if isinstance(g, type) and issubclass(g, Options)]
    for group in groups:
        for option in group.parameters():
            declaration = option.annotation.__metadata__[0]
            assert declaration.help.endswith("."), option
            alone = group.panel is None and option.name in ("budget", "force", "formulas")
            assert declaration.rich_help_panel or alone, option


@pytest.mark.slow
@pytest.mark.parametrize("module", ["sklearn_zcore", "sklearn_zcore.cli"])
def test_python_m(module):
    done = subprocess.run(
        [sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("zcore ")


def test_help_names_the_methods():
    from sklearn_zcore.selection import SELECTORS

    (option,) = [o for o in _options.SelectorOptions.parameters() if o.name == "method"]
    text = option.annotation.__metadata__[0].help
    for name in SELECTORS:
        assert name in text


DOCS = Path(sklearn_zcore.cli.__file__).parents[2] / "docs" / "user_guide" / "command.rst"


@pytest.mark.slow
def test_the_docs_tell_of_every_key(zcore, npy, tmp_path):
    import json

    import numpy as np

    text = DOCS.read_text("utf-8")
    labelled = tmp_path / "labelled.npz"
    np.savez(labelled, X=np.load(npy), y=np.arange(60) % 2)
    commands = [
        ("select", npy, "-b", 5, "-o", tmp_path / "o.npy", "--method", "zcore", "--n-iter", 2000),
        ("compare", labelled, "--key", "X", "-t", "y", "-b", 9, "--methods", "random"),
        ("cache", "info", "--cache-dir", tmp_path),
        ("cache", "clear", "--cache-dir", tmp_path),
        ("demo", "-b", "20"),
    ]
    for args in commands:
        for key in json.loads(zcore(*args, "--json").stdout):
            assert f"``{key}``" in text, (args[0], key)
