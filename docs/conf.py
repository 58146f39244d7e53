from types import FunctionType

from skrnn import __version__

project = "skrnn"
author = "The skrnn developers"
copyright = "2026, the skrnn developers"
version = release = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
]
exclude_patterns = ["_build", "generated/.*"]
templates_path = ["_templates"]

default_role = "literal"  # docstrings set code in single backticks
autodoc_typehints = "none"  # numpydoc's Parameters sections state the types
numpydoc_show_class_members = False  # autosummary's class template lists them

html_theme = "pydata_sphinx_theme"
html_title = f"skrnn {version}"
html_static_path = ["_static"]
html_show_sourcelink = False
html_theme_options = {"show_prev_next": False, "secondary_sidebar_items": ["page-toc"]}


def skip_inherited(app, what, name, obj, skip, options):
    """Leave out what comes from scikit-learn and sktime: their text links into their own pages."""
    function = getattr(obj, "fget", None) or getattr(obj, "__func__", obj)
    if isinstance(function, FunctionType) and not function.__module__.startswith("skrnn"):
        return True
    return None


def setup(app):
    app.connect("autodoc-skip-member", skip_inherited)
