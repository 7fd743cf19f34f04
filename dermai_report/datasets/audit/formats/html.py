"""audit.html: one page in the language of the report, without script and network; without pictures, unless a gallery was asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from markupsafe import Markup, escape

from dermai_report import __version__
from dermai_report.audit import Audit
from dermai_report.datasets.audit.view import view
from dermai_report.templating import environment

SUFFIX = ".html"


def render(audit: Audit, gallery: Mapping[str, str]) -> str:
    """The page; `gallery` holds the pictures it shows, as data addresses by path."""
    shown = view(audit)
    pictures = {sample: Markup(escape(address)) for sample, address in gallery.items()}  # or they would be cut as long text
    context = {"audit": audit, "view": shown, "gallery": pictures, "version": __version__, "docs": {}}
    text = environment("html").get_template("audit.html.j2").render(context)
    return re.sub(r"\n\s*\n+|\n +(?=<)", "\n", text)
