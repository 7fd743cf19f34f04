"""The data set of a training: where it comes from, how it is split, and what `dermai-data` does with its folders.

collections/  where pictures come from, one source a file
commands/     the subcommands of `dermai-data`, one a file
"""
