"""Which layer groups are trained, phase by phase: `phases(groups)`, groups from the input to the output."""
