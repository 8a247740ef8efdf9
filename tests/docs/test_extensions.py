"""What the documentation's own extensions see in pages."""

import importlib.util

import pytest
from docutils import nodes
from docutils.core import publish_doctree

from tests.docs.pages import ROOT


def extension(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / "_ext" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def site(tmp_path):
    """Return a folder with a page that has all it needs, and how to look for troubles."""
    (tmp_path / "_static").mkdir()
    for name in ("style.css", "script.js", "logo.svg", "font 1.woff2"):
        (tmp_path / "_static" / name).write_text("", encoding="utf-8")
    (tmp_path / "index.html").write_text(
        '<link rel="stylesheet" href="_static/style.css?digest=1"><link rel="next" href="no.html">'
        '<script src="_static/script.js"></script><img src="_static/logo.svg#mark">'
        '<img src="data:image/png;base64,AAAA"><a href="https://example.org">elsewhere</a>'
        '<style>@font-face {src: url("_static/font%201.woff2")}</style><script>"url(no)"</script>',
        encoding="utf-8",
    )
    return tmp_path


def test_a_page_that_has_all_it_needs(site):
    assert [*extension("self_contained").troubles(site)] == []


@pytest.mark.parametrize(
    "html",
    [
        '<script async src="https://example.org/a.js"></script>',
        '<script src="//example.org/a.js"></script>',
        '<link href="https://example.org/a.css" rel="stylesheet">',
        '<link rel="preconnect" href="https://example.org">',
        '<img alt="" src="https://example.org/a.png">',
        '<img src="_static/logo.svg" srcset="_static/logo.svg, https://example.org/a.png 2x">',
        '<iframe src="https://example.org"></iframe>',
        '<p style="background: url(https://example.org/a.png)">',
        "<style>@import 'https://example.org/a.css'</style>",
    ],
)
def test_a_page_that_asks_another_host(site, html):
    (site / "guide").mkdir()
    (site / "guide" / "page.html").write_text(html.replace("_static", "../_static"))
    (trouble,) = extension("self_contained").troubles(site)
    assert trouble.startswith("guide/page.html loads") and trouble.endswith("another host")


def test_a_style_sheet_whose_font_is_missing(site):
    (site / "_static" / "style.css").write_text("@font-face {src: url(no.woff2?v=1)}")
    (trouble,) = extension("self_contained").troubles(site)
    assert trouble == "_static/style.css loads no.woff2?v=1, which is not there"


def test_columns_of_numbers():
    page = publish_doctree(
        """
        .. list-table::
           :header-rows: 1

           * - rows
             - score
             - memory
             - note
           * - 100
             - 65.4 ± 6.4
             - 1,200 MB
             - 7
           * - 200
             - -4
             -
             - seven
        """
    )
    extension("number_columns").mark(None, page)
    marked = [entry.astext() for entry in page.findall(nodes.entry) if "number" in entry["classes"]]
    assert marked == ["score", "memory", "65.4 ± 6.4", "1,200 MB", "-4", ""]
