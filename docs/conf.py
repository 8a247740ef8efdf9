"""Configuration of Sphinx: python -m sphinx -W -b html docs docs/_build/html."""

import sys
from pathlib import Path

import sklearn_zcore

sys.path.append(str(Path(__file__).parent / "_ext"))

project = "sklearn-zcore"
author = "The sklearn-zcore developers"
copyright = author
version = release = sklearn_zcore.__version__

templates_path = ["_templates"]
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "matplotlib.sphinxext.plot_directive",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "drawn_formulas",
    "number_columns",
    "self_contained",
]
exclude_patterns = ["_build"]
default_role = "py:obj"

html_theme = "pydata_sphinx_theme"
html_title = "sklearn-zcore"
html_theme_options = {
    "logo": {
        "text": "sklearn-zcore",
        "image_light": "_static/logo_light.svg",
        "image_dark": "_static/logo_dark.svg",
    },
    "header_links_before_dropdown": 6,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version", "theme-version"],
}
# Pages that stand alone have nothing to show beside them.
html_sidebars = {
    page: [] for page in ("index", "installation", "quick_start", "changelog", "citing", "search")
} | {"development/*": []}
html_favicon = "_static/favicon.svg"
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["sklearn-zcore.css"]

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc has them
numpydoc_show_class_members = False  # the template of a class lists them
numpydoc_xref_param_type = False
python_maximum_signature_line_length = 88  # beyond it, a parameter a line
toc_object_entries_show_parents = "hide"  # "fit", beside a page called after its class

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_selector = "div:not(.sphx-glr-script-out) > div.highlight > pre"

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
    # The page of a class or function shows the examples that use it.
    "backreferences_dir": "generated/examples",
    "doc_module": ("sklearn_zcore",),
    "download_all_examples": False,
    "remove_config_comments": True,
    "min_reported_time": 1,
    "thumbnail_size": (440, 310),
    "within_subsection_order": "FileNameSortKey",
    "write_computation_times": False,  # a page whose scripts come from elsewhere
}
