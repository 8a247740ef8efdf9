"""How the package hangs together: which package may know of which, and by which names.

Read from the source alone, so that imports within functions count, too.
"""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "sklearn_zcore"
NAME = ROOT.name
# From the algorithms to the command: a package may import those before it. Modules beside the
# packages, such as sklearn_zcore._budget, come first.
ORDER = [
    "rows",
    "scoring",
    "facility",
    "selection",
    "tables",
    "handover",
    "embedding",
    "compose",
    "inspection",
    "cli",
]
ROOT_MODULE = ""


def module_of(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


TREES = {
    module_of(path): ast.parse(path.read_text(encoding="utf-8"), str(path))
    for path in sorted(ROOT.rglob("*.py"))
}
PACKAGES = {module_of(path) for path in ROOT.rglob("__init__.py")}


def package_of(module):
    """Return the name of the package that a module is in; none for modules beside them."""
    parts = module.split(".")
    within = len(parts) > 2 or module in PACKAGES
    return parts[1] if len(parts) > 1 and within else ROOT_MODULE


def is_private(name):
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def for_types_only(tree):
    """Return what is imported for type checkers alone: at run time, it is no arrow."""
    return {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }


def imports(module, *, types=True):
    """Yield (line, module, name or None) of every import from the package."""
    tree = TREES[module]
    unreal = set() if types else for_types_only(tree)
    here = module.split(".") if module in PACKAGES else module.split(".")[:-1]
    for node in ast.walk(tree):
        if id(node) in unreal:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == NAME:
                    yield node.lineno, alias.name, None
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) + 1 - node.level] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            if source.split(".")[0] != NAME:
                continue
            for alias in node.names:
                whole = f"{source}.{alias.name}"
                yield node.lineno, *((whole, None) if whole in TREES else (source, alias.name))


def test_every_package_has_its_place():
    found = {package_of(module) for module in TREES} - {ROOT_MODULE}
    assert found == set(ORDER)


def test_arrows_point_from_the_command_to_the_algorithms():
    place = {ROOT_MODULE: -1, **{name: number for number, name in enumerate(ORDER)}}
    wrong = [
        f"{module}:{line} imports {target}"
        for module in TREES
        # What users import, and python -m, are doors into all of it.
        if module not in (NAME, f"{NAME}.__main__")
        for line, target, _ in imports(module)
        if place[package_of(target)] > place[package_of(module)]
    ]
    assert not wrong, "\n".join(wrong)


def test_no_private_name_is_imported_across_packages():
    wrong = []
    for module in TREES:
        for line, target, name in imports(module):
            there = package_of(target)
            if there in (ROOT_MODULE, package_of(module)):
                continue
            parts = target.split(".")[2:] + ([name] if name else [])
            if any(is_private(part) for part in parts):
                wrong.append(f"{module}:{line} imports {name or ''} from {target}")
    assert not wrong, "\n".join(wrong)


def test_no_circle_of_modules():
    graph = {
        module: {
            target
            for _, target, _ in imports(module, types=False)
            # A package that imports its own modules, and they each other, is no circle.
            if target != module and not (target in PACKAGES and module.startswith(f"{target}."))
        }
        for module in TREES
    }
    within = [
        f"{module}:{line} imports from its own package {target}"
        for module in TREES
        for line, target, name in imports(module, types=False)
        if name
        and target in PACKAGES
        and target != NAME
        and module.startswith(f"{target}.")
        and not module.endswith(".__main__")  # it is what imports, and nothing imports it
    ]
    assert not within, "\n".join(within)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def own_private_attributes():
    """Return the private attributes and methods that the classes of each package have."""
    found = {}
    for module, tree in TREES.items():
        for cls in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
            names = found.setdefault(package_of(module), set())
            for node in ast.walk(cls):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    names.add(node.name)
                elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                    names.add(node.attr)
            for node in cls.body:
                targets = node.targets if isinstance(node, ast.Assign) else []
                targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return {
        package: {name for name in names if is_private(name)} for package, names in found.items()
    }


def asked_of_others(tree):
    """Yield (line, name) of private attributes of anything but self, cls, super() and type()."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            if not is_own(node.value):
                yield node.lineno, node.attr
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            by_name = node.func.id in ("getattr", "hasattr", "setattr") and len(node.args) > 1
            if by_name and isinstance(node.args[1], ast.Constant) and not is_own(node.args[0]):
                if is_private(str(node.args[1].value)):
                    yield node.lineno, node.args[1].value


def is_own(owner):
    if isinstance(owner, ast.Call):
        return isinstance(owner.func, ast.Name) and owner.func.id in ("super", "type")
    return isinstance(owner, ast.Name) and owner.id in ("self", "cls")


def test_no_private_attribute_of_another_package_is_asked_for():
    own = own_private_attributes()
    wrong = []
    for module, tree in TREES.items():
        here = package_of(module)
        others = {
            name for package, names in own.items() if package != here for name in names
        } - own.get(here, set())
        wrong += [
            f"{module}:{n} asks for .{name}" for n, name in asked_of_others(tree) if name in others
        ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "check, module, source",
    [
        (test_every_package_has_its_place, "new._x", ""),
        (
            test_arrows_point_from_the_command_to_the_algorithms,
            "rows._x",
            "import sklearn_zcore.cli",
        ),
        (
            test_arrows_point_from_the_command_to_the_algorithms,
            "scoring._x",
            "def f():\n from sklearn_zcore import selection",
        ),
        (
            test_no_private_name_is_imported_across_packages,
            "cli._x",
            "from sklearn_zcore.rows._source import ArraySource",
        ),
        (
            test_no_private_name_is_imported_across_packages,
            "cli._x",
            "from ..rows import _source",
        ),
        (test_no_circle_of_modules, "rows._x", "from sklearn_zcore.rows import scan"),
        (test_no_circle_of_modules, "rows._x", "def f():\n from . import _x, _y"),
        (test_no_private_attribute_of_another_package_is_asked_for, "cli._x", "y._rank_rows(1)"),
        (
            test_no_private_attribute_of_another_package_is_asked_for,
            "cli._x",
            "getattr(y, '_rank_rows')",
        ),
    ],
)
def test_these_tests_can_fail(monkeypatch, check, module, source):
    monkeypatch.setitem(TREES, f"{NAME}.{module}", ast.parse(source))
    monkeypatch.setitem(TREES, f"{NAME}.rows._y", ast.parse("from . import _x"))
    with pytest.raises((AssertionError, pytest.fail.Exception), match=module.split(".")[0]):
        check()


BENCHMARKS = sorted((ROOT.parent / "benchmarks").rglob("*.py"))


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.name)
def test_benchmarks_use_public_names(path):
    wrong = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == NAME:
            names = [*node.module.split("."), *(alias.name for alias in node.names)]
            wrong += [f"{path.name}:{node.lineno} {name}" for name in names if is_private(name)]
    assert not wrong, "\n".join(wrong)
