"""One diagnosis a file: `NEEDS` (what must be logged), `check(run) -> Iterator[Finding]`; the docstring is its manual."""
