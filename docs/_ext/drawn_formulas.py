"""Formulas are drawn by matplotlib when pages are built: they need no script from elsewhere.

Sphinx's role and directive ``math`` become those of matplotlib's extension, whose pictures get
their formula as a text for those who cannot see them.
"""

from html import escape

from matplotlib.sphinxext import mathmpl


def visit(translator, node):
    """Write the picture of a formula, and the formula as its text.

    A formula that a paragraph's lines break is one line again: matplotlib draws no line breaks.
    """
    node["latex"] = " ".join(node["latex"].split())
    picture = mathmpl.latex2html(node, translator.document.attributes["source"])
    text = escape(node["latex"].strip("$ "), quote=True)
    translator.body.append(picture.replace("<img ", f'<img alt="{text}" ', 1))


def depart(translator, node):
    """Nothing is left to be written."""


def setup(app):
    """Have Sphinx draw formulas."""
    app.setup_extension("matplotlib.sphinxext.mathmpl")
    app.add_node(mathmpl.latex_math, override=True, html=(visit, depart))
    app.add_role("math", mathmpl.math_role, override=True)
    app.add_directive("math", mathmpl.MathDirective, override=True)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
