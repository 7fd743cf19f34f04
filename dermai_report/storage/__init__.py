"""Runs, experiments and audits on disk: what each file of a run directory holds, how it is written so that nothing is lost, and read."""
