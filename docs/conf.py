"""How Sphinx builds the documentation: `make docs` writes it to site/. Warnings are errors there."""

import dermai_report

project = "dermai-report"
author = "the dermai-report maintainers"
version = release = dermai_report.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["README.md"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
html_theme = "furo"
html_title = f"dermai-report {version}"
html_show_copyright = False
html_copy_source = False
