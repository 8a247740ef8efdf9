"""Columns of numbers are set flush right, as in print: the class ``number`` on their cells."""

import re

from docutils import nodes

# Numbers with a sign, a unit, a spread: "-4.0", "10,000", "595 MB", "65.4 ± 6.4", "2 %".
_NUMBER = re.compile(r"[-+−]?\d[\d,.]*( ± [\d.]+)?( ?(%|x|[kMG]?B|s))?")


def mark(app, doctree):
    """Mark each column whose cells below the head are all numbers, the first one excepted."""
    for group in doctree.findall(nodes.tgroup):
        head, body = ([*group.findall(part)] for part in (nodes.thead, nodes.tbody))
        rows = [row.children for part in body for row in part.findall(nodes.row)]
        # Cells that span others would shift the columns.
        if len({len(row) for row in rows}) != 1:
            continue
        for j in range(1, len(rows[0])):
            texts = [row[j].astext().strip() for row in rows]
            if any(texts) and all(not text or _NUMBER.fullmatch(text) for text in texts):
                titles = [row.children for part in head for row in part.findall(nodes.row)]
                for row in [*titles, *rows]:
                    row[j]["classes"].append("number")


def setup(app):
    """Have Sphinx mark the tables of every page that it reads."""
    app.connect("doctree-read", mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
