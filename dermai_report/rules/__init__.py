"""One diagnosis a file, its docstring the manual.

`NEEDS`: what must be logged; `WORST`: the worst severity of its findings; `check(run) -> Iterator[Finding]`.
"""
