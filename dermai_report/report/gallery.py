"""Pictures for a page that was asked for them; never part of a report's own data."""

from __future__ import annotations

from dermai_report.report.record import Record


class Picture(Record, frozen=True):
    """A misclassified image: its classes by name, how sure the model was of the wrong one, and a thumbnail as a data: URI."""

    sample: str
    true: str
    predicted: str
    confidence: float | None
    uri: str


class Gallery(Record, frozen=True):
    """The images that were misclassified most surely. wrong: how many there are; unread: of those tried, how many could not be read."""

    pictures: list[Picture]
    wrong: int
    unread: int
