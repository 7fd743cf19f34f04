"""Classes set aside in DIR/.excluded and brought back, by renaming their folders; no file is copied or deleted.

record.py    what is written about a class that is set aside
contents.py  what is in a folder: counts, and a digest of names and sizes
journal.py   moves that are finished or undone, whenever the process dies
plan.py      what is to be moved, and why it may not be
"""
