"""Where the trials of an experiment run: a file is an engine that joblib can drive, of the file's name.

`workers(jobs, address)` is a context in which joblib.Parallel runs on that engine. The trials and their results are the same
everywhere: a trial follows from its configuration alone, the number of threads included.
"""
