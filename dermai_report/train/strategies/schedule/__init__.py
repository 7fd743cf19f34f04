"""Courses of the learning rate: `factor(moment, config)`, a pure function, so a resumed run needs no saved state."""
