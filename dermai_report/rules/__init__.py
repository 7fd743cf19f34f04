"""One diagnosis a file, its docstring the manual.

`NEEDS`: what must be logged; `WORST`: the worst severity of its findings; `check(run) -> Iterator[Finding]`. Each finding names the
basis of its confidence, and "How sure" in the manual says which these are: counted, calibrated or judged.
"""
