"""Logging a run from other training frameworks: one framework a file, each of them imports its own and no other.

    from dermai_report.integrations.keras import RunCallback

All of them take the RunWriter of the run, and log epochs, the outcome of every validation sample, and the predictions.
docs/integrations.md has a complete example of each.
"""
