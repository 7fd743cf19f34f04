"""The subcommands of `dermai-train`: a file is a subcommand of the file's name. Without one, a single run is trained.

A command's docstring is its help, `add_options(parser)` its own options beside those of a training, and `run(given, words)` does it:
`given` is what was chosen, by key, `words` the command line. Nothing heavy is imported before `run` is called.
"""
