"""The map of the package names what there is."""

import re

from tests.docs.pages import ROOT

MAP = ROOT / "docs" / "development" / "map.rst"


def test_every_folder_and_root_module_is_on_the_map():
    package = ROOT / "sklearn_zcore"
    folders = {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    modules = {path.stem for path in package.glob("_[!_]*.py")}
    named = set(re.findall(r"``(\w+/?)``", MAP.read_text(encoding="utf-8")))
    assert len(folders) >= 7
    assert folders | modules <= named


def test_files_on_the_map_exist():
    files = re.findall(r"``(\w+/\w+\.py)``", MAP.read_text(encoding="utf-8"))
    assert len(files) >= 5
    for file in files:
        assert (ROOT / "sklearn_zcore" / file).is_file(), file
