import sys
from pathlib import Path

from skrnn import __version__

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

import inventories  # noqa: E402  (found there)

project = "skrnn"
author = "The skrnn developers"
copyright = "2026, the skrnn developers"
version = release = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "inherited",
    "speed_table",
    "myst_parser",
    "numpydoc",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_ext", "_inventories", "generated/.*", "**/README.txt"]
templates_path = ["_templates"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}

default_role = "literal"  # docstrings set code in single backticks
autodoc_typehints = "none"  # numpydoc's Parameters sections state the types
numpydoc_show_class_members = False  # autosummary's class template lists them
intersphinx_mapping = inventories.mapping(HERE / "_build" / "inventories")
myst_heading_anchors = 3
# The changelog and the page on contributing also stand on GitHub, with links into the repository.
suppress_warnings = ["myst.xref_missing", "config.cache"]

sphinx_gallery_conf = {
    "examples_dirs": ["../examples"],
    "gallery_dirs": ["gallery"],
    "filename_pattern": r"\.py$",
    "abort_on_example_error": True,
    "parallel": 2,
    "reset_modules": ("matplotlib", "processes.spawn"),
    "download_all_examples": False,
    "remove_config_comments": True,
    "reference_url": {"skrnn": None},
    "doc_module": ("skrnn",),
    "backreferences_dir": "generated/backreferences",
    "write_computation_times": False,
    "within_subsection_order": "FileNameSortKey",
}

html_theme = "pydata_sphinx_theme"
html_title = f"skrnn {version}"
html_static_path = ["_static"]
html_css_files = ["skrnn.css"]
html_show_sourcelink = False
html_sidebars = {"quickstart": [], "changelog": []}  # pages without pages below them
html_theme_options = {
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "navigation_with_keys": False,
    "show_nav_level": 2,
    "header_links_before_dropdown": 6,
}
