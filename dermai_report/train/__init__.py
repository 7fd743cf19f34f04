"""What dermai-train does; the only folder that imports torch, and not in config.py, which is the command line."""
