"""What can be shown: a document that saves itself as a file and shows itself in a notebook."""

from __future__ import annotations

from pathlib import Path

from dermai_report.report.record import Record


class Shown(Record, frozen=True, kw_only=True):
    """A document for the renderers. The two methods are the one place that points up to them, when they are called."""

    def save(self, path: str | Path, format: str | None = None) -> Path:
        """Render to a file; the format is that of the ending (.html, .md, .json) unless named. Returns the path."""
        from dermai_report.renderers import save

        return save(self, Path(path), format)

    def _repr_html_(self) -> str:
        from dermai_report.renderers.html import embedded

        return embedded(self)
