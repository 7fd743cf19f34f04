"""audit.md: the audit for a review, folded where it is long."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dermai_report import __version__
from dermai_report.audit import Audit
from dermai_report.datasets.audit.view import view
from dermai_report.templating import environment

SUFFIX = ".md"


def render(audit: Audit, gallery: Mapping[str, str]) -> str:
    """The Markdown, which shows no pictures."""
    context = {"audit": audit, "view": view(audit), "version": __version__}
    text = environment("md").get_template("audit.md.j2").render(context)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
