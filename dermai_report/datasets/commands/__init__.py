"""The subcommands of `dermai-data`: a file is a subcommand of the file's name.

A command's docstring is its help, `add_options(parser)` its options, and `run(options)` does it and returns the exit status.
Nothing heavy is imported before `run` is called, so that `dermai-data --help` answers at once.
"""
