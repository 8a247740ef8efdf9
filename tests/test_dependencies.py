"""What the package imports is declared, and what it declares is pinned."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def normalised(name):
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", name)[0]).lower()


@pytest.fixture(scope="module")
def declared():
    """Return the distributions of every extra, those of the package itself under ''."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    return {group: {normalised(name) for name in names} for group, names in groups.items()}


def imports_of_the_package():
    """Return the top-level module of every import, also of those within functions."""
    modules = set()
    for path in (ROOT / "sklearn_zcore").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                modules.add(node.module.partition(".")[0])
    return modules - set(sys.stdlib_module_names) - {"sklearn_zcore"}


def test_what_is_imported_is_declared(declared):
    """A package that comes along with another one is gone when that no longer needs it."""
    known = set().union(*(declared[group] for group in declared if group not in ("test", "docs")))
    distributions = packages_distributions()
    modules = imports_of_the_package()
    assert {"numpy", "sklearn", "torch"} <= modules
    undeclared = {
        module
        for module in modules
        if not {normalised(name) for name in distributions.get(module, [])} & known
    }
    assert undeclared == set()


def test_what_is_declared_is_pinned(declared):
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {normalised(line) for line in lines if "==" in line}
    assert set().union(*declared.values()) - {"sklearn-zcore"} <= pinned
