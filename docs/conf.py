"""Configuration of Sphinx: python -m sphinx -W -b html docs docs/_build/html."""

import sklearn_zcore

project = "sklearn-zcore"
author = "The sklearn-zcore developers"
copyright = author
version = release = sklearn_zcore.__version__

templates_path = ["_templates"]
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "matplotlib.sphinxext.mathmpl",
    "matplotlib.sphinxext.plot_directive",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
default_role = "py:obj"

html_theme = "pydata_sphinx_theme"
html_title = "sklearn-zcore"
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": False}
html_sidebars = {"index": []}
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["sklearn-zcore.css"]

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc has them
numpydoc_show_class_members = False  # the template of a class lists them
numpydoc_xref_param_type = False

mathmpl_fontsize = 13.0
mathmpl_srcset = ["2x"]

plot_html_show_formats = False
plot_html_show_source_link = False
plot_include_source = True
plot_formats = [("png", 110)]

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "remove_config_comments": True,
    "min_reported_time": 1,
    "within_subsection_order": "FileNameSortKey",
}


def setup(app):
    """Draw formulas by matplotlib: they need no script from elsewhere."""
    from matplotlib.sphinxext.mathmpl import MathDirective, math_role

    app.add_role("math", math_role, override=True)
    app.add_directive("math", MathDirective, override=True)
