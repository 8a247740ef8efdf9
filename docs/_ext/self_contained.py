"""No page asks another host for anything: checked at the end of every build.

A formula, a font or a script from elsewhere tells another host who reads what, and is missing
where there is no network. So whatever a browser loads by itself has to be among the files that
were built; links, which are followed when they are clicked, may lead anywhere.
"""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sphinx.util import logging

# What a browser loads by itself: attributes of tags, and url(...) and @import in style sheets.
_LOADED = {
    "script": ["src"],
    "img": ["src", "srcset"],
    "source": ["src", "srcset"],
    "iframe": ["src"],
    "video": ["src", "poster"],
    "audio": ["src"],
    "embed": ["src"],
    "object": ["data"],
    "use": ["href", "xlink:href"],
    "image": ["href", "xlink:href"],
}
# Links of the head that say something and load nothing.
_SAYS = {"canonical", "alternate", "author", "license", "index", "search", "next", "prev", "top"}
_IN_STYLE = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""")


class _Page(HTMLParser):
    """The addresses that a page loads."""

    def __init__(self):
        super().__init__()
        self.addresses = []
        self.in_style = False

    def handle_starttag(self, tag, attrs):
        """Take the addresses of one tag."""
        given = {name: value for name, value in attrs if value}
        if tag == "link" and not {*given.get("rel", "").lower().split()} <= _SAYS:
            self.addresses.append(given.get("href", ""))
        for name in _LOADED.get(tag, []):
            if name == "srcset":
                parts = given.get(name, "").split(",")
                self.addresses += [part.split()[0] for part in parts if part.strip()]
            else:
                self.addresses.append(given.get(name, ""))
        self.addresses += _of_style(given.get("style", ""))
        self.in_style = tag == "style"

    def handle_endtag(self, tag):
        """Leave a style sheet."""
        self.in_style = False

    def handle_data(self, data):
        """Take the addresses of a style sheet in the page."""
        if self.in_style:
            self.addresses += _of_style(data)


def _of_style(text):
    return [plain or imported for plain, imported in _IN_STYLE.findall(text)]


def troubles(folder):
    """Yield what pages and style sheets below a folder load from elsewhere, or from nowhere."""
    folder = Path(folder).resolve()
    # What the theme keeps among the style sheets with the name of a page is a template.
    pages = [path for path in folder.rglob("*.html") if "_static" not in path.parts]
    for path in sorted([*pages, *folder.rglob("*.css")]):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".css":
            addresses = _of_style(text)
        else:
            page = _Page()
            page.feed(text)
            addresses = page.addresses
        name = path.relative_to(folder).as_posix()
        for address in dict.fromkeys(addresses):
            parts = urlsplit(address.strip())
            if parts.scheme in ("data", "blob", "about") or not (parts.netloc or parts.path):
                continue
            if parts.scheme or parts.netloc:
                yield f"{name} loads {address} from another host"
            elif not (path.parent / unquote(parts.path)).is_file():
                yield f"{name} loads {address}, which is not there"


def check(app, exception):
    """Warn of each trouble in pages that were built."""
    if exception is None and app.builder.format == "html":
        for trouble in troubles(app.outdir):
            logging.getLogger(__name__).warning(trouble)


def setup(app):
    """Have Sphinx check what it has built."""
    # Last of all: other extensions write pages at this event, too.
    app.connect("build-finished", check, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
